// Instruction sets that kernels are compiled for, and which of them this processor offers.
#pragma once

namespace overtone {

enum class Isa { automatic, baseline, avx2, avx512 };

// Throws std::invalid_argument when the processor lacks `isa`; resolves `automatic`.
Isa resolve(Isa isa);
bool is_supported(Isa isa);

}  // namespace overtone

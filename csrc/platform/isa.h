// Instruction sets that kernels are compiled for, and which of them this processor offers.
#pragma once

#include <string>

namespace overtone {

enum class Isa { automatic, baseline, avx2, avx512 };

// auto, baseline, avx2 or avx512; throws std::invalid_argument for any other name.
Isa isa_of(const std::string& name);
const char* name_of(Isa isa);

// Throws std::invalid_argument when the processor lacks `isa`; resolves `automatic`.
Isa resolve(Isa isa);
bool is_supported(Isa isa);

}  // namespace overtone

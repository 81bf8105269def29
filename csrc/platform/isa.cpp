#include "isa.h"

#include <initializer_list>
#include <stdexcept>

namespace overtone {

bool is_supported(Isa isa) {
#ifdef OVERTONE_X86
  if (isa == Isa::avx512)
    return is_supported(Isa::avx2) && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (isa == Isa::avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
#endif
  return isa == Isa::baseline || isa == Isa::automatic;
}

Isa resolve(Isa isa) {
  if (isa == Isa::automatic) {
    for (const Isa best : {Isa::avx512, Isa::avx2})
      if (is_supported(best)) return best;
    return Isa::baseline;
  }
  if (!is_supported(isa))
    throw std::invalid_argument("this processor does not offer the instruction set asked for");
  return isa;
}

}  // namespace overtone

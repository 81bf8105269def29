#include "isa.h"

#include <array>
#include <initializer_list>
#include <stdexcept>

namespace overtone {
namespace {

constexpr std::array<const char*, 4> kNames = {"auto", "baseline", "avx2", "avx512"};

}  // namespace

Isa isa_of(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<Isa>(i);
  throw std::invalid_argument("isa must be auto, baseline, avx2 or avx512, got " + name);
}

const char* name_of(Isa isa) { return kNames[static_cast<std::size_t>(isa)]; }

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
    throw std::invalid_argument(std::string("this processor does not offer ") + name_of(isa) +
                                "; use auto");
  return isa;
}

}  // namespace overtone

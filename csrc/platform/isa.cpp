#include "isa.h"

#include <array>
#include <initializer_list>
#include <stdexcept>

#ifdef OVERTONE_X86
#include <cpuid.h>
#endif

namespace overtone {
namespace {

constexpr std::array<const char*, 4> kNames = {"auto", "baseline", "avx2", "avx512"};

#ifdef OVERTONE_X86
// What the processor says of itself, and which registers the system saves for a program.
// __builtin_cpu_supports is not asked, because zig, which links the wheels, lets it deny
// everything.
struct Processor {
  unsigned leaf1_ecx = 0, leaf7_ebx = 0, saved = 0;

  Processor() {
    unsigned eax, ebx, edx, unused;
    if (!__get_cpuid(1, &eax, &ebx, &leaf1_ecx, &edx)) return;
    __get_cpuid_count(7, 0, &eax, &leaf7_ebx, &unused, &edx);
    if (leaf1_ecx >> 27 & 1) asm volatile("xgetbv" : "=a"(saved), "=d"(edx) : "c"(0));
  }

  bool avx2() const {  // also FMA and BMI2
    constexpr unsigned kSaved = 0x06, kLeaf7 = 1u << 5 | 1u << 8;
    return (saved & kSaved) == kSaved && leaf1_ecx >> 12 & 1 && (leaf7_ebx & kLeaf7) == kLeaf7;
  }

  bool avx512() const {  // F, DQ, CD, BW and VL
    constexpr unsigned kSaved = 0xe6;
    constexpr unsigned kLeaf7 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    return avx2() && (saved & kSaved) == kSaved && (leaf7_ebx & kLeaf7) == kLeaf7;
  }
};

const Processor& processor() {
  static const Processor found;
  return found;
}
#endif

}  // namespace

Isa isa_of(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<Isa>(i);
  throw std::invalid_argument("isa must be auto, baseline, avx2 or avx512, got " + name);
}

const char* name_of(Isa isa) { return kNames[static_cast<std::size_t>(isa)]; }

bool is_supported(Isa isa) {
#ifdef OVERTONE_X86
  if (isa == Isa::avx512) return processor().avx512();
  if (isa == Isa::avx2) return processor().avx2();
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

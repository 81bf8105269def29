// A small seeded generator (splitmix64): the same numbers on every machine.
#pragma once

#include <cstdint>

namespace overtone::fit {

inline uint64_t next_random(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

// In [0, 1), 24 bits.
inline float uniform(uint64_t* state) {
  return static_cast<float>(next_random(state) >> 40) * 0x1p-24f;
}

// In 0 .. bound - 1; the bias is below bound / 2^32.
inline uint32_t below(uint64_t* state, uint32_t bound) {
  return static_cast<uint32_t>(((next_random(state) >> 32) * bound) >> 32);
}

}  // namespace overtone::fit

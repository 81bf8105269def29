// The logistic function and its inverse, as tables of integers; no libm decides a bit.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "arithmetic.h"

namespace overtone::entropy {

// Logits are in 1/256, from -8 to 8, and probabilities in the tables in 1/4096.
inline constexpr int kLogitOne = 256;
inline constexpr int kMaxLogit = 2047;
inline constexpr int kTableSize = 4096;

struct LogisticTables {
  std::array<std::int16_t, kTableSize> stretch;  // ln(p / (1 - p)), p in 1/4096
  std::array<std::uint16_t, kTableSize> squash;  // its inverse, in 1/65536, see squash_of
  std::array<float, kTableSize + 1> cost_bits;   // -log2(p); encoder decisions only
  LogisticTables();
  int squash_of(std::int64_t logit) const {
    return squash[static_cast<std::size_t>(logit + kTableSize / 2)];
  }
};
inline const LogisticTables kLogistic;

inline LogisticTables::LogisticTables() {
  // 1 / (1 + exp(-x)) at x = -8 .. 8 in steps of 1/2, in 1/65536; these numbers are the format.
  constexpr int kStep = kLogitOne / 2;
  static constexpr int kKnots[33] = {22,    36,    60,    98,    162,   267,   440,   724,   1179,
                                     1921,  3108,  4971,  7812,  11952, 17625, 24743, 32768, 40793,
                                     47911, 53584, 57724, 60565, 62428, 63615, 64357, 64812, 65096,
                                     65269, 65374, 65438, 65476, 65500, 65514};
  for (int i = 0; i < kTableSize; ++i) {
    const int knot = std::min(i / kStep, 31);
    const int t = i - knot * kStep;
    const int value = (kKnots[knot] * (kStep - t) + kKnots[knot + 1] * t + kStep / 2) / kStep;
    squash[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(value);
  }
  int next = 0;
  for (int i = 0; i < kTableSize; ++i) {
    const int target = squash[static_cast<std::size_t>(i)] >> 4;
    for (; next <= target; ++next)
      stretch[static_cast<std::size_t>(next)] = static_cast<std::int16_t>(i - kTableSize / 2);
  }
  for (; next < kTableSize; ++next) stretch[static_cast<std::size_t>(next)] = kMaxLogit;
  for (int i = 0; i <= kTableSize; ++i) {
    cost_bits[static_cast<std::size_t>(i)] =
        -std::log2(std::max(static_cast<float>(i), 0.25f) / kTableSize);
  }
}

// What a bit costs, for an encoder that chooses.
inline float cost_bits(Probability p_one, int bit) {
  const Probability p = bit ? p_one : kProbabilityOne - p_one;
  return kLogistic.cost_bits[p >> 4];
}

}  // namespace overtone::entropy

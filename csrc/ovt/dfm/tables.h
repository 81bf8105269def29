// Integer frequency tables of quantised distributions, computed with integers only; the twin of
// src/overtone/entropy/tables.py, which says what they are.
#pragma once

#include <cstdint>
#include <vector>

namespace overtone::ovt::dfm {

inline constexpr int kNumScales = 48;
inline constexpr int kNumShapes = 3;  // Gaussian, Laplace, heavy
inline constexpr int kNumTables = kNumShapes * kNumScales;
inline constexpr int kTotalBits = 16;  // counts of a table sum to 2^16

// Frequencies of the levels -max_level .. max_level, then of the escape.
struct Table {
  std::vector<std::uint32_t> counts;
  int max_level = 0;
};

// The table called `index`, 0 <= index < kNumTables.
Table make_table(int index);

}  // namespace overtone::ovt::dfm

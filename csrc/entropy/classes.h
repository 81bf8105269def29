// Amounts sorted into a few classes, to be digits of contexts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace overtone::entropy {

// How many of the rising `ends` are at most x: 0 .. kCount.
template <std::size_t kCount>
constexpr int class_of(int x, const int (&ends)[kCount]) {
  int count = 0;
  for (const int end : ends) count += x >= end;
  return count;
}

template <std::size_t kCount>
constexpr int class_of(std::int64_t x, const int (&ends)[kCount]) {
  return class_of(static_cast<int>(std::min<std::int64_t>(x, INT32_MAX)), ends);
}

// 0 .. 2 kCount by magnitude and sign; kCount is zero.
template <std::size_t kCount>
constexpr int signed_class_of(std::int64_t x, const int (&ends)[kCount]) {
  const int magnitude = class_of(x < 0 ? -x : x, ends);
  return static_cast<int>(kCount) + (x < 0 ? -magnitude : magnitude);
}

// 0 for a negative number, 1 for zero, 2 for a positive one.
inline constexpr int kSigns = 3;
inline constexpr int kNoSign = 1;
constexpr int sign_of(int x) { return x > 0 ? 2 : x < 0 ? 0 : kNoSign; }

}  // namespace overtone::entropy

// One coefficient: its contexts, and its bits: zero flag, sign, magnitude.
#pragma once

#include "models.h"

namespace overtone::sparse_dct {

// What is known around a coefficient, as digits of contexts.
struct CausalNeighbourhood {
  int kind, k, group;
  int same, own, near_blocks, predicted, combined;  // sizes
  int expected;                                     // signed, 1/16 levels
  int run, nonzero;
  int west, north, west_sign, north_sign, parent_u, parent_v, parent_uv;
  int other_size, other_sign, luma_size, regressed;
};

inline Query zero_query(Models& models, const CausalNeighbourhood& s) {
  return ZeroSyntax::query(models.zero, at(s.kind, s.k), at(s.kind, s.regressed),
                           at(s.kind, s.k, s.same), at(s.kind, s.k, s.own),
                           at(s.kind, s.k, s.near_blocks), at(s.kind, s.k, s.predicted),
                           at(s.kind, s.group, s.run, s.nonzero),
                           at(s.kind, s.group, std::min(s.parent_u, 3), std::min(s.parent_v, 3),
                              std::min(s.parent_uv, 2), std::min(s.west, 2), std::min(s.north, 2)),
                           at(s.kind, s.same, s.own, s.near_blocks),
                           at(s.kind, s.k, s.luma_size, std::min(s.other_size, 2)),
                           at(s.kind, s.group, s.combined), at(s.kind, s.k, s.regressed));
}

inline Query sign_query(Models& models, const CausalNeighbourhood& s) {
  constexpr int kLowBands = 6;
  const int p = signed_class(s.expected);
  return SignSyntax::query(models.sign, at(s.kind, s.group), at(s.kind, p), at(s.kind, s.k, p),
                           at(s.kind, p, s.west_sign, s.north_sign),
                           at(s.kind, s.k, s.west_sign, s.north_sign),
                           at(s.kind, s.group, s.other_sign, s.west_sign, s.north_sign),
                           at(s.kind, s.k >= kLowBands, p, s.same));
}

// Whether the magnitude exceeds m >= 1, its sign being known.
inline Query magnitude_query(Models& models, const CausalNeighbourhood& s, int m, bool negative) {
  const int flag = std::min(m, kFlags) - 1;
  const int towards = negative ? -s.expected : s.expected;  // 1/16 levels
  const int rounded = (towards + 8 * (towards > 0)) >> 4;
  const int ahead = std::clamp(rounded - m, -kMostAhead, kMostAhead) + kMostAhead;
  return MagnitudeSyntax::query(
      models.magnitude, at(s.kind, flag, s.group), at(s.kind, ahead), at(s.kind, flag, s.k),
      at(s.kind, flag, s.same, s.group), at(s.kind, flag, s.own, s.group),
      at(s.kind, flag, s.near_blocks, s.group), at(s.kind, flag, signed_class(towards), s.group),
      at(s.kind, flag, std::min(s.west, 7), std::min(s.north, 7), std::min(s.other_size, 3)),
      at(s.kind, flag, s.combined), at(s.kind, ahead, s.group),
      at(s.kind, std::min(m, kLimits.unary) - 1, s.regressed));
}

// `bits(query, bit)` codes one bit and returns it; a decoder ignores its argument.
template <class Bits>
int code_level(Bits& bits, Models& models, const CausalNeighbourhood& s, int level) {
  if (!bits(zero_query(models, s), level != 0)) return 0;
  const bool negative = bits(sign_query(models, s), level < 0) != 0;
  const int magnitude =
      EscapeSyntax::code_magnitude(bits, models.escape, std::abs(level),
                                   [&](int m) { return magnitude_query(models, s, m, negative); });
  return negative ? -magnitude : magnitude;
}

}  // namespace overtone::sparse_dct

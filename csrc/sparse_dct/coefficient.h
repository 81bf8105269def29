// One coefficient: its contexts, and its bits: zero flag, sign, magnitude.
#pragma once

#include "entropy/bits.h"
#include "models.h"

namespace overtone::sparse_dct {

// What is known around a coefficient, as classes.
struct CausalNeighbourhood {
  int kind, k, group;
  int same, own, near_blocks, predicted, combined;  // sizes
  int expected;                                     // signed, 1/16 levels
  int run, nonzero;
  int west, north, west_sign, north_sign, parent_u, parent_v, parent_uv;
  int other_size, other_sign, luma_size, regressed;
};

inline int sign_of(int x) { return x > 0 ? 2 : x < 0 ? 0 : 1; }

inline std::uint32_t index_of(std::initializer_list<std::pair<int, int>> digits) {
  int index = 0;
  for (const auto& [digit, base] : digits) index = index * base + digit;
  return static_cast<std::uint32_t>(index);
}

inline Query zero_query(Models& models, const CausalNeighbourhood& s) {
  Query q;
  q.element = &models.zero;
  q.context[0] = index_of({{s.kind, 3}, {s.k, kBands}, {s.same, 16}});
  q.context[1] = index_of({{s.kind, 3}, {s.k, kBands}, {s.own, 16}});
  q.context[2] = index_of({{s.kind, 3}, {s.k, kBands}, {s.near_blocks, 16}});
  q.context[3] = index_of({{s.kind, 3}, {s.k, kBands}, {s.predicted, 16}});
  q.context[4] = index_of({{s.kind, 3}, {s.group, kBandClasses}, {s.run, 16}, {s.nonzero, 8}});
  q.context[5] = index_of({{s.kind, 3},
                           {s.group, kBandClasses},
                           {std::min(s.parent_u, 3), 4},
                           {std::min(s.parent_v, 3), 4},
                           {std::min(s.parent_uv, 2), 3},
                           {std::min(s.west, 2), 3},
                           {std::min(s.north, 2), 3}});
  q.context[6] = index_of({{s.kind, 3}, {s.same, 16}, {s.own, 16}, {s.near_blocks, 16}});
  q.context[7] =
      index_of({{s.kind, 3}, {s.k, kBands}, {s.luma_size, 16}, {std::min(s.other_size, 2), 3}});
  q.context[8] = index_of({{s.kind, 3}, {s.group, kBandClasses}, {s.combined, 64}});
  q.context[9] = index_of({{s.kind, 3}, {s.k, kBands}, {s.regressed, 64}});
  q.selector0 = s.kind * kBands + s.k;
  q.selector1 = s.kind * 64 + s.regressed;
  return q;
}

inline Query sign_query(Models& models, const CausalNeighbourhood& s) {
  Query q;
  q.element = &models.sign;
  const int p = signed_class(s.expected);
  q.context[0] = index_of({{s.kind, 3}, {s.k, kBands}, {p, kSignedClasses}});
  q.context[1] = index_of({{s.kind, 3}, {p, kSignedClasses}, {s.west_sign, 3}, {s.north_sign, 3}});
  q.context[2] = index_of({{s.kind, 3}, {s.k, kBands}, {s.west_sign, 3}, {s.north_sign, 3}});
  q.context[3] = index_of({{s.kind, 3},
                           {s.group, kBandClasses},
                           {s.other_sign, 3},
                           {s.west_sign, 3},
                           {s.north_sign, 3}});
  q.context[4] = index_of({{s.kind, 3}, {s.k > 5, 2}, {p, kSignedClasses}, {s.same, 16}});
  q.selector0 = s.kind * kBandClasses + s.group;
  q.selector1 = s.kind * kSignedClasses + p;
  return q;
}

// Whether the magnitude exceeds m >= 1, its sign being known.
inline Query magnitude_query(Models& models, const CausalNeighbourhood& s, int m, bool negative) {
  Query q;
  q.element = &models.magnitude;
  const int unary = std::min(m - 1, kUnaryClasses - 1);
  const int towards = negative ? -s.expected : s.expected;  // 1/16 levels
  const int ahead = std::clamp(((towards + 8 * (towards > 0)) >> 4) - m, -20, 20) + 20;
  q.context[0] = index_of({{s.kind, 3}, {unary, 10}, {s.k, kBands}});
  q.context[1] = index_of({{s.kind, 3}, {unary, 10}, {s.same, 16}, {s.group, kBandClasses}});
  q.context[2] = index_of({{s.kind, 3}, {unary, 10}, {s.own, 16}, {s.group, kBandClasses}});
  q.context[3] = index_of({{s.kind, 3}, {unary, 10}, {s.near_blocks, 16}, {s.group, kBandClasses}});
  q.context[4] = index_of(
      {{s.kind, 3}, {unary, 10}, {signed_class(towards), kSignedClasses}, {s.group, kBandClasses}});
  q.context[5] = index_of({{s.kind, 3},
                           {unary, 10},
                           {std::min(s.west, 7), 8},
                           {std::min(s.north, 7), 8},
                           {std::min(s.other_size, 3), 4}});
  q.context[6] = index_of({{s.kind, 3}, {unary, 10}, {s.combined, 64}});
  q.context[7] = index_of({{s.kind, 3}, {ahead, 41}, {s.group, kBandClasses}});
  q.context[8] =
      index_of({{s.kind, 3}, {std::min(m - 1, kUnaryLevels - 1), kUnaryLevels}, {s.regressed, 64}});
  q.selector0 = (s.kind * kUnaryClasses + unary) * kBandClasses + s.group;
  q.selector1 = s.kind * 41 + ahead;
  return q;
}

// `bits(query, bit)` codes one bit and returns it; a decoder ignores its argument.
template <class Bits>
int code_level(Bits& bits, Models& models, const CausalNeighbourhood& s, int level) {
  if (!bits(zero_query(models, s), level != 0)) return 0;
  const bool negative = bits(sign_query(models, s), level < 0) != 0;
  const int magnitude = std::abs(level);
  int m = 1;
  while (m < kUnaryLevels && bits(magnitude_query(models, s, m, negative), magnitude > m)) ++m;
  if (m == kUnaryLevels) {
    m = std::min(m + code_escape(bits, models.escape, kMaxEscapeBits, magnitude - m), kMaxLevel);
  }
  return negative ? -m : m;
}

}  // namespace overtone::sparse_dct

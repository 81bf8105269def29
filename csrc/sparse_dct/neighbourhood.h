// The causal neighbourhood of a coefficient: what both ends know before it is coded.
#pragma once

#include "coefficient.h"

namespace overtone::sparse_dct {

// Energy of luma where a chroma block is.
inline std::int32_t luma_energy(const Components& components, const Component& own,
                                std::ptrdiff_t here) {
  if (own.kind == Kind::luma) return 0;
  const Component& luma = components[0];
  const std::ptrdiff_t row = here / own.stride() - kBorder, column = here % own.stride() - kBorder;
  const int down = luma.height > own.height ? 2 : 1, across = luma.width > own.width ? 2 : 1;
  std::int64_t sum = 0;
  for (int i = 0; i < down; ++i) {
    for (int j = 0; j < across; ++j) {
      const auto y = std::min<std::ptrdiff_t>(row * down + i, luma.height - 1);
      const auto x = std::min<std::ptrdiff_t>(column * across + j, luma.width - 1);
      sum += luma.energy_at(luma.at(static_cast<int>(y), static_cast<int>(x)));
    }
  }
  return static_cast<std::int32_t>(sum / (16 * down * across));
}

// The same band in the blocks before. Returns the magnitudes around, weighted.
inline int add_same_band(CausalNeighbourhood& s, const Level* here, std::ptrdiff_t stride) {
  const int west = here[-1], north = here[-stride];
  const int north_west = here[-stride - 1], north_east = here[-stride + 1];
  if (s.k == 0) {
    // Constant components are large everywhere; it is their differences that tell.
    s.west = s.north = 0;
    s.west_sign = s.north_sign = kNoSign;
    return 4 * (std::abs(west - north_west) + std::abs(north - north_west) +
                std::abs(north - north_east));
  }
  s.west = std::abs(west);
  s.north = std::abs(north);
  s.west_sign = sign_of(west);
  s.north_sign = sign_of(north);
  return 4 * (s.west + s.north) + 2 * (std::abs(north_west) + std::abs(north_east)) +
         std::abs(here[-2]) + std::abs(here[-2 * stride]);
}

// Lower bands of the same block.
inline void add_lower_bands(CausalNeighbourhood& s, const Component& own, std::ptrdiff_t here) {
  static constexpr int kNonzeroEnds[kNonzeros - 1] = {1, 2, 3, 4, 6, 10, 18};
  const int u = kZigzag.u[s.k], v = kZigzag.v[s.k];
  const auto parent = [&](int row, int column) {
    if (row < 0 || column < 0) return 0;
    const int b = kZigzag.number[row][column];
    return b == 0 ? 0 : std::abs(own.amplitude(b, here)) / own.q_table[s.k];
  };
  s.parent_u = parent(v, u - 1);
  s.parent_v = parent(v - 1, u);
  s.parent_uv = parent(v - 1, u - 1);
  int run = 0, nonzero = 0;
  for (int b = s.k - 1; b >= 1; --b) {
    if (own.band(b)[here] != 0)
      ++nonzero;
    else if (nonzero == 0)
      ++run;
  }
  s.run = std::min(run, kRuns - 1);
  s.nonzero = class_of(nonzero, kNonzeroEnds);
}

// `expected` is the level forecast, in 1/16; `size` the magnitude forecast, an amplitude.
inline CausalNeighbourhood neighbourhood_of(const Components& components, int c, int k,
                                            std::ptrdiff_t here, int expected, std::int32_t size,
                                            std::int32_t luma) {
  const Component& own = components[c];
  const std::ptrdiff_t stride = own.stride();
  const std::int32_t step = own.q_table[k];
  CausalNeighbourhood s{};
  s.kind = static_cast<int>(own.kind);
  s.k = k;
  s.group = band_class(k);
  const int around = add_same_band(s, own.band(k) + here, stride);
  add_lower_bands(s, own, here);
  const auto energy = [&](std::ptrdiff_t d) { return std::int64_t{own.energy_at(here + d)}; };
  const std::int64_t own16 = energy(0) * 2 / step;
  const std::int64_t near16 =
      (energy(-1) + energy(1) + energy(-stride) + energy(stride)) / (2 * step);
  const std::int64_t expected_size = std::abs(std::int64_t{expected});
  s.expected = expected;
  s.predicted = size_class(expected_size);
  s.same = size_class(around);
  s.own = size_class(own16);
  s.near_blocks = size_class(near16);
  s.other_sign = kNoSign;
  if (own.kind == Kind::second_chroma) {
    const Level other = components[c - 1].band(k)[here];
    s.other_size = std::abs(other);
    s.other_sign = sign_of(other);
  }
  if (own.kind != Kind::luma) s.luma_size = size_class(std::int64_t{luma * 16 / step});
  s.combined = fine_class(3 * around + 2 * own16 + near16 + 2 * expected_size + 16 * s.other_size);
  s.regressed = fine_class(std::int64_t{size} * 32 / step);
  return s;
}

}  // namespace overtone::sparse_dct

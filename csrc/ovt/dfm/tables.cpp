#include "tables.h"

#include <algorithm>
#include <numeric>

#include "ratios.h"

namespace overtone::ovt::dfm {
namespace {

__extension__ typedef unsigned __int128 Wide;  // values scaled by 2^64, and their products
using Masses = std::vector<Wide>;              // of the magnitudes 0, 1, ...

constexpr std::size_t kMaxTableLevel = 4095;
constexpr int kHeavyOffset = 5;  // scales to each side of the two Laplace parts of "heavy"
constexpr Wide kOne = Wide{1} << 64;

// Values from `first` on until they fall below 2^-14 of one or levels end.
template <class Following>
Masses until_small(Wide first, Following following) {
  Masses values{first};
  while (values.size() < kMaxTableLevel && values.back() > kOne >> 14)
    values.push_back(following(values.back()));
  return values;
}

// The tail mass of |x| > k - 1/2 is r^(2k - 1).
Masses laplace(int scale) {
  const Wide ratio = kLaplaceRatios[scale];
  const Wide square = ratio * ratio >> 64;
  const auto next = [&](Wide tail) { return tail * square >> 64; };
  Masses tails = until_small(ratio, next);
  tails.push_back(next(tails.back()));
  Masses masses{kOne - ratio};
  for (std::size_t k = 0; k + 1 < tails.size(); ++k)
    masses.push_back((tails[k] - tails[k + 1]) / 2);
  return masses;
}

// r^(k^2), by the ratio r^(2k + 1) of neighbours.
Masses gaussian(int scale) {
  const Wide ratio = kGaussianRatios[scale];
  const Wide square = ratio * ratio >> 64;
  Wide step = ratio;
  Masses masses = until_small(ratio, [&](Wide mass) {
    step = step * square >> 64;
    return mass * step >> 64;
  });
  masses.insert(masses.begin(), kOne);
  return masses;
}

Masses heavy(int scale) {
  const Masses narrow = laplace(std::max(scale - kHeavyOffset, 0));
  Masses wide = laplace(std::min(scale + kHeavyOffset, kNumScales - 1));
  for (std::size_t k = 0; k < narrow.size(); ++k) wide[k] += narrow[k];
  return wide;
}

// Counts in proportion to the masses, each at least 1, the rest given to zero.
Table normalised(const Masses& masses) {
  Masses both(masses.rbegin(), masses.rend() - 1);
  both.insert(both.end(), masses.begin(), masses.end());
  const Wide total = std::accumulate(both.begin(), both.end(), Wide{0});
  const auto spare = (std::uint32_t{1} << kTotalBits) - static_cast<std::uint32_t>(both.size()) - 1;
  Table table;
  table.max_level = static_cast<int>(masses.size()) - 1;
  for (const Wide mass : both)
    table.counts.push_back(1 + static_cast<std::uint32_t>(mass * spare / total));
  table.counts.push_back(1);
  const std::uint32_t sum = std::accumulate(table.counts.begin(), table.counts.end(), 0u);
  table.counts[static_cast<std::size_t>(table.max_level)] += (std::uint32_t{1} << kTotalBits) - sum;
  return table;
}

}  // namespace

Table make_table(int index) {
  const int scale = index % kNumScales;
  switch (index / kNumScales) {
    case 0:
      return normalised(gaussian(scale));
    case 1:
      return normalised(laplace(scale));
    default:
      return normalised(heavy(scale));
  }
}

}  // namespace overtone::ovt::dfm

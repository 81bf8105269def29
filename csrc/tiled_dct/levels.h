// The syntax of one tile's quantised coefficients, written once for both directions.
//
// Order: for each channel, the last-significant class (how many anti-diagonals are coded), then the
// coefficients diagonal by diagonal from low to high frequency; each is a zero flag, a
// magnitude and a sign. All contexts come from integers already coded.
#pragma once

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "boundary.h"
#include "entropy/mixing.h"

namespace overtone::tiled_dct {

using namespace overtone::entropy;

constexpr int kMinLog2 = 3;  // tiles of 8 ...
constexpr int kMaxLog2 = 6;  // ... to 64 pixels
constexpr int kSizes = kMaxLog2 - kMinLog2 + 1;
constexpr int kMaxTile = 1 << kMaxLog2;
constexpr int kBands = 8;  // a tile's spectrum summarised for its neighbours
constexpr int kMaxChannels = 4;
constexpr int kUnaryLevels = 14;  // magnitudes coded one flag at a time
constexpr int kMaxEscapeBits = 14;
constexpr int kMaxLevel = 32000;

using Level = std::int16_t;

// Allowed numbers of coded anti-diagonals, fine at low frequency.
constexpr int kDiagonals[] = {0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86, 127};
constexpr int kNumLastClasses = 16;

inline int num_last_classes(int log2n) {
  const int diagonals = 2 * (1 << log2n) - 1;
  int count = 0;
  while (count < kNumLastClasses && kDiagonals[count] < diagonals) ++count;
  return count + 1;  // the last class always covers the whole tile
}
inline int diagonals_of_class(int last_class, int log2n) {
  const int diagonals = 2 * (1 << log2n) - 1;
  return std::min(kDiagonals[last_class], diagonals);
}

// What later tiles see of a tile: sums of magnitudes per normalised band, in 1/16.
struct Profile {
  std::uint16_t band[kMaxChannels][kBands][kBands];
  std::uint8_t last_class[kMaxChannels];  // on the scale of a 64-pixel tile
  std::uint8_t log2n;
};

struct TileContext {
  int log2n;
  int num_channels;
  const Profile* left;  // null at the picture's edge
  const Profile* above;
};

namespace detail {

inline constexpr auto kFrequencyClass = [] {
  std::array<std::uint8_t, kMaxTile> table{};
  for (int u = 0; u < kMaxTile; ++u) {
    table[static_cast<std::size_t>(u)] = static_cast<std::uint8_t>(u < 4    ? u
                                                                   : u < 6  ? 4
                                                                   : u < 8  ? 5
                                                                   : u < 12 ? 6
                                                                   : u < 16 ? 7
                                                                   : u < 24 ? 8
                                                                   : u < 32 ? 9
                                                                   : u < 48 ? 10
                                                                            : 11);
  }
  return table;
}();

inline int class12(int x) {  // 0..11
  return x < 5    ? x
         : x < 7  ? 5
         : x < 9  ? 6
         : x < 12 ? 7
         : x < 16 ? 8
         : x < 23 ? 9
         : x < 32 ? 10
                  : 11;
}
inline int class10(int x) {  // of 1/16 magnitudes
  return x < 1     ? 0
         : x < 3   ? 1
         : x < 6   ? 2
         : x < 11  ? 3
         : x < 18  ? 4
         : x < 30  ? 5
         : x < 50  ? 6
         : x < 90  ? 7
         : x < 180 ? 8
                   : 9;
}
inline int class8(int x) { return x < 3 ? x : x < 5 ? 3 : x < 8 ? 4 : x < 13 ? 5 : x < 24 ? 6 : 7; }
inline int diagonal_class(int d) {  // 0..11
  return d < 4    ? d
         : d < 6  ? 4
         : d < 8  ? 5
         : d < 12 ? 6
         : d < 18 ? 7
         : d < 26 ? 8
         : d < 40 ? 9
         : d < 64 ? 10
                  : 11;
}

}  // namespace detail

// Every adaptive model of the stream; a fresh one at each end.
struct Model {
  Element zero{{3 * 4 * 12 * 12, 3 * 4 * 12 * 10, 3 * 4 * 4 * 3 * 3 * 12, 3 * 8 * 12 * 12,
                3 * 4 * 10 * 12, 3 * 8 * 12 * 4, 3 * 24 * 12, 3 * 12 * 12 * 10, 3 * 7 * 7 * 12},
               3 * 4 * 12,
               3 * 12};
  Element sign{
      {3 * 13 * 13, 3 * 13 * 8 * 4, 3 * 13 * 8 * 4, 3 * 3 * 3 * 9, 3 * 13 * 13 * 4}, 3 * 4, 13};
  Element magnitude{{3 * 8 * 4 * 12, 3 * 8 * 12, 3 * 8 * 10, 3 * 8 * 8, 3 * 8 * 8 * 4,
                     3 * 8 * 8 * 8, 3 * 8 * 7 * 7},
                    3 * 8,
                    12};
  Element last{{3 * 4 * 32, 3 * 32 * 32, 3 * 32 * 32, 3 * 32 * 32, 3 * 64 * 2}, 3 * 4, 3};
  Element split{{4 * 9, 4 * 16, 4}, 4, 1};
  Element escape{{32, 32}, 1, 1};

  std::array<Element*, 6> elements() { return {&zero, &sign, &magnitude, &last, &split, &escape}; }
  Model() = default;
  // Throws std::invalid_argument when the prior is of another model.
  explicit Model(Prior prior);
};

inline Model::Model(Prior prior) {
  std::size_t num_counters = 0, num_weights = 0;
  for (Element* element : elements()) {
    num_counters += element->counters.size();
    num_weights += element->weights[0].size() + element->weights[1].size();
  }
  if (num_counters != prior.num_counters || num_weights != prior.num_weights) {
    throw std::invalid_argument("the stored prior is of another version of the model");
  }
  for (Element* element : elements()) element->start_from(prior);
}

// A tile's levels inside a padded square, so that contexts need no bounds checks.
struct LevelBlock {
  static constexpr int kStride = kMaxTile + 5;
  std::int32_t magnitude[kStride * kStride];  // two rows and columns of zeros before
  Level level[kMaxTile * kMaxTile];
  void clear_magnitudes(int n) {
    for (int v = 0; v < n + 5; ++v) {
      std::memset(magnitude + v * kStride, 0,
                  sizeof(std::int32_t) * static_cast<std::size_t>(n + 5));
    }
  }
  void clear(int n) {
    clear_magnitudes(n);
    std::memset(level, 0, sizeof(Level) * static_cast<std::size_t>(n * n));
  }
  std::int32_t* at(int u, int v) { return magnitude + (v + 2) * kStride + u + 2; }
  const std::int32_t* at(int u, int v) const { return magnitude + (v + 2) * kStride + u + 2; }
};

// Mean magnitude on the last two diagonals, in 1/8.
struct DiagonalEnergy {
  int sum[2] = {0, 0}, count[2] = {0, 0};
  void push(int s, int n) {
    sum[0] = sum[1];
    count[0] = count[1];
    sum[1] = s;
    count[1] = n;
  }
  int class_input() const {
    const int n = count[0] + count[1];
    return n == 0 ? 0 : 8 * (sum[0] + sum[1]) / n;
  }
};

// The last-significant class in unary, each step a bit in its own context.
template <class Bits>
int code_last_class(Bits& bits, Model& model, const TileContext& tile, int channel, int last_class,
                    int previous_class) {
  const int shape = channel == 3 ? 0 : channel;
  const int size = tile.log2n - kMinLog2;
  const int left = tile.left ? tile.left->last_class[channel] : 0;
  const int above = tile.above ? tile.above->last_class[channel] : 0;
  const int count = num_last_classes(tile.log2n);
  int i = 0;
  while (i + 1 < count) {
    Query q;
    q.element = &model.last;
    const auto u = [](int x) { return static_cast<std::uint32_t>(x); };
    q.context[0] = u((shape * 4 + size) * 32 + i);
    q.context[1] = u((shape * 32 + i) * 32 + left);
    q.context[2] = u((shape * 32 + i) * 32 + above);
    q.context[3] = u((shape * 32 + i) * 32 + previous_class);
    q.context[4] = u((shape * 64 + std::clamp(2 * i - left - above + 32, 0, 63)) * 2 + (size > 1));
    q.selector0 = shape * 4 + size;
    q.selector1 = shape;
    if (!bits(q, last_class > i)) break;
    ++i;
  }
  return i;
}

template <class Bits>
int code_split(Bits& bits, Model& model, int log2n, const Profile* left, const Profile* above,
               int split) {
  const int l = left ? left->log2n - kMinLog2 + 1 : 0;
  const int a = above ? above->log2n - kMinLog2 + 1 : 0;
  Query q;
  q.element = &model.split;
  const int size = log2n - kMinLog2;
  const auto u = [](int x) { return static_cast<std::uint32_t>(x); };
  q.context[0] = u(size * 9 + l + a);
  q.context[1] = u(size * 16 + std::min(l, 3) * 4 + std::min(a, 3));
  q.context[2] = u(size);
  q.selector0 = size;
  q.selector1 = 0;
  return bits(q, split);
}

}  // namespace overtone::tiled_dct

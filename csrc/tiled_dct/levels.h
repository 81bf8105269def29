// Sizes of tiles, the quantised coefficients (levels) of one, and what later tiles see of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace overtone::tiled_dct {

// Numbers of the format.
inline constexpr int kMinLog2 = 3;  // tiles of 8 ...
inline constexpr int kMaxLog2 = 6;  // ... to 64 pixels
inline constexpr int kSizes = kMaxLog2 - kMinLog2 + 1;
inline constexpr int kMinTile = 1 << kMinLog2;
inline constexpr int kMaxTile = 1 << kMaxLog2;
inline constexpr int kMaxChannels = 4;
inline constexpr int kMaxLevel = 32000;
inline constexpr int kBands = 8;  // along each axis: a tile's spectrum summarised for later tiles

using Level = std::int16_t;

// Coded anti-diagonals of each last-significant class, fine at low frequency.
inline constexpr int kDiagonals[] = {0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86, 127};
inline constexpr int kNumLastClasses = 16;

constexpr int diagonals_of_tile(int log2n) { return 2 * (1 << log2n) - 1; }
constexpr int num_last_classes(int log2n) {
  int count = 0;
  while (count < kNumLastClasses && kDiagonals[count] < diagonals_of_tile(log2n)) ++count;
  return count + 1;  // the last class always covers the whole tile
}
constexpr int diagonals_of_class(int last_class, int log2n) {
  return std::min(kDiagonals[last_class], diagonals_of_tile(log2n));
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
  int size() const { return log2n - kMinLog2; }  // a digit of contexts
};

// A tile's levels inside a padded square, so that contexts need no bounds checks.
struct LevelBlock {
  static constexpr int kBefore = 2;  // rows and columns of zeros before the tile,
  static constexpr int kAfter = 3;   // and after it
  static constexpr int kStride = kBefore + kMaxTile + kAfter;
  std::int32_t magnitude[kStride * kStride];
  Level level[kMaxTile * kMaxTile];

  void clear_magnitudes(int n) {
    const auto wide = static_cast<std::size_t>(kBefore + n + kAfter);
    for (std::size_t v = 0; v < wide; ++v) {
      std::memset(magnitude + v * kStride, 0, sizeof(std::int32_t) * wide);
    }
  }
  void clear(int n) {
    clear_magnitudes(n);
    std::memset(level, 0, sizeof(Level) * static_cast<std::size_t>(n * n));
  }
  std::int32_t* at(int u, int v) { return magnitude + offset(u, v); }
  const std::int32_t* at(int u, int v) const { return magnitude + offset(u, v); }

 private:
  static int offset(int u, int v) { return (v + kBefore) * kStride + u + kBefore; }
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
  int mean8() const {
    const int n = count[0] + count[1];
    return n == 0 ? 0 : 8 * (sum[0] + sum[1]) / n;
  }
};

}  // namespace overtone::tiled_dct

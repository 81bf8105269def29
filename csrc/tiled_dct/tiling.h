// Geometry shared by analysis and synthesis: cosine tables and the overlap of tiles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "levels.h"
#include "overlap.h"

namespace overtone::tiled_dct {

struct Tile {
  std::int32_t x, y;  // pixels
  std::int32_t log2n;
  std::int32_t diagonals[kMaxChannels];  // coded anti-diagonals per channel
};

// The most coded anti-diagonals of a tile's channels: how fine its detail is.
inline int widest(const Tile& tile, int channels) {
  return *std::max_element(tile.diagonals, tile.diagonals + channels);
}

inline constexpr int kMaxOverlap = 4;  // pixels

// Orthonormal DCT-II basis at pixel centres: rows are frequencies.
struct CosineTables {
  std::vector<float> basis[kSizes];
  CosineTables() {
    for (int s = 0; s < kSizes; ++s) {
      const int n = 1 << (s + kMinLog2);
      basis[s].resize(static_cast<std::size_t>(n * n));
      for (int k = 0; k < n; ++k) {
        const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / n);
        for (int i = 0; i < n; ++i) {
          basis[s][static_cast<std::size_t>(k * n + i)] =
              static_cast<float>(norm * std::cos(kPi * k * (i + 0.5) / n));
        }
      }
    }
  }
  const float* of(int log2n) const { return basis[log2n - kMinLog2].data(); }
};
inline const CosineTables kCosines;

}  // namespace overtone::tiled_dct

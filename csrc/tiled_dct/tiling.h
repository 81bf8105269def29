// Geometry shared by analysis and synthesis: cosine tables and the overlap of tiles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "levels.h"

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

constexpr int kMaxOverlap = 4;
constexpr double kPi = 3.14159265358979323846;

// Weight of a tile at signed distance d inside its edge (negative outside), d in pixels.
// Two facing tiles sum to one.
inline double edge_weight(double d, double overlap) {
  if (overlap <= 0) return d >= 0 ? 1.0 : 0.0;
  if (d >= overlap) return 1.0;
  if (d <= -overlap) return 0.0;
  const double s = std::sin(kPi / 2 * d / overlap);
  return 0.5 * (1.0 + s);
}

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

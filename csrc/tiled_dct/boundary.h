// What the neighbours' edges say about a tile's coefficients, in integers.
//
// A tile's series should continue its neighbours' values across the boundary. Each neighbour
// leaves its values along its right and bottom edge; their cosine transform along the boundary,
// minus what the tile's coded coefficients already explain, predicts signs and sizes of the
// coefficients still to come.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "levels.h"

namespace overtone::tiled_dct {

constexpr int kBoundaryBits = 10;  // fraction bits of boundary values, quantiser steps

// cos(pi j / 128) in 1/16384, j = 0 .. 64.
inline constexpr std::int32_t kQuarterWave[65] = {
    16384, 16379, 16364, 16340, 16305, 16261, 16207, 16143, 16069, 15986, 15893, 15791, 15679,
    15557, 15426, 15286, 15137, 14978, 14811, 14635, 14449, 14256, 14053, 13842, 13623, 13395,
    13160, 12916, 12665, 12406, 12140, 11866, 11585, 11297, 11003, 10702, 10394, 10080, 9760,
    9434,  9102,  8765,  8423,  8076,  7723,  7366,  7005,  6639,  6270,  5897,  5520,  5139,
    4756,  4370,  3981,  3590,  3196,  2801,  2404,  2006,  1606,  1205,  804,   402,   0,
};

inline constexpr std::int32_t cosine_q14(int j) {  // cos(pi j / 128), any j >= 0
  j &= 255;
  if (j > 128) j = 256 - j;
  return j <= 64 ? kQuarterWave[j] : -kQuarterWave[128 - j];
}

// Orthonormal DCT-II norms in 1/16384: [size][k > 0], 1 / sqrt(n) and sqrt(2 / n).
inline constexpr std::int32_t kNormQ14[kSizes][2] = {
    {5793, 8192}, {4096, 5793}, {2896, 4096}, {2048, 2896}};

// 1 / norm of frequency k, in 1/16, rounded; for k = 0 it is sqrt(n).
constexpr std::int32_t inverse_norm16(int size, int k) {
  constexpr auto kInverse = [] {
    std::array<std::array<std::int32_t, 2>, kSizes> table{};
    for (std::size_t s = 0; s < kSizes; ++s) {
      for (std::size_t ac = 0; ac < 2; ++ac) {
        table[s][ac] = ((1 << 18) + kNormQ14[s][ac] / 2) / kNormQ14[s][ac];
      }
    }
    return table;
  }();
  return kInverse[static_cast<std::size_t>(size)][k > 0];
}
static_assert(inverse_norm16(0, 0) == 45 && inverse_norm16(0, 1) == 32);
static_assert(inverse_norm16(2, 0) == 91 && inverse_norm16(3, 1) == 91);

// Integer DCT-II basis of each tile size, [k * n + i] in 1/16384.
struct IntegerBasis {
  std::vector<std::int32_t> of[kSizes];
  IntegerBasis() {
    for (int s = 0; s < kSizes; ++s) {
      const int n = kMinTile << s;
      of[s].resize(static_cast<std::size_t>(n * n));
      for (int k = 0; k < n; ++k) {
        for (int i = 0; i < n; ++i) {
          const std::int64_t c = cosine_q14(k * (2 * i + 1) * (kMaxTile / n));
          of[s][static_cast<std::size_t>(k * n + i)] =
              static_cast<std::int32_t>((c * kNormQ14[s][k > 0]) >> 14);
        }
      }
    }
  }
};
inline const IntegerBasis kIntegerBasis;

// Unexplained boundary spectra of one channel of a tile, quantiser steps in 1/1024.
struct BoundaryResidual {
  std::int32_t left[kMaxTile];   // per vertical frequency v
  std::int32_t above[kMaxTile];  // per horizontal frequency u
  bool has_left, has_above;

  // Accounts for a coded coefficient: its value at the two boundaries.
  void explain(int u, int v, int level, int size) {
    left[v] -= (level * kNormQ14[size][u > 0]) >> (14 - kBoundaryBits);
    above[u] -= (level * kNormQ14[size][v > 0]) >> (14 - kBoundaryBits);
  }
};

inline void boundary_spectrum(const std::int32_t* values, int size, std::int32_t* spectrum) {
  const int n = kMinTile << size;
  const std::int32_t* basis = kIntegerBasis.of[size].data();
  for (int k = 0; k < n; ++k) {
    std::int64_t sum = 0;
    for (int i = 0; i < n; ++i) sum += static_cast<std::int64_t>(values[i]) * basis[k * n + i];
    spectrum[k] = static_cast<std::int32_t>(sum >> 14);
  }
}

// Values along the right edge (x = n) and the bottom edge (y = n) of a tile.
inline void edge_values(const Level* level, int dc, int diagonals, int size, std::int32_t* right,
                        std::int32_t* bottom) {
  const int n = kMinTile << size;
  const std::int32_t* basis = kIntegerBasis.of[size].data();
  std::int64_t along_right[kMaxTile] = {}, along_bottom[kMaxTile] = {};  // spectra, 1/16384
  const int used = diagonals < n ? diagonals : n;
  for (int v = 0; v < used || v == 0; ++v) {
    for (int u = 0; u < n && (u + v < diagonals || u + v == 0); ++u) {
      const int q = u + v == 0 ? dc : level[v * n + u];
      if (q == 0) continue;
      along_right[v] += (u & 1 ? -q : q) * kNormQ14[size][u > 0];
      along_bottom[u] += (v & 1 ? -q : q) * kNormQ14[size][v > 0];
    }
  }
  for (int i = 0; i < n; ++i) {
    std::int64_t r = 0, b = 0;
    for (int k = 0; k < used || k == 0; ++k) {
      r += along_right[k] * basis[k * n + i];
      b += along_bottom[k] * basis[k * n + i];
    }
    right[i] = static_cast<std::int32_t>(r >> (28 - kBoundaryBits));
    bottom[i] = static_cast<std::int32_t>(b >> (28 - kBoundaryBits));
  }
}

}  // namespace overtone::tiled_dct

// Pixels to cosine-series coefficients of one tile, inverting the overlap of its edges.
#pragma once

#include "tiling.h"

namespace overtone::tiled_dct {

// Rows of one plane, from `top` down, of a picture of this width and height.
struct PlaneView {
  const float* data;
  int width, height;  // multiples of the smallest tile
  int top;
};

class Analyser {
 public:
  explicit Analyser(double overlap) {
    reach_ = overlap > 0 ? static_cast<int>(std::ceil(overlap - 0.5)) : 0;
    for (int i = 0; i < reach_; ++i) {
      // Facing samples a (ours), b: a' = w a + (1 - w) b mixes; its inverse is this row.
      const double w = edge_weight(i + 0.5, overlap);
      inverse_[i] = static_cast<float>(w / (2 * w - 1));
    }
  }

  // How far beyond a tile its coefficients read, pixels.
  int reach() const { return reach_; }

  // Orthonormal coefficients (row v, column u) of the tile at (x, y) of n pixels.
  void analyse(const PlaneView& plane, int x, int y, int log2n, float* coefficients) const {
    const int n = 1 << log2n;
    const int r = reach_;
    const bool has_left = x > 0, has_right = x + n < plane.width;
    const bool has_above = y > 0, has_below = y + n < plane.height;
    const int top = has_above ? -r : 0, bottom = has_below ? n + r : n;
    float rows[(kMaxTile + 2 * kMaxOverlap) * kMaxTile];
    for (int j = top; j < bottom; ++j) {
      const float* in =
          plane.data + static_cast<std::ptrdiff_t>(y + j - plane.top) * plane.width + x;
      float* out = rows + (j - top) * n;
      for (int i = 0; i < n; ++i) out[i] = in[i];
      for (int i = 0; i < r; ++i) {
        const float k = inverse_[i];
        if (has_left) out[i] = k * in[i] + (1 - k) * in[-1 - i];
        if (has_right) out[n - 1 - i] = k * in[n - 1 - i] + (1 - k) * in[n + i];
      }
    }
    float* tile = rows - top * n;
    for (int i = 0; i < r; ++i) {
      const float k = inverse_[i];
      if (has_above) blend(tile + i * n, tile + (-1 - i) * n, k, n);
      if (has_below) blend(tile + (n - 1 - i) * n, tile + (n + i) * n, k, n);
    }
    const float* basis = kCosines.of(log2n);
    float half[kMaxTile * kMaxTile];  // half[v][i] = sum_j basis[v][j] tile[j][i]
    product(basis, tile, half, n);
    for (int v = 0; v < n; ++v) {
      for (int u = 0; u < n; ++u) {
        float sum = 0;
        for (int i = 0; i < n; ++i) sum += half[v * n + i] * basis[u * n + i];
        coefficients[v * n + u] = sum;
      }
    }
  }

 private:
  static void blend(float* ours, const float* theirs, float k, int n) {
    for (int i = 0; i < n; ++i) ours[i] = k * ours[i] + (1 - k) * theirs[i];
  }
  static void product(const float* a, const float* b, float* out, int n) {
    for (int v = 0; v < n; ++v) {
      float* row = out + v * n;
      for (int i = 0; i < n; ++i) row[i] = 0;
      for (int j = 0; j < n; ++j) {
        const float s = a[v * n + j];
        for (int i = 0; i < n; ++i) row[i] += s * b[j * n + i];
      }
    }
  }

  int reach_;
  float inverse_[kMaxOverlap + 1] = {};
};

}  // namespace overtone::tiled_dct

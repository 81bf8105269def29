// The syntax of one coded tile: its levels in either direction, and its profile for later tiles.
#pragma once

#include "coefficients.h"
#include "neighbourhood.h"

namespace overtone::tiled_dct {

// Predicted DC level, from the boundaries' means.
inline int predict_dc(const BoundaryResidual& boundary, int size) {
  // A boundary's mean is spectrum[0] / sqrt(n); the DC coefficient is n times the mean.
  int sum = 0, count = 0;
  if (boundary.has_left) sum += boundary.left[0], ++count;
  if (boundary.has_above) sum += boundary.above[0], ++count;
  if (count == 2) sum >>= 1;
  constexpr int kShift = kBoundaryBits + 4;
  const std::int64_t level = std::int64_t{sum} * inverse_norm16(size, 0) + (1 << (kShift - 1));
  return static_cast<int>(level >> kShift);
}

// The profile of a coded tile; level[0] holds the DC residual.
inline void describe_tile(const TileContext& tile, const LevelBlock* blocks,
                          const int* last_classes, Profile& out) {
  const int n = 1 << tile.log2n, shift = tile.size();
  out.log2n = static_cast<std::uint8_t>(tile.log2n);
  for (int c = 0; c < tile.num_channels; ++c) {
    // Class on the scale of the largest tile: diagonals scale with the tile's side.
    const int scaled = diagonals_of_class(last_classes[c], tile.log2n) << (kMaxLog2 - tile.log2n);
    int cls = 0;
    while (cls + 1 < kNumLastClasses && kDiagonals[cls] < scaled) ++cls;
    out.last_class[c] = static_cast<std::uint8_t>(cls);
    int sums[kBands][kBands] = {};
    const int diagonals = diagonals_of_class(last_classes[c], tile.log2n);
    for (int v = 0; v < std::min(n, diagonals); ++v) {
      for (int u = 0; u < n && u + v < diagonals; ++u) {
        sums[v >> shift][u >> shift] += *blocks[c].at(u, v);
      }
    }
    for (int v = 0; v < kBands; ++v) {
      for (int u = 0; u < kBands; ++u) {
        out.band[c][v][u] =
            static_cast<std::uint16_t>(std::min((sums[v][u] * 16) >> (2 * shift), 65535));
      }
    }
  }
}

// Codes the levels of one tile in one direction; fills blocks (decoder) or reads them.
// `dc_residual` excluded: level[0] already is the residual.
template <class Bits>
void code_tile(Bits& bits, Model& model, const TileContext& tile, LevelBlock* blocks,
               int* last_classes, BoundaryResidual* boundaries, int* dc_levels) {
  const int n = 1 << tile.log2n;
  for (int c = 0; c < tile.num_channels; ++c) {
    LevelBlock& block = blocks[c];
    const int previous = c > 0 ? last_classes[0] : 0;
    last_classes[c] = code_last_class(bits, model, tile, c, last_classes[c], previous);
    const int diagonals = diagonals_of_class(last_classes[c], tile.log2n);
    block.clear_magnitudes(n);  // contexts see what is coded, not what is known
    const int size = tile.log2n - kMinLog2;
    const int prediction = predict_dc(boundaries[c], size);
    boundaries[c].explain(0, 0, prediction, size);
    CoefficientCoder coder(model, tile, c, blocks, boundaries[c]);
    DiagonalEnergy energy;
    for (int d = 0; d < diagonals; ++d) {
      coder.set_recent(energy.mean8());
      const int first = std::max(0, d - n + 1), last = std::min(d, n - 1);
      int sum = 0;
      for (int u = first; u <= last; ++u) {
        const int v = d - u;
        Level& level = block.level[v * n + u];
        level = static_cast<Level>(coder.code_level(bits, coder.context(u, v), level));
        const int magnitude = std::abs(level);
        *block.at(u, v) = magnitude;
        if (magnitude) {
          boundaries[c].explain(u, v, level, size);
          coder.note_signs(u, v, level);
        }
        sum += magnitude;
      }
      energy.push(sum, last - first + 1);
    }
    dc_levels[c] = std::clamp(prediction + block.level[0], -kMaxLevel, kMaxLevel);
  }
}

}  // namespace overtone::tiled_dct

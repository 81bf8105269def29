// The coded picture: superblock by superblock, a quadtree of tiles and their levels.
#pragma once

#include "coefficients.h"
#include "tiling.h"

namespace overtone::tiled_dct {

struct Geometry {
  int width, height;  // padded to the smallest tile
  int channels;
  int units_wide() const { return width >> kMinLog2; }
  bool fits(int x, int y, int log2n) const {
    return x + (1 << log2n) <= width && y + (1 << log2n) <= height;
  }
};

// Profiles of the tiles that later tiles can see: a window of unit rows over the picture.
class Neighbourhood {
 public:
  explicit Neighbourhood(const Geometry& geometry)
      : wide_(geometry.units_wide()), profiles_(static_cast<std::size_t>(wide_ * kRows)),
        origin_(static_cast<std::size_t>(wide_ * kRows), -1),
        bottom_(static_cast<std::size_t>(geometry.width * geometry.channels)),
        right_(static_cast<std::size_t>(kMaxTile * geometry.channels)), width_(geometry.width),
        channels_(geometry.channels) {}

  // The boundaries around the superblock at column x, to restore after a trial.
  using Boundaries = std::vector<std::int32_t>;
  Boundaries boundaries(int x) const {
    Boundaries saved = right_;
    for (int c = 0; c < channels_; ++c) {
      const auto* from = &bottom_[static_cast<std::size_t>(c * width_ + x)];
      saved.insert(saved.end(), from, from + std::min(kMaxTile, width_ - x));
    }
    return saved;
  }
  void restore(int x, const Boundaries& saved) {
    std::copy_n(saved.begin(), right_.size(), right_.begin());
    const int wide = std::min(kMaxTile, width_ - x);
    for (int c = 0; c < channels_; ++c) {
      std::copy_n(saved.begin() + static_cast<std::ptrdiff_t>(right_.size()) + c * wide, wide,
                  bottom_.begin() + c * width_ + x);
    }
  }

  // Seam spectra a tile at (x, y) starts from.
  BoundaryResidual boundary(int x, int y, int log2n, int channel) const {
    BoundaryResidual out;
    out.has_left = x > 0;
    out.has_above = y > 0;
    const int size = log2n - kMinLog2;
    if (x > 0)
      boundary_spectrum(&right_[static_cast<std::size_t>(channel * kMaxTile + y % kMaxTile)], size,
                        out.left);
    else
      std::memset(out.left, 0, sizeof out.left);
    if (y > 0)
      boundary_spectrum(&bottom_[static_cast<std::size_t>(channel * width_ + x)], size, out.above);
    else
      std::memset(out.above, 0, sizeof out.above);
    return out;
  }
  void place_edges(int x, int y, int log2n, int channel, const Level* level, int dc,
                   int diagonals) {
    edge_values(level, dc, diagonals, log2n - kMinLog2,
                &right_[static_cast<std::size_t>(channel * kMaxTile + y % kMaxTile)],
                &bottom_[static_cast<std::size_t>(channel * width_ + x)]);
  }

  const Profile* at(int x, int y) const {
    if (x < 0 || y < 0) return nullptr;
    const int i = origin_[index(x, y)];
    return i < 0 ? nullptr : &profiles_[static_cast<std::size_t>(i)];
  }
  void place(int x, int y, const Profile& profile) {
    const std::size_t home = index(x, y);
    profiles_[home] = profile;
    const int n = 1 << profile.log2n;
    for (int j = 0; j < n; j += 8) {
      for (int i = 0; i < n; i += 8) origin_[index(x + i, y + j)] = static_cast<int>(home);
    }
  }
  TileContext context(int x, int y, int log2n, int channels) const {
    return {log2n, channels, at(x - 1, y), at(x, y - 1)};
  }

 private:
  static constexpr int kRows = 16;
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(((y >> kMinLog2) % kRows) * wide_ + (x >> kMinLog2));
  }
  int wide_;
  std::vector<Profile> profiles_;
  std::vector<int> origin_;
  std::vector<std::int32_t> bottom_, right_;  // boundary values
  int width_, channels_;
};

// Predicted DC level, from the boundaries' means.
inline int predict_dc(const BoundaryResidual& boundary, int size) {
  // A boundary's mean is spectrum[0] / sqrt(n); the DC coefficient is n times the mean.
  constexpr int kRootN[4] = {45, 64, 91, 128};  // sqrt(n), 1/16
  int sum = 0, count = 0;
  if (boundary.has_left) sum += boundary.left[0], ++count;
  if (boundary.has_above) sum += boundary.above[0], ++count;
  if (count == 2) sum >>= 1;
  return (static_cast<std::int64_t>(sum) * kRootN[size] + (1 << (kBoundaryBits + 3))) >>
         (kBoundaryBits + 4);
}

// The profile of a coded tile; level[0] holds the DC residual.
inline void describe_tile(const TileContext& tile, const LevelBlock* blocks,
                          const int* last_classes, Profile& out) {
  const int n = 1 << tile.log2n, shift = tile.log2n - kMinLog2;
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
      coder.set_running(energy.class_input());
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

// The picture that is coded, and what a tile can see of the tiles before it.
#pragma once

#include <vector>

#include "boundary.h"
#include "levels.h"

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

  // Boundary spectra that a tile at (x, y) starts from.
  BoundaryResidual boundary(int x, int y, int log2n, int channel) const {
    BoundaryResidual out{};
    out.has_left = x > 0;
    out.has_above = y > 0;
    const int size = log2n - kMinLog2;
    if (out.has_left) boundary_spectrum(&right_[right_at(y, channel)], size, out.left);
    if (out.has_above) boundary_spectrum(&bottom_[bottom_at(x, channel)], size, out.above);
    return out;
  }
  void place_edges(int x, int y, int log2n, int channel, const Level* level, int dc,
                   int diagonals) {
    edge_values(level, dc, diagonals, log2n - kMinLog2, &right_[right_at(y, channel)],
                &bottom_[bottom_at(x, channel)]);
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
    for (int j = 0; j < n; j += kMinTile) {
      for (int i = 0; i < n; i += kMinTile) origin_[index(x + i, y + j)] = static_cast<int>(home);
    }
  }
  TileContext context(int x, int y, int log2n, int channels) const {
    return {log2n, channels, at(x - 1, y), at(x, y - 1)};
  }

 private:
  static constexpr int kRows = 2 * kMaxTile / kMinTile;  // two rows of superblocks
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(((y >> kMinLog2) % kRows) * wide_ + (x >> kMinLog2));
  }
  std::size_t right_at(int y, int channel) const {
    return static_cast<std::size_t>(channel * kMaxTile + y % kMaxTile);
  }
  std::size_t bottom_at(int x, int channel) const {
    return static_cast<std::size_t>(channel * width_ + x);
  }
  int wide_;
  std::vector<Profile> profiles_;
  std::vector<int> origin_;
  std::vector<std::int32_t> bottom_, right_;  // boundary values
  int width_, channels_;
};

}  // namespace overtone::tiled_dct

#include "render.h"

#include <algorithm>
#include <vector>

#include "platform/pool.h"

namespace overtone::tiled_dct {

namespace {

constexpr float kMaxBlend = 8;  // pixels: within the smallest tile

// How far each tile could blend: the overlap of the analysis, or further where the tile has
// nothing fine that blending would blur. One value a unit of the rows in memory.
class BlendMap {
 public:
  BlendMap(const std::deque<TileRow>& rows, const Geometry& geometry, const Reconstruction& how)
      : wide_(geometry.units_wide()), top_(rows.front().y >> kMinLog2),
        tall_(static_cast<int>(rows.size()) << (kMaxLog2 - kMinLog2)),
        reach_(static_cast<std::size_t>(wide_ * tall_), kMaxBlend) {
    for (const TileRow& row : rows) {
      for (const Tile& tile : row.tiles) {
        const int n = 1 << tile.log2n;
        const auto smooth = static_cast<float>(how.blend * n / widest(tile, geometry.channels));
        const float reach = std::max(static_cast<float>(how.overlap),
                                     std::min({smooth, kMaxBlend, 0.5f * static_cast<float>(n)}));
        for (int j = 0; j < n; j += kMinTile) {
          for (int i = 0; i < n; i += kMinTile) at(tile.x + i, tile.y + j) = reach;
        }
      }
    }
  }

  // Over the boundary of `length` pixels from (x, y), which is on one side of it.
  float along(float own, int x, int y, int length, bool is_vertical) {
    for (int k = 0; k < length; k += kMinTile) {
      const int px = is_vertical ? x : x + k, py = is_vertical ? y + k : y;
      if (contains(px, py)) own = std::min(own, at(px, py));
    }
    return own;
  }
  float& at(int x, int y) {
    return reach_[static_cast<std::size_t>(((y >> kMinLog2) - top_) * wide_ + (x >> kMinLog2))];
  }

 private:
  bool contains(int x, int y) const {
    const int column = x >> kMinLog2, row = (y >> kMinLog2) - top_;
    return column >= 0 && column < wide_ && row >= 0 && row < tall_;
  }
  int wide_, top_, tall_;
  std::vector<float> reach_;
};

std::vector<TileView> views_of(const std::deque<TileRow>& rows, const Geometry& geometry,
                               const Reconstruction& how) {
  std::vector<TileView> tiles;
  BlendMap blend(rows, geometry, how);
  for (const TileRow& row : rows) {
    for (const Tile& tile : row.tiles) {
      const int n = 1 << tile.log2n;
      TileView view{tile.x, tile.y, n, {}, {}, {}};
      const float own = blend.at(tile.x, tile.y);
      view.blend[0] = blend.along(own, tile.x - 1, tile.y, n, true);
      view.blend[1] = blend.along(own, tile.x + n, tile.y, n, true);
      view.blend[2] = blend.along(own, tile.x, tile.y - 1, n, false);
      view.blend[3] = blend.along(own, tile.x, tile.y + n, n, false);
      for (int c = 0; c < geometry.channels; ++c) {
        view.diagonals[c] = tile.diagonals[c];
        view.levels[c] = row.levels_at(geometry, c, tile.x, tile.y);
      }
      tiles.push_back(view);
    }
  }
  return tiles;
}

}  // namespace

void render(const std::deque<TileRow>& rows, const Geometry& geometry, const Reconstruction& how,
            const SampleGrid& grid, float* values, int num_threads, Isa isa) {
  const RenderFunction function = OVERTONE_VARIANT(isa, render);
  const auto plane = static_cast<std::size_t>(grid.nx) * static_cast<std::size_t>(grid.ny);
  std::fill_n(values, plane * static_cast<std::size_t>(geometry.channels), 0.0f);
  std::vector<float> total(plane, 0.0f);
  const std::vector<TileView> tiles = views_of(rows, geometry, how);
  num_threads = std::max(1, std::min(checked_num_threads(num_threads), grid.nx / kMaxTile));
  // For each thread two axes of cosines and weights, one half-transformed tile and one line.
  const auto scratch_size = [&](int count) {
    const std::size_t across = static_cast<std::size_t>(grid.nx / count) + 2;
    const std::size_t down = static_cast<std::size_t>(grid.ny) + 1;
    return (across + 2 * down) * (kMaxTile + 1) + across;
  };
  // There is memory before there are threads.
  std::vector<float> scratch(scratch_size(num_threads) * static_cast<std::size_t>(num_threads));
  Pool pool(num_threads);
  num_threads = pool.size();
  const std::size_t size = scratch_size(num_threads);
  scratch.resize(std::max(scratch.size(), size * static_cast<std::size_t>(num_threads)));
  pool.run([&](int thread) {
    const auto bound = [&](int t) {
      return static_cast<int>(std::int64_t{grid.nx} * t / num_threads);
    };
    function({tiles.data(), static_cast<int>(tiles.size()), geometry.width, geometry.channels,
              geometry.width, geometry.height, how.step, how.reconstruction_offset_one,
              how.reconstruction_offset, grid.xs, grid.ys, grid.nx, grid.ny, bound(thread),
              bound(thread + 1), values, total.data(),
              scratch.data() + size * static_cast<std::size_t>(thread)});
  });
}

}  // namespace overtone::tiled_dct

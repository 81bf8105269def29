#include "render.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "platform/isa.h"

namespace overtone::tiled_dct {

RenderFunction render_for(const std::string& isa) {
  Isa wanted = Isa::automatic;
  if (isa == "baseline") {
    wanted = Isa::baseline;
  } else if (isa == "avx2") {
    wanted = Isa::avx2;
  } else if (isa == "avx512") {
    wanted = Isa::avx512;
  } else if (isa != "auto") {
    throw std::invalid_argument("isa must be auto, baseline, avx2 or avx512");
  }
  switch (resolve(wanted)) {
#ifdef OVERTONE_X86
    case Isa::avx512:
      return avx512::render_function();
    case Isa::avx2:
      return avx2::render_function();
#endif
    default:
      return baseline::render_function();
  }
}

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
        const float reach =
            std::max(static_cast<float>(how.overlap), std::min({smooth, kMaxBlend, 0.5f * n}));
        for (int j = 0; j < n; j += 8) {
          for (int i = 0; i < n; i += 8) at(tile.x + i, tile.y + j) = reach;
        }
      }
    }
  }

  // Over the boundary of `length` pixels from (x, y), which is on one side of it.
  float along(float own, int x, int y, int length, bool is_vertical) {
    for (int k = 0; k < length; k += 8) {
      const int px = is_vertical ? x : x + k, py = is_vertical ? y + k : y;
      if (px < 0 || px >= wide_ * 8 || py < top_ * 8 || py >= (top_ + tall_) * 8) continue;
      own = std::min(own, at(px, py));
    }
    return own;
  }
  float& at(int x, int y) {
    return reach_[static_cast<std::size_t>(((y >> kMinLog2) - top_) * wide_ + (x >> kMinLog2))];
  }

 private:
  int wide_, top_, tall_;
  std::vector<float> reach_;
};

}  // namespace

void render(const std::deque<TileRow>& rows, const Geometry& geometry, const Reconstruction& how,
            const SampleGrid& grid, float* values, int num_threads, RenderFunction function) {
  const auto plane = static_cast<std::size_t>(grid.nx) * static_cast<std::size_t>(grid.ny);
  std::fill_n(values, plane * static_cast<std::size_t>(geometry.channels), 0.0f);
  std::vector<float> total(plane, 0.0f);
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
        view.levels[c] =
            row.levels.data() + tile.x +
            (static_cast<std::ptrdiff_t>(c) * kMaxTile + (tile.y - row.y)) * geometry.width;
      }
      tiles.push_back(view);
    }
  }
  num_threads = std::max(1, std::min(num_threads, grid.nx / kMaxTile));
  const auto work = [&](int thread) {
    const int first = static_cast<int>(std::int64_t{grid.nx} * thread / num_threads);
    const int last = static_cast<int>(std::int64_t{grid.nx} * (thread + 1) / num_threads);
    // Two axes of cosines and weights, one half-transformed tile and one line.
    const std::size_t across = static_cast<std::size_t>(last - first) + 1;
    const std::size_t down = static_cast<std::size_t>(grid.ny) + 1;
    std::vector<float> scratch((across + 2 * down) * (kMaxTile + 1) + across);
    function({tiles.data(), static_cast<int>(tiles.size()), geometry.width, geometry.channels,
              geometry.width, geometry.height, how.step, how.reconstruction_offset_one,
              how.reconstruction_offset, grid.xs, grid.ys, grid.nx, grid.ny, first, last, values,
              total.data(), scratch.data()});
  };
  std::vector<std::thread> threads;
  for (int t = 1; t < num_threads; ++t) threads.emplace_back(work, t);
  work(0);
  for (auto& thread : threads) thread.join();
}

}  // namespace overtone::tiled_dct

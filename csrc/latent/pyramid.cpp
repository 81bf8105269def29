#include "pyramid.h"

#include <algorithm>
#include <cstdlib>

namespace overtone::latent {
namespace {

constexpr int kNumTaps = 4;
constexpr int kReach = 3;  // rows above and below that a smoothed row is made of

// Offsets of the rows that the taps of a doubled row meet, from half its number.
constexpr int kEven[kNumTaps] = {-2, 1, -1, 0}, kOdd[kNumTaps] = {2, -1, 1, 0};

struct DoubledRows {
  const float* rows[kNumTaps];
  DoubledRows(const Plane& plane, int y) {
    for (int k = 0; k < kNumTaps; ++k)
      rows[k] = plane.row(std::clamp(y / 2 + (y % 2 ? kOdd : kEven)[k], 0, plane.height - 1));
  }
};

struct SmoothedRows {
  const float* rows[2 * kReach + 1];
  SmoothedRows(const Plane& plane, int y) {
    for (int i = 0; i <= 2 * kReach; ++i) rows[i] = plane.row(y + i - kReach);
  }
};

// Rows with weights whose sum is a gradient.
struct Sum {
  static constexpr int kMax = 48;
  const float* rows[kMax];
  float weights[kMax];
  int size = 0;
  void add(const float* row, float weight) { rows[size] = row, weights[size++] = weight; }
};

// Of row `y` of a grid of `height` rows, from the doubled rows that were made of it or, at the
// edges, of its repetitions.
Sum doubled_back(const Plane& gradient, const float* taps, int y, int height) {
  Sum sum;
  const int first = y == 0 ? -2 : y, last = y == height - 1 ? height + 1 : y;
  for (int row = first; row <= last; ++row)
    for (int k = 0; k < kNumTaps; ++k)
      for (const bool is_odd : {false, true}) {
        const int half = row - (is_odd ? kOdd : kEven)[k];
        const int from = 2 * half + (is_odd ? 1 : 0);
        if (half >= 0 && from < gradient.height) sum.add(gradient.row(from), taps[k]);
      }
  return sum;
}

}  // namespace

Pyramid::Pyramid(const Shapes& shapes) : shapes_(shapes) {
  const int num_grids = shapes.spec().num_grids;
  for (int level = 0; level + 1 < num_grids; ++level) {
    const int height = shapes.height_at(level), width = shapes.width_at(level);
    const int count = level == 0 ? 0 : num_grids - level;
    features_.emplace_back(count, height, width);
    gradients_.emplace_back(count, height, width);
    smoothed_.emplace_back(1, height, width);
    doubled_.emplace_back(num_grids - level - 1, height, shapes.width_at(level + 1));
  }
}

// The coarsest level is its grid itself.
Plane Pyramid::feature(const Latents& latents, int level, int index) const {
  if (level + 1 == shapes_.spec().num_grids)
    return latents.symbols_of(shapes_.synthesis_grid(level));
  return features_[static_cast<std::size_t>(level)][index];
}

void Pyramid::make(Team& team, const Networks& networks, const Latents& latents) {
  for (int level = shapes_.spec().num_grids - 2; level > 0; --level)
    team.for_rows(level, [&](int thread, int y) {
      float* rows[kMaxGrids];
      for (int i = 0; i < shapes_.spec().num_grids - level; ++i)
        rows[i] = feature(latents, level, i).row(y);
      make_row(team, networks, latents, level, y, thread, rows);
    });
}

void Pyramid::make_row(Team& team, const Networks& networks, const Latents& latents, int level,
                       int y, int thread, float* const* rows) const {
  float* scratch = team.worker(thread).scratch.data();
  const Plane own = latents.symbols_of(shapes_.synthesis_grid(level));
  team.upsampling.smooth_row(SmoothedRows(own, y).rows,
                             networks.values(networks.smooth_taps(level)), own.width, rows[0],
                             scratch);
  for (int i = 1; i < shapes_.spec().num_grids - level; ++i)
    team.upsampling.double_row(DoubledRows(feature(latents, level + 1, i - 1), y).rows,
                               networks.values(networks.double_taps(level)),
                               shapes_.width_at(level + 1), rows[i], scratch);
}

void Pyramid::take_row(Team& team, const Networks& networks, const Latents& latents, int level,
                       int y, int thread, const float* const* gradients) {
  Worker& worker = team.worker(thread);
  float *scratch = worker.scratch.data(), *sums = worker.sums.data();
  const auto number = static_cast<std::size_t>(level);
  const int grid = shapes_.synthesis_grid(level), width = shapes_.width_at(level);
  const Networks::Taps &smooth = networks.smooth_taps(level), &twice = networks.double_taps(level);
  team.upsampling.smooth_row_back(SmoothedRows(latents.symbols_of(grid), y).rows,
                                  networks.values(smooth), width, gradients[0],
                                  smoothed_[number][0].row(y), sums + smooth.sums, scratch);
  float* by_symbol = latents.gradients_of(grid).row(y);
  for (int x = 0; x < width; ++x) by_symbol[x] += gradients[0][x];
  for (int i = 1; i < shapes_.spec().num_grids - level; ++i)
    team.upsampling.double_row_back(DoubledRows(feature(latents, level + 1, i - 1), y).rows,
                                    networks.values(twice), shapes_.width_at(level + 1),
                                    gradients[i], width, doubled_[number][i - 1].row(y),
                                    sums + twice.sums, scratch);
}

// What the filtered rows of a level say about its grid and about the next coarser level.
void Pyramid::merge(Team& team, const Networks& networks, const Latents& latents, int level) {
  const auto number = static_cast<std::size_t>(level);
  const int num_grids = shapes_.spec().num_grids, height = shapes_.height_at(level);
  const float* smooth = networks.values(networks.smooth_taps(level));
  const float* twice = networks.values(networks.double_taps(level));
  team.for_rows(level, [&](int, int y) {
    Sum sum;
    for (int from = std::max(y - kReach, 0); from <= std::min(y + kReach, height - 1); ++from)
      sum.add(smoothed_[number][0].row(from), smooth[std::abs(from - y)]);
    team.upsampling.combine(sum.rows, sum.weights, sum.size,
                            latents.gradients_of(shapes_.synthesis_grid(level)).row(y),
                            shapes_.width_at(level), true);
  });
  const bool is_coarsest = level + 2 == num_grids;
  team.for_rows(level + 1, [&](int, int y) {
    for (int i = 0; i + 1 < num_grids - level; ++i) {
      const Sum sum = doubled_back(doubled_[number][i], twice, y, shapes_.height_at(level + 1));
      const Plane to = is_coarsest ? latents.gradients_of(shapes_.synthesis_grid(level + 1))
                                   : gradients_[number + 1][i];
      team.upsampling.combine(sum.rows, sum.weights, sum.size, to.row(y),
                              shapes_.width_at(level + 1), is_coarsest);
    }
  });
}

void Pyramid::finish(Team& team, const Networks& networks, const Latents& latents) {
  const int num_grids = shapes_.spec().num_grids;
  merge(team, networks, latents, 0);
  for (int level = 1; level + 1 < num_grids; ++level) {
    team.for_rows(level, [&](int thread, int y) {
      const float* rows[kMaxGrids];
      for (int i = 0; i < num_grids - level; ++i)
        rows[i] = gradients_[static_cast<std::size_t>(level)][i].row(y);
      take_row(team, networks, latents, level, y, thread, rows);
    });
    merge(team, networks, latents, level);
  }
}

}  // namespace overtone::latent

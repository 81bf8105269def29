// Compiled once per instruction set.
#include "render_kernel.h"

#include "overlap.h"

#include <math.h>
#include <stddef.h>

namespace overtone::tiled_dct::OVERTONE_ISA {
namespace {

constexpr int kMaxSide = 64;

int smaller(int a, int b) { return a < b ? a : b; }

int first_at_least(const double* positions, int begin, int end, double value) {
  while (begin < end) {
    const int middle = (begin + end) / 2;
    if (positions[middle] < value)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

// The samples near one tile along one axis: cosines [k * count + i] and overlap weights [i].
struct Axis {
  int first, count;
  float* basis;
  float* weight;
};

Axis make_axis(const double* positions, int begin, int end, int start, int n, int limit, int used,
               double before, double after, float* memory) {
  const bool has_before = start > 0, has_after = start + n < limit;
  Axis axis;
  axis.first = has_before ? first_at_least(positions, begin, end, start - before) : begin;
  const int stop = has_after ? first_at_least(positions, axis.first, end, start + n + after) : end;
  axis.count = stop - axis.first;
  axis.weight = memory;
  axis.basis = memory + axis.count;
  const double norm0 = 1 / sqrt(static_cast<double>(n)), norm = norm0 * sqrt(2.0);
  for (int i = 0; i < axis.count; ++i) {
    const double offset = positions[axis.first + i] - start;
    double w = 1;
    if (has_before) w *= edge_weight(offset, before);
    if (has_after) w *= edge_weight(n - offset, after);
    axis.weight[i] = static_cast<float>(w);
    // cos(k t) by the Chebyshev recurrence.
    const double twice = 2 * cos(kPi * offset / n);
    double previous = twice / 2, current = 1;
    for (int k = 0; k < used; ++k) {
      axis.basis[static_cast<ptrdiff_t>(k) * axis.count + i] =
          static_cast<float>((k == 0 ? norm0 : norm) * current);
      const double next = twice * current - previous;
      previous = current;
      current = next;
    }
  }
  return axis;
}

float dequantise(int q, const RenderJob& job) {
  const int m = q < 0 ? -q : q;
  const double v = m == 0   ? 0
                   : m == 1 ? 1 - job.reconstruction_offset_one
                            : m - job.reconstruction_offset;
  return static_cast<float>(job.step * (q < 0 ? -v : v));
}

// Adds weight * sum_uv c[v][u] cos_v(y) cos_u(x) of one channel of a tile to `plane`.
void accumulate(const RenderJob& job, const TileView& tile, int channel, const Axis& ax,
                const Axis& ay, float* plane, float* scratch) {
  const int cx = ax.count, cy = ay.count;
  const int side = smaller(tile.n, tile.diagonals[channel]);
  float* half = scratch;  // [u * cy + j]
  float* line = half + static_cast<ptrdiff_t>(cy) * side;
  bool is_used[kMaxSide] = {};
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(cy) * side; ++i) half[i] = 0;
  for (int v = 0; v < side; ++v) {
    const int16_t* levels = tile.levels[channel] + static_cast<ptrdiff_t>(v) * job.level_stride;
    for (int u = 0; u < side && u + v < tile.diagonals[channel]; ++u) {
      if (levels[u] == 0) continue;
      is_used[u] = true;
      // The constant term has no dead zone to make up for.
      const float c =
          u + v == 0 ? static_cast<float>(job.step * levels[0]) : dequantise(levels[u], job);
      const float* by = ay.basis + static_cast<ptrdiff_t>(v) * cy;
      float* to = half + static_cast<ptrdiff_t>(u) * cy;
      for (int j = 0; j < cy; ++j) to[j] += c * by[j];
    }
  }
  for (int j = 0; j < cy; ++j) {
    for (int i = 0; i < cx; ++i) line[i] = 0;
    for (int u = 0; u < side; ++u) {
      if (!is_used[u]) continue;
      const float c = half[static_cast<ptrdiff_t>(u) * cy + j];
      const float* bx = ax.basis + static_cast<ptrdiff_t>(u) * cx;
      for (int i = 0; i < cx; ++i) line[i] += c * bx[i];
    }
    const float wy = ay.weight[j];
    float* out = plane + static_cast<ptrdiff_t>(ay.first + j) * job.nx + ax.first;
    for (int i = 0; i < cx; ++i) out[i] += wy * ax.weight[i] * line[i];
  }
}

void render_tiles(const RenderJob& job) {
  const ptrdiff_t plane = static_cast<ptrdiff_t>(job.nx) * job.ny;
  for (int t = 0; t < job.num_tiles; ++t) {
    const TileView& tile = job.tiles[t];
    int used = 1;
    for (int c = 0; c < job.channels; ++c) {
      const int side = smaller(tile.n, tile.diagonals[c]);
      if (side > used) used = side;
    }
    const Axis ax = make_axis(job.xs, job.first, job.last, tile.x, tile.n, job.width, used,
                              tile.blend[0], tile.blend[1], job.scratch);
    if (ax.count == 0) continue;
    float* rest = job.scratch + static_cast<ptrdiff_t>(ax.count) * (used + 1);
    const Axis ay = make_axis(job.ys, 0, job.ny, tile.y, tile.n, job.height, used, tile.blend[2],
                              tile.blend[3], rest);
    if (ay.count == 0) continue;
    rest += static_cast<ptrdiff_t>(ay.count) * (used + 1);
    for (int j = 0; j < ay.count; ++j) {
      float* out = job.total + static_cast<ptrdiff_t>(ay.first + j) * job.nx + ax.first;
      for (int i = 0; i < ax.count; ++i) out[i] += ay.weight[j] * ax.weight[i];
    }
    for (int c = 0; c < job.channels; ++c) {
      accumulate(job, tile, c, ax, ay, job.values + c * plane, rest);
    }
  }
  for (int c = 0; c < job.channels; ++c) {
    for (int j = 0; j < job.ny; ++j) {
      float* out = job.values + c * plane + static_cast<ptrdiff_t>(j) * job.nx;
      const float* w = job.total + static_cast<ptrdiff_t>(j) * job.nx;
      for (int i = job.first; i < job.last; ++i) out[i] /= w[i];
    }
  }
}

}  // namespace

const RenderFunction render = render_tiles;

}  // namespace overtone::tiled_dct::OVERTONE_ISA

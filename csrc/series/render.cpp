// Compiled once per instruction set.
#include "render.h"

#include <algorithm>
#include <vector>

namespace overtone::series::OVERTONE_ISA {
namespace {

// Cosines and overlap weights of the samples near one tile, along one axis.
struct Axis {
    int first = 0, count = 0;      // samples of the grid
    std::vector<float> basis;      // [k * count + i]
    std::vector<float> weight;     // [i]
};

Axis make_axis(const double* positions, int begin, int end, int start, int n, int limit, int used,
               double overlap) {
    const double before = start > 0 ? overlap : 0, after = start + n < limit ? overlap : 0;
    // Samples beyond the picture's edge (its padding) belong to the outermost tile.
    const double* low = start > 0 ? std::lower_bound(positions + begin, positions + end, start - before)
                                  : positions + begin;
    const double* high = start + n < limit
                             ? std::lower_bound(low, positions + end, start + n + after)
                             : positions + end;
    Axis axis;
    axis.first = static_cast<int>(low - positions);
    axis.count = static_cast<int>(high - low);
    const auto count = static_cast<std::size_t>(axis.count);
    axis.basis.resize(count * static_cast<std::size_t>(used));
    axis.weight.resize(count);
    const double norm0 = 1 / std::sqrt(static_cast<double>(n)), norm = norm0 * std::sqrt(2.0);
    for (std::size_t i = 0; i < count; ++i) {
        const double offset = low[i] - start;
        double w = 1;
        if (start > 0) w *= edge_weight(offset, overlap);
        if (start + n < limit) w *= edge_weight(n - offset, overlap);
        axis.weight[i] = static_cast<float>(w);
        // cos(k t) by the Chebyshev recurrence.
        const double twice = 2 * std::cos(kPi * offset / n);
        double previous = twice / 2, current = 1;
        for (int k = 0; k < used; ++k) {
            axis.basis[static_cast<std::size_t>(k) * count + i] =
                static_cast<float>((k == 0 ? norm0 : norm) * current);
            const double next = twice * current - previous;
            previous = current;
            current = next;
        }
    }
    return axis;
}

float dequantise(int q, double shrink_one, double shrink) {
    const int m = q < 0 ? -q : q;
    const double v = m == 0 ? 0 : m == 1 ? 1 - shrink_one : m - shrink;
    return static_cast<float>(q < 0 ? -v : v);
}

void accumulate(const float* levels, int stride, int used_u, int used_v, const Axis& ax,
                const Axis& ay, float* values, int nx, std::vector<float>& scratch) {
    const int cx = ax.count, cy = ay.count;
    scratch.assign(static_cast<std::size_t>(cy * (used_u + 1)) + static_cast<std::size_t>(cx), 0.0f);
    float* half = scratch.data();                 // [j * used_u + u]
    float* line = half + cy * (used_u + 1);
    for (int v = 0; v < used_v; ++v) {
        for (int u = 0; u < used_u; ++u) {
            const float c = levels[v * stride + u];
            if (c == 0) continue;
            const float* by = ay.basis.data() + v * cy;
            for (int j = 0; j < cy; ++j) half[u * cy + j] += c * by[j];
        }
    }
    for (int j = 0; j < cy; ++j) {
        for (int i = 0; i < cx; ++i) line[i] = 0;
        for (int u = 0; u < used_u; ++u) {
            const float c = half[u * cy + j];
            const float* bx = ax.basis.data() + u * cx;
            for (int i = 0; i < cx; ++i) line[i] += c * bx[i];
        }
        const float wy = ay.weight[static_cast<std::size_t>(j)];
        float* out = values + static_cast<std::ptrdiff_t>(ay.first + j) * nx + ax.first;
        for (int i = 0; i < cx; ++i) out[i] += wy * ax.weight[static_cast<std::size_t>(i)] * line[i];
    }
}

void render(const std::deque<TileRow>& rows, const Geometry& geometry, const Reconstruction& how,
            const SampleGrid& grid, int first, int last, float* values) {
    const auto plane = static_cast<std::ptrdiff_t>(grid.nx) * grid.ny;
    std::vector<float> total(static_cast<std::size_t>(plane), 0.0f), scratch;
    std::vector<float> levels(static_cast<std::size_t>(kMaxTile * kMaxTile));
    for (int c = 0; c < geometry.channels; ++c) {
        for (int j = 0; j < grid.ny; ++j) {
            std::fill(values + c * plane + static_cast<std::ptrdiff_t>(j) * grid.nx + first,
                      values + c * plane + static_cast<std::ptrdiff_t>(j) * grid.nx + last, 0.0f);
        }
    }
    for (const TileRow& row : rows) {
        for (const Tile& tile : row.tiles) {
            const int n = 1 << tile.log2n;
            int used = 1;
            for (int c = 0; c < geometry.channels; ++c) used = std::max(used, std::min(n, tile.extents[c]));
            const Axis ax = make_axis(grid.xs, first, last, tile.x, n, geometry.width, used, how.overlap);
            if (ax.count == 0) continue;
            const Axis ay = make_axis(grid.ys, 0, grid.ny, tile.y, n, geometry.height, used, how.overlap);
            if (ay.count == 0) continue;
            for (int j = 0; j < ay.count; ++j) {
                float* out = total.data() + static_cast<std::ptrdiff_t>(ay.first + j) * grid.nx + ax.first;
                const float wy = ay.weight[static_cast<std::size_t>(j)];
                for (int i = 0; i < ax.count; ++i) out[i] += wy * ax.weight[static_cast<std::size_t>(i)];
            }
            for (int c = 0; c < geometry.channels; ++c) {
                const int extent = std::min(n, tile.extents[c]);
                const Level* from = row.levels.data() +
                    (static_cast<std::ptrdiff_t>(c) * kMaxTile + (tile.y - row.y)) * geometry.width + tile.x;
                for (int v = 0; v < extent; ++v) {
                    for (int u = 0; u < extent; ++u) {
                        const int q = u + v < tile.extents[c]
                            ? from[static_cast<std::ptrdiff_t>(v) * geometry.width + u] : 0;
                        levels[static_cast<std::size_t>(v * extent + u)] =
                            static_cast<float>(how.step) *
                            (u + v == 0 ? static_cast<float>(q) : dequantise(q, how.shrink_one, how.shrink));
                    }
                }
                accumulate(levels.data(), extent, extent, extent, ax, ay, values + c * plane, grid.nx, scratch);
            }
        }
    }
    for (int c = 0; c < geometry.channels; ++c) {
        for (int j = 0; j < grid.ny; ++j) {
            float* out = values + c * plane + static_cast<std::ptrdiff_t>(j) * grid.nx;
            const float* w = total.data() + static_cast<std::ptrdiff_t>(j) * grid.nx;
            for (int i = first; i < last; ++i) out[i] /= w[i];
        }
    }
}

}  // namespace

RenderFunction render_function() { return render; }

}  // namespace overtone::series::OVERTONE_ISA

// Evaluates the decoded rows of tiles at any positions, on several threads.
#pragma once

#include <deque>

#include "decoder.h"
#include "platform/isa.h"
#include "render_kernel.h"

namespace overtone::tiled_dct {

struct Reconstruction {
  double step, overlap, reconstruction_offset_one, reconstruction_offset;  // as in EncodeSettings
  double blend;  // overlap of smooth tiles, in half-cycles of their highest coded frequency
};

struct SampleGrid {
  const double* xs;  // source pixels, ascending
  int nx;
  const double* ys;
  int ny;
};

// Writes (channel, ny, nx) values by the kernel of a resolved `isa`. Threads share the columns, so
// that results do not depend on their number.
void render(const std::deque<TileRow>& rows, const Geometry& geometry, const Reconstruction& how,
            const SampleGrid& grid, float* values, int num_threads, Isa isa);

}  // namespace overtone::tiled_dct

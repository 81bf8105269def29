// Evaluates the decoded rows of tiles at any positions, on several threads.
#pragma once

#include <deque>
#include <string>

#include "decoder.h"
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

// `isa` is auto, baseline, avx2 or avx512; throws std::invalid_argument for any other and for one
// this processor lacks.
RenderFunction render_for(const std::string& isa);

// Writes (channel, ny, nx) values. Threads share the columns, so that results do not depend on
// their number.
void render(const std::deque<TileRow>& rows, const Geometry& geometry, const Reconstruction& how,
            const SampleGrid& grid, float* values, int num_threads, RenderFunction function);

}  // namespace overtone::tiled_dct

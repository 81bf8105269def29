// The part of rendering that is compiled once per instruction set.
//
// Plain data only: an inline function or table with external linkage here could be emitted with
// instructions the running processor lacks and be picked by the linker for everybody.
#pragma once

#include <cstdint>

#include "platform/variants.h"

namespace overtone::tiled_dct {

// One tile's series: quantised coefficients and where it is.
struct TileView {
  int x, y, n;                    // pixels
  float blend[4];                 // pixels to each side of the left, right, upper, lower boundary
  int diagonals[4];               // coded anti-diagonals of each channel, >= 1
  const std::int16_t* levels[4];  // row v of a channel starts at levels + v * level_stride
};

struct RenderJob {
  const TileView* tiles;
  int num_tiles;
  int level_stride;
  int channels;
  int width, height;  // of the padded picture
  double step, reconstruction_offset_one, reconstruction_offset;
  // Sample positions in source pixels, ascending; pixel i of the picture is centred at i + 0.5.
  const double* xs;
  const double* ys;
  int nx, ny;
  int first, last;  // columns of this job
  float* values;    // (channel, ny, nx), zeroed
  float* total;     // (ny, nx), zeroed: sum of the tiles' weights
  float* scratch;   // see render.cpp
};

using RenderFunction = void (*)(const RenderJob& job);

OVERTONE_DECLARE_VARIANTS(extern const RenderFunction render)

}  // namespace overtone::tiled_dct

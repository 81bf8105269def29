// Evaluates the tiled cosine series at any positions.
#pragma once

#include <deque>

#include "decoder.h"

namespace overtone::series {

// Sample positions in source pixels, ascending; pixel i of the picture is centred at i + 0.5.
struct SampleGrid {
    const double* xs;
    int nx;
    const double* ys;
    int ny;
};

// Values (channel, ny, nx) of columns [first, last) of the grid, from the tiles of `rows`.
using RenderFunction = void (*)(const std::deque<TileRow>& rows, const Geometry& geometry,
                                const Reconstruction& how, const SampleGrid& grid, int first,
                                int last, float* values);

namespace baseline { RenderFunction render_function(); }
#ifdef OVERTONE_X86
namespace avx2 { RenderFunction render_function(); }
namespace avx512 { RenderFunction render_function(); }
#endif

}  // namespace overtone::series

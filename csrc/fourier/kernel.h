// Between the driver (runner.cpp, compiled once) and the kernels (kernel.cpp, compiled once per
// instruction set). Plain data only: a template of the standard library instantiated in a kernel
// would be emitted with that kernel's instructions and might replace everybody's copy.
#pragma once

#include <cstddef>

#include "net.h"
#include "platform/variants.h"

namespace overtone::fourier {

// A network laid out for the kernels. The scratch of one thread holds rows of `row_stride`
// floats, one value a pixel. Per layer: inputs, "turns" (cosine and sine of 2 pi x_j for all j
// but the last, of the first angle, of the phase) and slopes (d output / d phase).
struct Plan {
  struct LayerPlan {
    int inputs, outputs;
    bool residual;
    std::size_t weights;  // offset in the packed weights
    std::size_t input_rows, turn_rows, slope_rows;
  };
  const LayerPlan* layers;
  int num_layers;
  int block;               // pixels per block, a multiple of every vector length
  std::size_t row_stride;  // floats; not a multiple of 4 KiB, or rows would share cache sets
  std::size_t output_rows, delta_rows, weighted_rows, table_rows, angle_rows;
  std::size_t num_rows;
};

inline constexpr std::size_t kMaxStripFloats = 64;  // pixels of the longest strip of any kernel

struct Kernel {
  // Input rows of layer 0 -> output rows.
  void (*forward)(const Plan& plan, const float* packed, float* scratch, int count);
  // After forward: delta rows (gradient by the outputs; zero beyond the true pixels) -> adds to
  // packed_gradient; with want_input_gradient the delta rows end as gradient by the inputs. NULL
  // where OVERTONE_FORWARD_ONLY is defined, for programs that only decode.
  void (*backward)(const Plan& plan, const float* packed, float* packed_gradient, float* scratch,
                   int count, bool want_input_gradient);
  void (*tanh_row)(float* row, int count);
};

OVERTONE_DECLARE_VARIANTS(extern const Kernel kernel)

}  // namespace overtone::fourier

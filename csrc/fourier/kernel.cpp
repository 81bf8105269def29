// Forward and backward of a whole network over one block of pixels; see
// docs/design/fourier-kernel.md for the algebra.
#include "kernel.h"

#include <utility>

#include "platform/vec.h"
#include "products.h"

namespace overtone::fourier::OVERTONE_ISA {
namespace {

using LayerPlan = Plan::LayerPlan;
constexpr float kPi = 3.14159265358979f;
#ifdef OVERTONE_FORWARD_ONLY
constexpr bool kHasGradient = false;
#else
constexpr bool kHasGradient = true;
#endif

// How many vectors of a strip leave room for 2 * N accumulators each.
constexpr int strip_of(int n) {
  const int fit = kAccumulators / (2 * n);
  return fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
}
constexpr int kForwardChunk = kAccumulators / 2 < kMaxWidth ? kAccumulators / 2 : kMaxWidth;
constexpr int kGradientChunk = kAccumulators / 4;
static_assert(4 * kLanes <= kMaxStripFloats);

// Calls f.template operator()<N>() for N = n.
template <int Max, class F>
OVERTONE_INLINE void with_size(int n, F&& f) {
  if constexpr (Max == 1) {
    f.template operator()<1>();
  } else if (n == Max) {
    f.template operator()<Max>();
  } else {
    with_size<Max - 1>(n, f);
  }
}

// Calls f.template operator()<N>(first) for chunks [first, first + N) of n outputs.
template <int Max, class F>
OVERTONE_INLINE void in_chunks(int n, F&& f) {
  const int chunks = (n + Max - 1) / Max;
  for (int i = 0; i < chunks; ++i) {
    const int first = i * n / chunks, size = (i + 1) * n / chunks - first;
    with_size<Max>(size, [&]<int N>() { f.template operator()<N>(first); });
  }
}

// Input rows -> turn rows.
void turns(const LayerPlan& layer, const float* inputs, float* turns, std::size_t row_stride,
           int count) {
  const int last = layer.inputs - 1;
  for (int i = 0; i < count; i += kLanes) {
    Vec cosine, sine, others = Vec{};
    float* row = turns + i;
    const auto put = [&](Vec t) {
      cos_sin(t, cosine, sine);
      store(row, cosine);
      store(row + row_stride, sine);
      row += 2 * row_stride;
    };
    for (int j = 0; j < last; ++j) {
      const Vec x = load(inputs + j * row_stride + i);
      others += x;
      put(x);
    }
    const Vec x = load(inputs + last * row_stride + i);
    put(0.5f * (x - others));
    put(0.5f * (x + others));
  }
}

// Turn rows -> table of one strip, by doubling.
template <int S>
OVERTONE_INLINE void fill_table(const float* turns, std::size_t turn_stride, int inputs,
                                float* table, std::size_t row_stride) {
  const int last = inputs - 1;
  for (int v = 0; v < S * kLanes; v += kLanes) {
    store(table + v, load(turns + 2 * last * turn_stride + v));
    store(table + row_stride + v, load(turns + (2 * last + 1) * turn_stride + v));
  }
  for (int j = 0; j < last; ++j) {
    Vec zc[S], zs[S];
    for (int v = 0; v < S; ++v) {
      zc[v] = load(turns + 2 * j * turn_stride + v * kLanes);
      zs[v] = load(turns + (2 * j + 1) * turn_stride + v * kLanes);
    }
    const int half = 1 << j;
    for (int h = 0; h < half; ++h) {
      const float* from = table + 2 * h * row_stride;
      float* to = table + 2 * (h + half) * row_stride;
      for (int v = 0; v < S; ++v) {
        const Vec c = load(from + v * kLanes), s = load(from + row_stride + v * kLanes);
        store(to + v * kLanes, c * zc[v] - s * zs[v]);
        store(to + row_stride + v * kLanes, c * zs[v] + s * zc[v]);
      }
    }
  }
}

// Outputs [First, First + N) of Outputs at pixels [at, at + S vectors), whose table has been
// filled.
template <int Outputs, int First, int N, int S>
OVERTONE_INLINE void forward_chunk(const Plan& plan, const LayerPlan& layer, const float* packed,
                                   float* scratch, std::size_t output_rows, std::size_t at) {
  const std::size_t stride = plan.row_stride;
  const int m = layer.inputs, entries = 1 << (m - 1);
  const float* table = scratch + plan.table_rows * stride;
  const float* phase = scratch + (layer.turn_rows + 2 * m) * stride + at;
  Vec p[N][S], q[N][S];
  multiply<N, S>(table, S * kLanes, entries, packed + First, Outputs, p, q);
#pragma GCC unroll 10
  for (int o = 0; o < N; ++o)
#pragma GCC unroll 4
    for (int v = 0; v < S; ++v) {
      const std::size_t pixel = at + v * kLanes, row = First + o;
      const Vec c = load(phase + v * kLanes), s = load(phase + stride + v * kLanes);
      Vec y = p[o][v] * c + q[o][v] * s;
      if (layer.residual) y += load(scratch + (layer.input_rows + row) * stride + pixel);
      store(scratch + (output_rows + row) * stride + pixel, y);
      if constexpr (kHasGradient)
        store(scratch + (layer.slope_rows + row) * stride + pixel, q[o][v] * c - p[o][v] * s);
    }
}

// Chunks of outputs share the table of a strip. The compiler knows how many outputs there are,
// which makes addresses of weights constants that WebAssembly folds into its loads; without them
// they are most of the loop's integers.
template <int Outputs>
void forward_layer(const Plan& plan, const LayerPlan& layer, const float* packed, float* scratch,
                   std::size_t output_rows, int count) {
  constexpr int kChunks = (Outputs + kForwardChunk - 1) / kForwardChunk;
  constexpr int kStrip = strip_of((Outputs + kChunks - 1) / kChunks), kWidth = kStrip * kLanes;
  const auto all_chunks = [&]<int... I>(std::integer_sequence<int, I...>, std::size_t at) {
    (forward_chunk<Outputs, I * Outputs / kChunks,
                   (I + 1) * Outputs / kChunks - I * Outputs / kChunks, kStrip>(
         plan, layer, packed, scratch, output_rows, at),
     ...);
  };
  for (int i = 0; i < count; i += kWidth) {
    fill_table<kStrip>(scratch + layer.turn_rows * plan.row_stride + i, plan.row_stride,
                       layer.inputs, scratch + plan.table_rows * plan.row_stride, kWidth);
    all_chunks(std::make_integer_sequence<int, kChunks>{}, static_cast<std::size_t>(i));
  }
}

void forward(const Plan& plan, const float* packed, float* scratch, int count) {
  for (int l = 0; l < plan.num_layers; ++l) {
    const LayerPlan& layer = plan.layers[l];
    const std::size_t output_rows =
        l + 1 < plan.num_layers ? plan.layers[l + 1].input_rows : plan.output_rows;
    turns(layer, scratch + layer.input_rows * plan.row_stride,
          scratch + layer.turn_rows * plan.row_stride, plan.row_stride, count);
    with_size<kMaxWidth>(layer.outputs, [&]<int N>() {
      forward_layer<N>(plan, layer, packed + layer.weights, scratch, output_rows, count);
    });
  }
}

// Delta rows -> weighted rows (gradients by P, then by Q) and the gradient by the phase, which
// takes the place of the phase's cosine.
void weigh(const Plan& plan, const LayerPlan& layer, float* scratch, int count) {
  const std::size_t stride = plan.row_stride;
  float* phase = scratch + (layer.turn_rows + 2 * layer.inputs) * stride;
  float* weighted = scratch + plan.weighted_rows * stride;
  for (int i = 0; i < count; i += kLanes) {
    const Vec c = load(phase + i), s = load(phase + stride + i);
    Vec by_phase = Vec{};
    for (int o = 0; o < layer.outputs; ++o) {
      const Vec delta = load(scratch + (plan.delta_rows + o) * stride + i);
      store(weighted + o * stride + i, c * delta);
      store(weighted + (layer.outputs + o) * stride + i, s * delta);
      by_phase += delta * load(scratch + (layer.slope_rows + o) * stride + i);
    }
    store(phase + i, by_phase);
  }
}

template <int N, int S>
OVERTONE_INLINE void angle_chunk(const Plan& plan, const LayerPlan& layer, const float* packed,
                                 const float* table, float* scratch, int first, int at) {
  const std::size_t stride = plan.row_stride;
  const float* weighted = scratch + (plan.weighted_rows + first) * stride + at;
  Vec dp[N][S], dq[N][S];
  for (int o = 0; o < N; ++o)
    for (int v = 0; v < S; ++v) {
      dp[o][v] = load(weighted + o * stride + v * kLanes);
      dq[o][v] = load(weighted + (o + layer.outputs) * stride + v * kLanes);
    }
  angle_gradient<N, S>(table, stride, 1 << (layer.inputs - 1), packed + first, layer.outputs, dp,
                       dq, scratch + plan.angle_rows * stride, first > 0);
}

// Angle rows and phase gradient of one strip -> gradient by the inputs, in the delta rows.
// Angle h is pi (x_last + sum_j (2 h_j - 1) x_j), the phase is pi sum_j x_j.
template <int S>
OVERTONE_INLINE void input_gradient(const Plan& plan, const LayerPlan& layer, float* scratch,
                                    int at) {
  const std::size_t stride = plan.row_stride;
  float* angles = scratch + plan.angle_rows * stride;
  float* delta = scratch + plan.delta_rows * stride + at;
  const float* by_phase = scratch + (layer.turn_rows + 2 * layer.inputs) * stride + at;
  const int last = layer.inputs - 1;
  Vec set[kMaxWidth][S];
  for (int j = last - 1; j >= 0; --j) {
    const int half = 1 << j;
    for (int v = 0; v < S; ++v) set[j][v] = Vec{};
    for (int h = 0; h < half; ++h)
      for (int v = 0; v < S; ++v) {
        float* low = angles + (h * S + v) * kLanes;
        const Vec high = load(low + half * S * kLanes);
        set[j][v] += high;
        store(low, load(low) + high);
      }
  }
  for (int v = 0; v < S; ++v) {
    const Vec total = load(angles + v * kLanes), phase = load(by_phase + v * kLanes);
    for (int j = 0; j <= last; ++j) {
      const Vec angle = j == last ? total : set[j][v] + set[j][v] - total;
      float* out = delta + j * stride + v * kLanes;
      const Vec gradient = kPi * (angle + phase);
      store(out, layer.residual ? load(out) + gradient : gradient);
    }
  }
}

template <int N>
void backward_layer(const Plan& plan, const LayerPlan& layer, const float* packed, float* gradient,
                    float* scratch, int count, bool want_input_gradient) {
  constexpr int kStrip = strip_of(N), kWidth = kStrip * kLanes;
  const std::size_t stride = plan.row_stride;
  float* table = scratch + plan.table_rows * stride;
  weigh(plan, layer, scratch, count);
  for (int i = 0; i < count; i += kWidth) {
    fill_table<kStrip>(scratch + layer.turn_rows * stride + i, stride, layer.inputs, table + i,
                       stride);
    if (!want_input_gradient) continue;
    if constexpr (N <= kForwardChunk) {
      angle_chunk<N, kStrip>(plan, layer, packed, table + i, scratch, 0, i);
    } else {
      in_chunks<kForwardChunk>(layer.outputs, [&]<int M>(int first) {
        angle_chunk<M, kStrip>(plan, layer, packed, table + i, scratch, first, i);
      });
    }
    input_gradient<kStrip>(plan, layer, scratch, i);
  }
  in_chunks<kGradientChunk>(layer.outputs, [&]<int M>(int first) {
    weight_gradient<M>(table, stride, 1 << (layer.inputs - 1),
                       scratch + (plan.weighted_rows + first) * stride, layer.outputs, count,
                       gradient + first);
  });
}

[[maybe_unused]] void backward(const Plan& plan, const float* packed, float* packed_gradient,
                               float* scratch, int count, bool want_input_gradient) {
  for (int l = plan.num_layers - 1; l >= 0; --l) {
    const LayerPlan& layer = plan.layers[l];
    with_size<kMaxWidth>(layer.outputs, [&]<int N>() {
      backward_layer<N>(plan, layer, packed + layer.weights, packed_gradient + layer.weights,
                        scratch, count, l > 0 || want_input_gradient);
    });
  }
}

void tanh_row(float* row, int count) {
  for (int i = 0; i < count; i += kLanes) store(row + i, tanh(load(row + i)));
}

}  // namespace

const Kernel kernel = {forward, kHasGradient ? backward : nullptr, tanh_row};

}  // namespace overtone::fourier::OVERTONE_ISA

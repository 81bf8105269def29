// From symbols to colours, row by row. Plain data only, because a template of the standard library
// in a kernel would be emitted with that kernel's instructions.
#pragma once

#include <cstdint>

#include "limits.h"
#include "platform/variants.h"

namespace overtone::latent_file {

inline constexpr int kRowBorder = 16;  // floats before a row that belong to it, and after it
inline constexpr int kRowUnit = 32;    // rows are filled up to a multiple of it

constexpr int padded(int width) { return (width + kRowUnit - 1) / kRowUnit * kRowUnit; }

// Colours of a pixel are sums of a basis of functions of its features, and of these themselves.
struct Synthesis {
  Trunk trunk;
  int num_features, num_mixed, num_basis, channels;
  const float* mix;         // [unit][feature]
  const float* mix_bias;    // [unit]
  const float* output;      // [channel][basis]
  const float* stabiliser;  // [channel][feature]
  const float* bias;        // [channel]
};

struct SynthesisKernel {
  void (*read_row)(const std::int8_t* symbols, float* out, int width);
  // Twice as many columns of the sum of four rows, in the order of the taps.
  void (*double_row)(const float* const* rows, const float* taps, int width, float* out,
                     float* scratch);
  // The middle of seven rows, plus all of them through a filter.
  void (*smooth_row)(const float* const* rows, const float* taps, int width, float* out,
                     float* scratch);
  void (*trunk_row)(const Synthesis& net, const float* const* features, float* const* out,
                    int width);
  // A layer of 3x3, plus its input: rows of that come three a channel, of y - 1, y and y + 1; their
  // edges are repeated into their borders.
  void (*residual_row)(const float* weights, const float* biases, int channels, bool is_rectified,
                       float* const* inputs, float* const* out, int width);
  // out[x] = sum of rows[i][x] * weights[i].
  void (*combine_rows)(const float* const* rows, const float* weights, int num_rows, float* out,
                       int width);
  // Colours on 0 ... 1 to levels; `out` is that of the channel in the first pixel.
  void (*level_row)(const float* values, std::uint8_t* out, int channels, int width);
};

OVERTONE_DECLARE_VARIANTS(extern const SynthesisKernel synthesis_kernel)

}  // namespace overtone::latent_file

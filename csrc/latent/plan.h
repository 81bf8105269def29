// What the driver and the kernels of the latent machine share: plain data only, because a template
// of the standard library in a kernel would be emitted with that kernel's instructions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "latent_shape/limits.h"

namespace overtone::latent {

using namespace latent_shape;

inline constexpr int kBlock = 256;     // symbols or pixels of a row that are worked on together
inline constexpr int kMaxLanes = 16;   // of a vector on any processor
inline constexpr int kBorder = 16;     // floats left and right of a row
inline constexpr int kBorderRows = 4;  // rows above and below
inline constexpr int kSlack = 512;     // floats after the last row that may be read
inline constexpr int kMaxRows = 512;   // inputs of one linear map
inline constexpr int kMaxGrids = 2 * kMaxSynthesisGrids;  // with hyperlatents
inline constexpr int kSeamRows = 3;  // rows above a symbol that its context reaches

// Numbers on a grid; `data` is the first of row 0. Rows have borders of kBorder floats, and the
// memory before row 0 and after the last one belongs to the plane for kBorderRows rows.
struct Plane {
  float* data = nullptr;
  std::ptrdiff_t stride = 0;
  int height = 0, width = 0;

  float* row(int y) const { return data + y * stride; }
};

// A linear map with its gradient: out = W in + bias.
struct Linear {
  int num_in = 0, num_out = 0;
  const float* forward = nullptr;   // W transposed, [in][out]
  const float* backward = nullptr;  // W, [out][in]
  const float* bias = nullptr;
  std::size_t sums = 0;  // where its gradient is in a worker's sums: [out][in + 1] vectors
};

// The network that predicts a symbol from its context.
struct ContextNet {
  int num_neighbours, num_features, num_layers;
  Linear hidden[kMaxContextLayers];  // with the identity in W
  Linear output;                     // from the last hidden layer and the context
  // From gradients of the first hidden layer, then of the output, to those of the context.
  const float* to_context;
};

// One row of symbols of a grid, and where its gradients go.
struct ContextRow {
  const float* symbols[kSeamRows + 1];  // the rows y - kSeamRows ... y
  float* gradients[kSeamRows + 1];      // of the same rows, added to
  int width;
  const float* features[kMaxFeatures];  // rows at half the size; null without features
  float* feature_gradients[kMaxFeatures];
  float rate_weight;  // loss a bit
  bool has_gradient;
};

struct EntropyKernel {
  int lanes;
  // Bits of the row.
  double (*context_row)(const ContextNet& net, const ContextRow& row, float* sums, float* scratch);
  // out = map of the inputs + the rows of the next coarser level, each number repeated, if any.
  void (*feature_row)(const Linear& map, const float* const* inputs, const float* const* coarse,
                      float* const* out, int width, float* scratch);
  // Gradient of the map, from the gradient of its outputs.
  void (*feature_weights)(const Linear& map, const float* const* inputs,
                          const float* const* gradients, int width, float* sums, float* scratch);
  // out[x] += sum of rows[i][x] * weights[i].
  void (*add_weighted)(const float* const* rows, const float* weights, int num_rows, float* out,
                       int width);
  // out[x] = sum of the four numbers of two rows under x.
  void (*halve)(const float* upper, const float* lower, float* out, int width);
};

// Filters that double a grid and that smooth one before it joins; `rows` are in the order of taps.
struct UpsamplingKernel {
  void (*double_row)(const float* const* rows, const float* taps, int num_in, float* out,
                     float* scratch);
  // From the gradient of a doubled row to that of its vertically filtered one; adds to 4 vectors.
  void (*double_row_back)(const float* const* rows, const float* taps, int num_in,
                          const float* gradient, int num_out, float* out, float* sums,
                          float* scratch);
  void (*smooth_row)(const float* const* rows, const float* taps, int num, float* out,
                     float* scratch);
  void (*smooth_row_back)(const float* const* rows, const float* taps, int num,
                          const float* gradient, float* out, float* sums, float* scratch);
  // out[x] (+)= sum of rows[i][x] * weights[i].
  void (*combine)(const float* const* rows, const float* weights, int num_rows, float* out,
                  int width, bool adds);
};

struct Synthesis {
  Trunk trunk;
  int num_features;  // grids that reach a pixel
  int num_mixed;     // hidden units, or factors of the products
  int num_basis;     // functions that the outputs are sums of
  int channels;
  Linear mix;     // features -> hidden units or phases
  Linear output;  // basis, then features -> channels
  // From gradients of the mixing, then of the channels, to those of the features.
  const float* to_features;
};

// A residual layer of 3x3: rows of its input come three a channel, of y - 1, y and y + 1.
struct SynthesisKernel {
  void (*trunk_row)(const Synthesis& net, const float* const* features, float* const* out,
                    int width, float* scratch);
  // From gradients of the outputs, zero beyond `width`, to those of the features.
  void (*trunk_row_back)(const Synthesis& net, const float* const* features,
                         const float* const* gradients, float* const* out, int width, float* sums,
                         float* scratch);
  void (*residual_row)(const Linear& map, int channels, bool is_rectified,
                       const float* const* inputs, float* const* out, int width);
  void (*residual_weights)(const Linear& map, int channels, const float* const* inputs,
                           const float* const* gradients, int width, float* sums, float* scratch);
  // The gradient of the inputs in one row, or adds it to out; `gradients` are three rows a channel,
  // `transposed` is [channel of the output, tap][channel of the input].
  void (*residual_row_back)(const float* transposed, int channels, const float* const* gradients,
                            float* const* out, int width, bool adds);
  // Clears gradients where the layer's output was cut to zero.
  void (*gate_row)(const float* values, float* gradient, int width);
  // Sum of squared errors of the pixels cut to [0, 1]; gradient = slope * error unless null.
  double (*error_row)(const float* values, const float* targets, float* gradient, float slope,
                      bool is_rounded, int width);
};

// How latents become symbols.
struct Rounding {
  float gain;
  float temperature;  // of the soft rounding; 0 rounds
  float noise;        // standard deviation
  std::uint32_t key;  // of the noise
};

struct LatentKernel {
  // A row of symbols and d symbol / d latent; `index` is that of the row's first latent.
  void (*quantise_row)(const float* latents, float* symbols, float* slopes, int width,
                       std::uint32_t index, const Rounding& rounding);
  // Adam: the scales undo the bias of the two moments.
  void (*adam_row)(const float* gradient, const float* slopes, float* latents, float* mean,
                   float* square, int width, const float* settings);
};

}  // namespace overtone::latent

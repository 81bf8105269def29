// Filters, the trunk and residual layers. Rows are worked on as far as they are padded.
#include "synthesis.h"

#include "platform/vec.h"

namespace overtone::latent_file::OVERTONE_ISA {
namespace {

using namespace simd::OVERTONE_ISA;

constexpr int kMaxBasis = 1 << kMaxFactors;

void fill(float* row, int first, int end, float value) {
  for (int x = first; x < end; ++x) row[x] = value;
}

void read_row(const std::int8_t* symbols, float* out, int width) {
  for (int x = 0; x < width; ++x) out[x] = symbols[x];
  fill(out, width, padded(width), 0.0f);
}

void combine_rows(const float* const* rows, const float* weights, int num_rows, float* out,
                  int width) {
  for (int x = 0; x < width; x += kLanes) {
    Vec sum = Vec{};
    for (int i = 0; i < num_rows; ++i) sum += weights[i] * load(rows[i] + x);
    store(out + x, sum);
  }
}

void double_row(const float* const* rows, const float* taps, int width, float* out,
                float* scratch) {
  float* const row = scratch + kRowBorder;
  combine_rows(rows, taps, 4, row, width);
  fill(row, -2, 0, row[0]);
  fill(row, width, width + 2, row[width - 1]);
  const float a = taps[0], b = taps[1], c = taps[2], d = taps[3];
  for (int p = 0; p < width; ++p) {
    out[2 * p] = a * row[p - 2] + c * row[p - 1] + d * row[p] + b * row[p + 1];
    out[2 * p + 1] = b * row[p - 1] + d * row[p] + c * row[p + 1] + a * row[p + 2];
  }
}

void smooth_row(const float* const* rows, const float* taps, int width, float* out,
                float* scratch) {
  float* const row = scratch + kRowBorder;
  for (int x = 0; x < width; x += kLanes) {
    Vec sum = taps[0] * load(rows[3] + x);
    for (int k = 1; k < 4; ++k) sum += taps[k] * (load(rows[3 - k] + x) + load(rows[3 + k] + x));
    store(row + x, sum);
  }
  fill(row, -3, 0, 0.0f);
  fill(row, width, padded(width) + 3, 0.0f);
  for (int x = 0; x < width; x += kLanes) {
    Vec sum = load(rows[3] + x) + taps[0] * load(row + x);
    for (int k = 1; k < 4; ++k) sum += taps[k] * (load(row + x - k) + load(row + x + k));
    store(out + x, sum);
  }
}

// Two vectors of pixels.
constexpr int kGroup = 2;
struct Pixels {
  Vec features[kMaxSynthesisGrids][kGroup];
  Vec colours[kMaxChannels][kGroup];

  Pixels(const Synthesis& net, const float* const* rows, int x) {
    for (int g = 0; g < net.num_features; ++g)
      for (int v = 0; v < kGroup; ++v) features[g][v] = load(rows[g] + x + v * kLanes);
    for (int c = 0; c < net.channels; ++c)
      for (int v = 0; v < kGroup; ++v)
        colours[c][v] = sum(net, net.stabiliser + c * net.num_features, net.bias[c], v);
  }
  OVERTONE_INLINE Vec sum(const Synthesis& net, const float* weights, float bias, int v) const {
    Vec total = splat(bias);
    for (int g = 0; g < net.num_features; ++g) total += weights[g] * features[g][v];
    return total;
  }
  OVERTONE_INLINE void add(const Synthesis& net, int function, int v, Vec value) {
    for (int c = 0; c < net.channels; ++c)
      colours[c][v] += net.output[c * net.num_basis + function] * value;
  }
};

void add_rectified(const Synthesis& net, Pixels& pixels) {
  for (int j = 0; j < net.num_mixed; ++j)
    for (int v = 0; v < kGroup; ++v) {
      const Vec value = pixels.sum(net, net.mix + j * net.num_features, net.mix_bias[j], v);
      pixels.add(net, j, v, value > 0.0f ? value : Vec{});
    }
}

// Entry h of a table is the product of the factors whose bit is set in h.
void add_products(const Synthesis& net, Pixels& pixels) {
  Vec table[kMaxBasis];
  for (int v = 0; v < kGroup; ++v) {
    for (int j = 0; j < net.num_mixed; ++j) {
      const int half = 1 << j;
      table[half] = pixels.sum(net, net.mix + j * net.num_features, net.mix_bias[j], v);
      for (int h = 1; h < half; ++h) table[half + h] = table[h] * table[half];
    }
    for (int h = 1; h < 1 << net.num_mixed; ++h) pixels.add(net, h - 1, v, table[h]);
  }
}

void add_fourier(const Synthesis& net, Pixels& pixels) {
  Vec real[kMaxBasis], imaginary[kMaxBasis];
  for (int v = 0; v < kGroup; ++v) {
    for (int j = 0; j < net.num_mixed; ++j) {
      const int half = 1 << j;
      cos_sin(pixels.sum(net, net.mix + j * net.num_features, net.mix_bias[j], v), real[half],
              imaginary[half]);
      for (int h = 1; h < half; ++h) {
        real[half + h] = real[h] * real[half] - imaginary[h] * imaginary[half];
        imaginary[half + h] = real[h] * imaginary[half] + imaginary[h] * real[half];
      }
    }
    for (int h = 1; h < 1 << net.num_mixed; ++h) {
      pixels.add(net, 2 * (h - 1), v, real[h]);
      pixels.add(net, 2 * (h - 1) + 1, v, imaginary[h]);
    }
  }
}

void trunk_row(const Synthesis& net, const float* const* features, float* const* out, int width) {
  for (int x = 0; x < width; x += kGroup * kLanes) {
    Pixels pixels(net, features, x);
    if (net.trunk == Trunk::rectified) add_rectified(net, pixels);
    if (net.trunk == Trunk::products) add_products(net, pixels);
    if (net.trunk == Trunk::fourier) add_fourier(net, pixels);
    for (int c = 0; c < net.channels; ++c)
      for (int v = 0; v < kGroup; ++v) store(out[c] + x + v * kLanes, pixels.colours[c][v]);
  }
}

void residual_row(const float* weights, const float* biases, int channels, bool is_rectified,
                  float* const* inputs, float* const* out, int width) {
  for (int i = 0; i < 3 * channels; ++i) {
    inputs[i][-1] = inputs[i][0];
    inputs[i][width] = inputs[i][width - 1];
  }
  for (int x = 0; x < width; x += kLanes)
    for (int o = 0; o < channels; ++o) {
      Vec sum = load(inputs[3 * o + 1] + x) + biases[o];
      const float* weight = weights + o * channels * 9;
      for (int i = 0; i < 3 * channels; ++i)
        for (int dx = -1; dx <= 1; ++dx) sum += *weight++ * load(inputs[i] + x + dx);
      if (is_rectified) sum = sum > 0.0f ? sum : Vec{};
      store(out[o] + x, sum);
    }
}

void level_row(const float* values, std::uint8_t* out, int channels, int width) {
  for (int x = 0; x < width; x += kLanes) {
    Vec value = load(values + x) * 255.0f;
    value = value > 0.0f ? value : Vec{};  // also what is not a number
    value = round(value < 255.0f ? value : splat(255.0f));
    const IntVec level = __builtin_convertvector(value, IntVec);
    const int count = width - x < kLanes ? width - x : kLanes;
    for (int i = 0; i < count; ++i) out[(x + i) * channels] = static_cast<std::uint8_t>(level[i]);
  }
}

}  // namespace

const SynthesisKernel synthesis_kernel = {read_row,     double_row,   smooth_row, trunk_row,
                                          residual_row, combine_rows, level_row};

}  // namespace overtone::latent_file::OVERTONE_ISA

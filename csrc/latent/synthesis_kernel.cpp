// From the features of pixels to their colours, and the gradients on the way back.
#include "functions.h"
#include "kernels.h"
#include "trunk.h"

namespace overtone::latent::OVERTONE_ISA {
namespace {

constexpr int kTaps = 9;
constexpr float kTop = 255.0f;  // of an 8-bit pixel

int count_of(int width, int at) { return width - at < kBlock ? width - at : kBlock; }

// Rows of one block that the trunk makes.
struct Block {
  float *mixed[kMaxRows], *basis[kMaxRows], *gradients[kMaxRows], *by_mixed[kMaxRows];
  float* ones;

  Block(const Synthesis& net, float* memory) {
    Scratch scratch(memory);
    scratch.rows(mixed, net.num_mixed);
    if (net.trunk == Trunk::rectified)
      for (int i = 0; i < net.num_basis; ++i) basis[i] = mixed[i];
    else
      scratch.rows(basis, net.num_basis);
    scratch.rows(gradients, net.num_basis);
    scratch.rows(by_mixed, net.num_mixed);
    ones = scratch.ones();
  }
};

// The basis, then the features.
RowList inputs_of(const Synthesis& net, const Block& block, Rows features, int at, int count) {
  RowList inputs;
  RowList own;
  own.add(features, net.num_features, at);
  if (net.trunk == Trunk::rectified) forward(net.mix, own.rows, block.mixed, count, 0.0f);
  if (net.trunk == Trunk::fourier || net.trunk == Trunk::products) {
    forward(net.mix, own.rows, block.mixed, count);
    make_basis(net, block.mixed, block.basis, count);
  }
  inputs.add(block.basis, net.num_basis);
  inputs.add(own.rows, net.num_features);
  return inputs;
}

void trunk_row(const Synthesis& net, Rows features, float* const* out, int width, float* memory) {
  const Block block(net, memory);
  for (int at = 0; at < width; at += kBlock) {
    const int count = count_of(width, at);
    const RowList inputs = inputs_of(net, block, features, at, count);
    float* to[kMaxChannels];
    for (int c = 0; c < net.channels; ++c) to[c] = out[c] + at;
    forward(net.output, inputs.rows, to, count);
  }
}

void trunk_row_back(const Synthesis& net, Rows features, Rows gradients, float* const* out,
                    int width, float* sums, float* memory) {
  const Block block(net, memory);
  for (int at = 0; at < width; at += kBlock) {
    const int count = count_of(width, at);
    RowList inputs = inputs_of(net, block, features, at, count);
    RowList given;
    given.add(gradients, net.channels, at);
    map_rows({given.rows, net.channels, net.output.backward, block.gradients, net.num_basis,
              nullptr, net.trunk == Trunk::rectified ? block.basis : nullptr, false,
              -__builtin_inff(), inputs.size},
             count);
    inputs.add(block.ones);
    add_products(given.rows, net.channels, inputs.rows, inputs.size, count, sums + net.output.sums);
    RowList known;
    if (net.trunk != Trunk::linear) {
      basis_back(net, block.basis, block.gradients, block.by_mixed, count);
      known.add(net.trunk == Trunk::rectified ? block.gradients : block.by_mixed, net.num_mixed);
      add_products(known.rows, net.num_mixed, inputs.rows + net.num_basis, net.num_features + 1,
                   count, sums + net.mix.sums);
    }
    known.add(given.rows, net.channels);
    float* to[kMaxGrids];
    for (int i = 0; i < net.num_features; ++i) to[i] = out[i] + at;
    map_rows({known.rows, known.size, net.to_features, to, net.num_features}, count);
  }
}

// Nine shifted rows a channel, of the columns from `at` on.
void add_taps(RowList& list, int channels, Rows rows, int at) {
  for (int c = 0; c < channels; ++c)
    for (int dy = 0; dy < 3; ++dy)
      for (int dx = -1; dx <= 1; ++dx) list.add(rows[3 * c + dy] + at + dx);
}

void residual_row(const Linear& map, int channels, bool is_rectified, Rows inputs,
                  float* const* out, int width) {
  float* to[kMaxChannels];
  for (int at = 0; at < width; at += kBlock) {
    RowList seen;
    add_taps(seen, channels, inputs, at);
    for (int c = 0; c < channels; ++c) to[c] = out[c] + at;
    forward(map, seen.rows, to, count_of(width, at), is_rectified ? 0.0f : -__builtin_inff());
  }
}

void residual_weights(const Linear& map, int channels, Rows inputs, Rows gradients, int width,
                      float* sums, float* memory) {
  const float* ones = Scratch(memory).ones();
  for (int at = 0; at < width; at += kBlock) {
    RowList left, right;
    left.add(gradients, channels, at);
    add_taps(right, channels, inputs, at);
    right.add(ones);
    add_products(left.rows, channels, right.rows, right.size, count_of(width, at), sums + map.sums);
  }
}

// What a column outside the picture, which repeats the edge, says about it; only one column of
// the gradients reaches it, by the first or the last tap of each row.
float outside(const float* transposed, int channels, Rows gradients, int column, int tap, int c) {
  float sum = 0;
  for (int o = 0; o < channels; ++o)
    for (int dy = -1; dy <= 1; ++dy)
      sum += transposed[(o * kTaps + 3 * (1 - dy) + tap) * channels + c] *
             gradients[3 * o + 1 + dy][column];
  return sum;
}

void residual_row_back(const float* transposed, int channels, Rows gradients, float* const* out,
                       int width, bool adds) {
  for (int at = 0; at < width; at += kBlock) {
    RowList seen;
    for (int c = 0; c < channels; ++c)
      for (int dy = 1; dy >= -1; --dy)
        for (int dx = 1; dx >= -1; --dx) seen.add(gradients[3 * c + 1 + dy] + at + dx);
    float* to[kMaxChannels];
    for (int c = 0; c < channels; ++c) to[c] = out[c] + at;
    map_rows({seen.rows, channels * kTaps, transposed, to, channels, nullptr, nullptr, adds},
             count_of(width, at));
  }
  for (int c = 0; c < channels; ++c) {
    out[c][0] += outside(transposed, channels, gradients, 0, 0, c);
    out[c][width - 1] += outside(transposed, channels, gradients, width - 1, 2, c);
    clear(out[c], width, whole_vectors(width));
  }
}

void gate_row(const float* values, float* gradient, int width) {
  for (int i = 0; i < width; ++i) gradient[i] = values[i] > 0.0f ? gradient[i] : 0.0f;
}

double error_row(const float* values, const float* targets, float* gradient, float slope,
                 bool is_rounded, int width) {
  Vec total = Vec{};
  const Vec lanes = lane_numbers();
  for (int i = 0; i < width; i += kLanes) {
    Vec seen = min(max(load(values + i), Vec{}), splat(1.0f));
    if (is_rounded) seen = simd::OVERTONE_ISA::round(seen * kTop) * (1.0f / kTop);
    const Vec error = lanes < static_cast<float>(width - i) ? seen - load(targets + i) : Vec{};
    total += error * error;
    if (gradient) store(gradient + i, slope * error);
  }
  double sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += total[i];
  return sum;
}

}  // namespace

const SynthesisKernel synthesis_kernel = {trunk_row,        trunk_row_back,    residual_row,
                                          residual_weights, residual_row_back, gate_row,
                                          error_row};

}  // namespace overtone::latent::OVERTONE_ISA

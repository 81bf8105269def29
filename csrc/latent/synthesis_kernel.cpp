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
  float* outputs[kMaxChannels];
  float* features[kMaxGrids];
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
    scratch.rows(outputs, net.channels);
    scratch.rows(features, net.num_features);
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
    forward(net.output, inputs.rows, block.outputs, count);
    for (int c = 0; c < net.channels; ++c) copy(block.outputs[c], out[c] + at, count);
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
    float* to[kMaxRows];
    const float* gates[kMaxRows] = {};
    for (int i = 0; i < net.num_basis; ++i) {
      to[i] = block.gradients[i];
      gates[i] = net.trunk == Trunk::rectified ? block.basis[i] : nullptr;
    }
    for (int i = 0; i < net.num_features; ++i) to[net.num_basis + i] = block.features[i];
    map_rows({given.rows, net.channels, net.output.backward, to, inputs.size, nullptr, gates},
             count);
    inputs.add(block.ones);
    add_products(given.rows, net.channels, inputs.rows, inputs.size, count, sums + net.output.sums);
    if (net.trunk != Trunk::linear) {
      basis_back(net, block.basis, block.gradients, block.by_mixed, count);
      Rows by_mixed = net.trunk == Trunk::rectified ? block.gradients : block.by_mixed;
      add_products(by_mixed, net.num_mixed, inputs.rows + net.num_basis, net.num_features + 1,
                   count, sums + net.mix.sums);
      map_rows({by_mixed, net.num_mixed, net.mix.backward, block.features, net.num_features,
                nullptr, nullptr, true},
               count);
    }
    for (int i = 0; i < net.num_features; ++i) copy(block.features[i], out[i] + at, count);
  }
}

// Nine shifted rows a channel, of the columns from `at` on.
void add_taps(RowList& list, int channels, Rows rows, int at) {
  for (int c = 0; c < channels; ++c)
    for (int dy = 0; dy < 3; ++dy)
      for (int dx = -1; dx <= 1; ++dx) list.add(rows[3 * c + dy] + at + dx);
}

void residual_row(const Linear& map, int channels, bool is_rectified, Rows inputs,
                  float* const* out, int width, float* memory) {
  float* values[kMaxChannels];
  Scratch(memory).rows(values, channels);
  for (int at = 0; at < width; at += kBlock) {
    const int count = count_of(width, at);
    RowList seen;
    add_taps(seen, channels, inputs, at);
    forward(map, seen.rows, values, count, is_rectified ? 0.0f : -__builtin_inff());
    for (int c = 0; c < channels; ++c) copy(values[c], out[c] + at, count);
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

// Works on the columns from -1 to `width`; those outside the picture repeat its edge.
void residual_row_back(const float* transposed, int channels, Rows gradients, float* const* out,
                       int width, float* memory) {
  float* values[kMaxChannels];
  Scratch(memory).rows(values, channels);
  for (int at = -1; at <= width; at += kBlock) {
    const int count = count_of(width + 1, at);
    RowList seen;
    for (int c = 0; c < channels; ++c)
      for (int dy = 1; dy >= -1; --dy)
        for (int dx = 1; dx >= -1; --dx) seen.add(gradients[3 * c + 1 + dy] + at + dx);
    map_rows({seen.rows, channels * kTaps, transposed, values, channels}, count);
    const int first = at < 0 ? 1 : 0, end = width - at < count ? width - at : count;
    for (int c = 0; c < channels; ++c) {
      for (int i = first; i < end; ++i) out[c][at + i] += values[c][i];
      if (at < 0) out[c][0] += values[c][0];
      if (end < count) out[c][width - 1] += values[c][end];
    }
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

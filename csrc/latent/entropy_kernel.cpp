// Contexts, the network that predicts a symbol from them, its rate, and the way back.
#include "functions.h"
#include "kernels.h"
#include "rows.h"

namespace overtone::latent::OVERTONE_ISA {
namespace {

constexpr int kReach = 4;    // columns that a context reaches to either side
constexpr int kMargin = 16;  // floats, more than any vector

constexpr float kScaleShift = 4.0f, kScaleLimit = 5.0f;  // log b = clamp(s - 4, -5, 5)
constexpr float kLeastMass = 0x1p-16f;
constexpr float kLog2E = 1.44269504f;

// Laplace mass of a symbol's unit interval, and its slopes by mean and by log scale.
struct Mass {
  Vec mass, by_mean, by_scale;
};

OVERTONE_INLINE Mass mass_of(Vec symbol, Vec mean, Vec scale) {
  const Vec log_scale = min(max(scale - kScaleShift, splat(-kScaleLimit)), splat(kScaleLimit));
  const Vec inverse = expm1(-log_scale) + 1.0f;
  const Vec difference = symbol - mean, size = simd::OVERTONE_ISA::abs(difference);
  const IntVec is_outer = size >= 0.5f;
  // e^-|size - 1/2| / b and e^-(size + 1/2) / b, less 1; the latter relative to the former outside.
  const Vec near = expm1(-simd::OVERTONE_ISA::abs(size - 0.5f) * inverse);
  const Vec far = expm1(-(is_outer ? splat(1.0f) : size + 0.5f) * inverse);
  const Vec near_density = near + 1.0f;
  const Vec far_density = is_outer ? near_density * (far + 1.0f) : far + 1.0f;
  const Vec mass = 0.5f * (is_outer ? near_density * -far : -near - far);
  const Vec by_size = 0.5f * inverse * (is_outer ? near_density * far : far - near);
  const Vec by_log = -0.5f * inverse * ((size + 0.5f) * far_density - (size - 0.5f) * near_density);
  const IntVec is_free = simd::OVERTONE_ISA::abs(scale - kScaleShift) <= kScaleLimit;
  return {mass, -with_sign(splat(1.0f), difference) * by_size, is_free ? by_log : Vec{}};
}

// Features are halved two vectors at a time.
int whole_pairs(int count) { return (count + 2 * kLanes - 1) / (2 * kLanes) * (2 * kLanes); }

// Rows `mean` and `scale` become the gradients by them; returns the bits. In two passes, since a
// processor works on several numbers at once only where they are near each other in the program.
double rate_row(const float* symbols, float* mean, float* scale, int count, float weight) {
  const int end = whole_pairs(count);
  float masses[kBlock];
  for (int i = 0; i < end; i += kLanes) {
    const Mass found = mass_of(load(symbols + i), load(mean + i), load(scale + i));
    store(masses + i, found.mass);
    store(mean + i, found.by_mean);
    store(scale + i, found.by_scale);
  }
  Vec total = Vec{};
  const Vec lanes = lane_numbers();
  for (int i = 0; i < end; i += kLanes) {
    const Vec mass = load(masses + i);
    const IntVec is_inside = lanes < static_cast<float>(count - i);
    const IntVec is_likely = mass > kLeastMass;
    const Vec bits = -log2(is_likely ? mass : splat(kLeastMass));
    const Vec slope = (is_likely & is_inside) ? -kLog2E * weight / mass : Vec{};
    total += is_inside ? bits : Vec{};
    store(mean + i, slope * load(mean + i));
    store(scale + i, slope * load(scale + i));
  }
  double bits = 0;
  for (int i = 0; i < kLanes; ++i) bits += total[i];
  return bits;
}

// The rows of one block of a row's contexts, and those that its network makes of them.
struct Block {
  float* hidden[kMaxContextLayers][kMaxNeighbours + kMaxFeatures];
  float* gradients[2][kMaxNeighbours + kMaxFeatures];
  float* by_context[kMaxNeighbours + kMaxFeatures];  // with margins of zeros
  float* features[kMaxFeatures];
  float* output[2];
  float *ones, *zeros;

  Block(const ContextNet& net, float* memory) {
    const int width = net.num_neighbours + net.num_features;
    Scratch scratch(memory);
    for (int l = 0; l < net.num_layers; ++l) scratch.rows(hidden[l], width);
    for (auto& rows : gradients) scratch.rows(rows, width);
    for (int i = 0; i < width; ++i) {
      by_context[i] = scratch.row(kBlock + 3 * kMargin) + kMargin;
      clear_vectors<kMargin / kLanes>(by_context[i] - kMargin);
    }
    scratch.rows(features, net.num_features);
    scratch.rows(output, 2);
    ones = scratch.ones();
    zeros = scratch.row();
    clear(zeros, 0, kBlock);
  }
};

void repeat(const float* from, float* to, int count) {
  for (int i = 0; 2 * i < count; i += kLanes)
    store_woven(to + 2 * i, load(from + i), load(from + i));
}

RowList context_of(const ContextNet& net, const ContextRow& row, const Block& block, int at,
                   int count) {
  RowList context;
  for (int n = 0; n < net.num_neighbours; ++n)
    context.add(row.symbols[kSeamRows + kNeighbours[n].dy] + kNeighbours[n].dx + at);
  for (int f = 0; f < net.num_features; ++f) {
    if (row.features[f]) repeat(row.features[f] + at / 2, block.features[f], count);
    context.add(row.features[f] ? block.features[f] : block.zeros);
  }
  return context;
}

// Adds rows to another.
void add_rows(const RowList& list, float* to, int count) {
  constexpr int kStrip = 4;
  for (int at = 0; at < count; at += kStrip * kLanes) {
    const int left = whole_vectors(count - at) / kLanes, size = left < kStrip ? left : kStrip;
    Vec sums[kStrip];
    for (int v = 0; v < size; ++v) sums[v] = load(to + at + v * kLanes);
    for (int i = 0; i < list.size; ++i)
      for (int v = 0; v < size; ++v) sums[v] += load(list.rows[i] + at + v * kLanes);
    for (int v = 0; v < size; ++v) store(to + at + v * kLanes, sums[v]);
  }
}

// Gradients by the context back to the symbols and features that it was made of.
void scatter(const ContextNet& net, const ContextRow& row, const Block& block, int at, int count) {
  const int end = whole_pairs(count);
  for (int n = 0; n < net.num_neighbours; ++n)
    clear_vectors<2 * kMargin / kLanes>(block.by_context[n] + end);
  for (int dy = -kSeamRows; dy <= 0; ++dy) {
    RowList list;
    for (int n = 0; n < net.num_neighbours; ++n)
      if (kNeighbours[n].dy == dy) list.add(block.by_context[n] - kNeighbours[n].dx - kReach);
    if (list.size) add_rows(list, row.gradients[kSeamRows + dy] + at - kReach, count + 2 * kReach);
  }
  for (int f = 0; f < net.num_features; ++f) {
    if (!row.features[f]) continue;
    float* to = row.feature_gradients[f] + at / 2;
    const float* from = block.by_context[net.num_neighbours + f];
    for (int i = 0; 2 * i < count; i += kLanes)
      store(to + i, load(to + i) + every_second<0>(from + 2 * i) + every_second<1>(from + 2 * i));
  }
  float* own = row.gradients[kSeamRows] + at;
  for (int i = 0; i < count; i += kLanes) store(own + i, load(own + i) - load(block.output[0] + i));
}

void backward(const ContextNet& net, const Block& block, const RowList& context, int count,
              float* sums) {
  const int width = context.size, last = net.num_layers - 1;
  RowList seen;
  seen.add(block.hidden[last], width);
  seen.add(context.rows, width);
  seen.add(block.ones);
  add_products(block.output, 2, seen.rows, seen.size, count, sums + net.output.sums);
  map_rows({block.output, 2, net.output.backward, block.gradients[last % 2], width, nullptr,
            block.hidden[last], false, -__builtin_inff(), 2 * width},
           count);
  for (int l = last; l >= 0; --l) {
    float* const* gradient = block.gradients[l % 2];
    RowList inputs;
    if (l > 0) inputs.add(block.hidden[l - 1], width);
    if (l == 0) inputs.add(context.rows, width);
    inputs.add(block.ones);
    add_products(gradient, width, inputs.rows, inputs.size, count, sums + net.hidden[l].sums);
    if (l > 0) {
      map_rows({gradient, width, net.hidden[l].backward, block.gradients[(l - 1) % 2], width,
                nullptr, block.hidden[l - 1]},
               count);
    } else {
      RowList known;
      known.add(gradient, width);
      known.add(block.output, 2);
      map_rows({known.rows, known.size, net.to_context, block.by_context, width}, count);
    }
  }
}

double context_row(const ContextNet& net, const ContextRow& row, float* sums, float* scratch) {
  const Block block(net, scratch);
  double bits = 0;
  for (int at = 0; at < row.width; at += kBlock) {
    const int num_symbols = row.width - at < kBlock ? row.width - at : kBlock;
    const int count = whole_pairs(num_symbols);
    const RowList context = context_of(net, row, block, at, count);
    Rows inputs = context.rows;
    for (int l = 0; l < net.num_layers; ++l) {
      forward(net.hidden[l], inputs, block.hidden[l], count, 0.0f);
      inputs = block.hidden[l];
    }
    RowList seen;
    seen.add(inputs, context.size);
    seen.add(context.rows, context.size);
    forward(net.output, seen.rows, block.output, count);
    bits += rate_row(row.symbols[kSeamRows] + at, block.output[0], block.output[1], num_symbols,
                     row.rate_weight);
    if (!row.has_gradient) continue;
    backward(net, block, context, count, sums);
    scatter(net, row, block, at, num_symbols);
  }
  return bits;
}

void feature_row(const Linear& map, Rows inputs, Rows coarse, float* const* out, int width,
                 float* memory) {
  float *repeated[kMaxFeatures], *to[kMaxFeatures];
  Scratch scratch(memory);
  scratch.rows(repeated, map.num_out);
  for (int at = 0; at < width; at += kBlock) {
    const int count = width - at < kBlock ? width - at : kBlock;
    RowList seen;
    seen.add(inputs, map.num_in, at);
    for (int f = 0; f < map.num_out; ++f) {
      to[f] = coarse ? repeated[f] : out[f] + at;
      if (coarse) repeat(coarse[f] + at / 2, repeated[f], count);
    }
    map_rows(
        {seen.rows, map.num_in, map.forward, to, map.num_out, map.bias, nullptr, coarse != nullptr},
        count);
    for (int f = 0; coarse && f < map.num_out; ++f) {
      if (map.bias)
        for (int i = 0; i < count; i += kLanes)
          store(repeated[f] + i, load(repeated[f] + i) + map.bias[f]);
      copy(repeated[f], out[f] + at, count);
    }
  }
}

void feature_weights(const Linear& map, Rows inputs, Rows gradients, int width, float* sums,
                     float* memory) {
  Scratch scratch(memory);
  const float* ones = scratch.ones();
  for (int at = 0; at < width; at += kBlock) {
    const int count = width - at < kBlock ? width - at : kBlock;
    RowList left, right;
    left.add(gradients, map.num_out, at);
    right.add(inputs, map.num_in, at);
    right.add(ones);
    add_products(left.rows, map.num_out, right.rows, right.size, count, sums + map.sums);
  }
}

void add_weighted(Rows rows, const float* weights, int num_rows, float* out, int width) {
  map_rows({rows, num_rows, weights, &out, 1, nullptr, nullptr, true}, width);
}

void halve(const float* upper, const float* lower, float* out, int width) {
  for (int i = 0; i < width; i += kLanes)
    store(out + i, every_second<0>(upper + 2 * i) + every_second<1>(upper + 2 * i) +
                       every_second<0>(lower + 2 * i) + every_second<1>(lower + 2 * i));
}

}  // namespace

const EntropyKernel entropy_kernel = {kLanes,          context_row,  feature_row,
                                      feature_weights, add_weighted, halve};

}  // namespace overtone::latent::OVERTONE_ISA

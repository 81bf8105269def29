// The weights of stacks of layers, copied and packed.
#pragma once

#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "decoder.h"
#include "kernel.h"
#include "memory.h"

namespace overtone::transformer {

struct AttentionWeights {
  Norm norm;
  Linear in;           // queries; of self-attention keys and values, too
  Linear keys_values;  // of the encoder's sequence, for cross-attention
  Linear out;
};

struct FeedForwardWeights {
  Norm norm;
  Linear inner, outer;
};

struct LayerWeights {
  AttentionWeights own, cross;
  std::vector<FeedForwardWeights> feed;
  std::vector<float> gates;
};

struct StackWeights {
  Norm before_norm;     // of what the stack before gave
  Linear inner, outer;  // of the inputs, and then their norm
  Norm inputs_norm;
  std::vector<LayerWeights> layers;
  Norm head_norm;
  Linear head;
};

// Takes arrays one after the other and keeps copies.
class Packer {
 public:
  Packer(const Kernel& kernel, Sizes sizes, bool is_bfloat16, Arena& arena)
      : kernel_(kernel), sizes_(sizes), is_bfloat16_(is_bfloat16), arena_(arena) {}

  StackWeights stack(StackSizes own, bool is_first,
                     const std::vector<std::span<const float>>& weights) {
    weights_ = &weights;
    next_ = 0;
    StackWeights stack;
    if (!is_first) stack.before_norm = norm();
    if (own.num_inputs) {
      stack.inner = linear(sizes_.width, own.num_inputs, true);
      stack.outer = linear(sizes_.width, sizes_.width, true);
      stack.inputs_norm = norm();
    }
    for (int i = 0; i < own.num_layers; ++i) stack.layers.push_back(layer());
    stack.head_norm = norm();
    stack.head = linear(own.num_logits, sizes_.width, true);
    if (next_ != weights.size())
      throw std::invalid_argument("a stack has " + std::to_string(next_) + " weights, got " +
                                  std::to_string(weights.size()));
    return stack;
  }

 private:
  LayerWeights layer() {
    const int width = sizes_.width;
    LayerWeights layer;
    layer.own.norm = norm();
    layer.own.in = linear(3 * width, width, false);
    layer.own.out = linear(width, width, false);
    layer.cross.norm = norm();
    layer.cross.in = linear(width, width, false);
    layer.cross.keys_values = linear(2 * width, width, false);
    layer.cross.out = linear(width, width, false);
    for (int f = 0; f < sizes_.num_feed_forwards; ++f) {
      FeedForwardWeights feed;
      feed.norm = norm();
      feed.inner = linear(sizes_.hidden, width, true);
      feed.outer = linear(width, sizes_.hidden, true);
      layer.feed.push_back(feed);
    }
    const int num_gates = 2 + sizes_.num_feed_forwards;
    const float* gates = next(num_gates);
    layer.gates.assign(gates, gates + num_gates);
    return layer;
  }
  Norm norm() {
    const float* weight = copy(next(sizes_.width), sizes_.width);
    return {weight, copy(next(sizes_.width), sizes_.width)};
  }
  Linear linear(int outputs, int inputs, bool has_bias) {
    Linear linear{nullptr, nullptr, inputs, outputs, is_bfloat16_};
    const std::size_t size = rounded_up(outputs, kernel_.panel) * inputs;
    float* panels = arena_.take(is_bfloat16_ ? size / 2 : size);
    kernel_.pack(next(std::size_t{1} * outputs * inputs), linear, panels);
    linear.panels = panels;
    linear.bias = copy(has_bias ? next(outputs) : nullptr, outputs);
    return linear;
  }
  // The next array, which must be of this size.
  const float* next(std::size_t size) {
    const std::size_t number = next_++;
    const std::size_t found = number < weights_->size() ? (*weights_)[number].size() : 0;
    if (found != size)
      throw std::invalid_argument("array " + std::to_string(number) +
                                  " of a stack's weights must hold " + std::to_string(size) +
                                  " numbers, got " + std::to_string(found));
    return (*weights_)[number].data();
  }
  const float* copy(const float* from, int size) {
    const std::size_t padded = rounded_up(size, kMaxPanel);
    float* to = arena_.take(padded);
    std::memset(to, 0, padded * sizeof(float));
    if (from) std::memcpy(to, from, size * sizeof(float));
    return to;
  }

  const Kernel& kernel_;
  const Sizes sizes_;
  const bool is_bfloat16_;
  Arena& arena_;
  const std::vector<std::span<const float>>* weights_ = nullptr;
  std::size_t next_ = 0;
};

}  // namespace overtone::transformer

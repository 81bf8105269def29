#include "integer_nets.h"

#include <algorithm>
#include <string>

namespace overtone::latent_file {
namespace {

constexpr int even(int count) { return (count + 1) / 2 * 2; }

// A weight with `bits` after the point, in 16 bits.
std::int64_t fixed(const Weights& weights, const Tensor& tensor, std::size_t index, int bits) {
  const std::int64_t scaled = std::int64_t{weights.of(tensor)[index]} *
                              (std::int64_t{1} << (bits - weights.exponent(tensor)));
  return scaled;
}

std::int16_t in_short(std::int64_t value) {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -kLargestShort, kLargestShort));
}

}  // namespace

IntegerNets::Layer::Layer(int num_outputs, int num_pairs)
    : num_pairs(num_pairs), numbers(static_cast<std::size_t>(2 * num_outputs * num_pairs)),
      biases(static_cast<std::size_t>(num_outputs)) {}

void IntegerNets::Layer::set(int output, int input, std::int64_t weight) {
  numbers[static_cast<std::size_t>(2 * output * num_pairs + input)] = in_short(weight);
}

IntegerLayer IntegerNets::Layer::packed() {
  weights.clear();
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const auto low = static_cast<std::uint16_t>(numbers[i]);
    const auto high = static_cast<std::uint16_t>(numbers[i + 1]);
    weights.push_back(static_cast<std::int32_t>(low | static_cast<std::uint32_t>(high) << 16));
  }
  return {static_cast<int>(biases.size()), num_pairs, weights.data(), biases.data()};
}

IntegerNets::IntegerNets(const Shapes& shapes, const Weights& weights)
    : shapes_(shapes), weights_(weights) {
  const Spec& spec = shapes.spec();
  context_.num_neighbours = spec.num_neighbours;
  context_.num_feature_pairs = (spec.num_features + 1) / 2;
  context_.num_layers = spec.num_context_layers;
  const int num_units = even(spec.context_width());
  for (int l = 0; l < spec.num_context_layers; ++l) add_hidden(l, num_units);
  add_output(num_units);
  for (int l = 0; l < spec.num_context_layers; ++l)
    context_.hidden[l] = layers_[static_cast<std::size_t>(l)].packed();
  context_.output = layers_.back().packed();
  add_features();
}

int IntegerNets::context_slot(int c) const {
  const int neighbours = shapes_.spec().num_neighbours;
  return c < neighbours ? c : even(neighbours) + c - neighbours;
}

void IntegerNets::add_hidden(int index, int num_units) {
  const Spec& spec = shapes_.spec();
  const std::string name = "context.hidden" + std::to_string(index);
  const Tensor& weight = shapes_.tensor(name + ".weight");
  const Tensor& bias = shapes_.tensor(name + ".bias");
  const int width = spec.context_width();
  const int context_pairs = (spec.num_neighbours + 1) / 2 + context_.num_feature_pairs;
  Layer& layer = layers_.emplace_back(num_units, index == 0 ? context_pairs : num_units / 2);
  for (int o = 0; o < width; ++o) {
    for (int i = 0; i < width; ++i) {
      const std::int64_t identity = i == o ? 1 << kWeightBits : 0;
      layer.set(
          o, index == 0 ? context_slot(i) : i,
          identity + fixed(weights_, weight, static_cast<std::size_t>(o * width + i), kWeightBits));
    }
    const std::int64_t half = 1 << (kWeightBits - 1);
    layer.biases[static_cast<std::size_t>(o)] = static_cast<std::uint32_t>(
        half + fixed(weights_, bias, static_cast<std::size_t>(o), kSumBits));
  }
}

void IntegerNets::add_output(int num_units) {
  const Spec& spec = shapes_.spec();
  const Tensor& output = shapes_.tensor("context.output.weight");
  const Tensor& stabiliser = shapes_.tensor("context.stabiliser.weight");
  const Tensor& bias = shapes_.tensor("context.output.bias");
  const int width = spec.context_width();
  const int context_pairs = (spec.num_neighbours + 1) / 2 + context_.num_feature_pairs;
  Layer& layer = layers_.emplace_back(2, num_units / 2 + context_pairs);
  constexpr std::int64_t kOffsets[2] = {
      1 << (kMeanShift - 1),
      (1 << (kScaleShift - 1)) - (std::int64_t{kLogScaleOffset} << kSumBits)};
  for (int o = 0; o < 2; ++o) {
    for (int i = 0; i < width; ++i) {
      const auto index = static_cast<std::size_t>(o * width + i);
      layer.set(o, i, fixed(weights_, output, index, kWeightBits));
      layer.set(o, num_units + context_slot(i), fixed(weights_, stabiliser, index, kWeightBits));
    }
    layer.biases[static_cast<std::size_t>(o)] = static_cast<std::uint32_t>(
        kOffsets[o] + fixed(weights_, bias, static_cast<std::size_t>(o), kSumBits));
  }
}

void IntegerNets::add_features() {
  for (int fine = 0; fine < shapes_.spec().num_feature_grids; ++fine) {
    const std::string name = "features" + std::to_string(fine);
    for (const char* part : {".weight", ".bias"}) {
      const Tensor& tensor = shapes_.tensor(name + part);
      auto& into = (part[1] == 'w' ? feature_weights_ : feature_biases_).emplace_back();
      for (std::size_t i = 0; i < tensor.size(); ++i)
        into.push_back(in_short(fixed(weights_, tensor, i, kWeightBits)));
    }
  }
}

}  // namespace overtone::latent_file

// The networks behind the probabilities of symbols, in integers: packed from a file's weights.
#pragma once

#include <vector>

#include "context.h"
#include "weights.h"

namespace overtone::latent_file {

class IntegerNets {
 public:
  IntegerNets(const Shapes& shapes, const Weights& weights);
  IntegerNets(const IntegerNets&) = delete;
  IntegerNets& operator=(const IntegerNets&) = delete;

  const IntegerContextNet& context() const { return context_; }
  int num_feature_pairs() const { return context_.num_feature_pairs; }
  // [feature][input] of the grid at that level, then its biases.
  const std::vector<std::int32_t>& feature_weights(int fine) const {
    return feature_weights_[static_cast<std::size_t>(fine)];
  }
  const std::vector<std::int32_t>& feature_biases(int fine) const {
    return feature_biases_[static_cast<std::size_t>(fine)];
  }

 private:
  struct Layer {
    int num_pairs;
    std::vector<std::int16_t> numbers;  // [output][2 * pair]
    std::vector<std::int32_t> weights;  // the same, in pairs
    std::vector<std::uint32_t> biases;

    Layer(int num_outputs, int num_pairs);
    void set(int output, int input, std::int64_t weight);
    IntegerLayer packed();
  };
  // Where in the pairs input `c` of a context is.
  int context_slot(int c) const;
  void add_hidden(int index, int num_units);
  void add_output(int num_units);
  void add_features();

  const Shapes& shapes_;
  const Weights& weights_;
  std::vector<Layer> layers_;
  std::vector<std::vector<std::int32_t>> feature_weights_, feature_biases_;
  IntegerContextNet context_{};
};

}  // namespace overtone::latent_file

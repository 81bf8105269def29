// The four networks of a latent machine, packed for the kernels, and their gradients.
#pragma once

#include <optional>
#include <vector>

#include "latent_shape/shapes.h"
#include "plan.h"

namespace overtone::latent {

// A linear map whose matrix consists of columns of tensors, side by side.
class PackedMap {
 public:
  PackedMap(int num_out, std::size_t sums) : num_out_(num_out) { linear_.sums = sums; }

  // Appends `num_columns` of a tensor with rows of that length.
  void append(std::size_t offset, int row_length, int first_column, int num_columns);
  void set_bias(std::size_t offset) { bias_offset_ = offset; }
  // Adds 1 where output o meets input o * step + first.
  void add_identity(int step, int first) { identity_step_ = step, identity_first_ = first; }
  // A map that starts from other values than its bias.
  void drop_bias() { has_bias_row_ = false; }

  void pack(const float* parameters);
  // Adds the gradient in a worker's sums.
  void add_gradient(const float* sums, int lanes, std::vector<double>& gradient) const;
  std::size_t num_sums() const;
  const Linear& linear() const { return linear_; }

 private:
  struct Part {
    std::size_t offset;
    int row_length, first_input, num_inputs;
  };
  int num_out_, identity_step_ = 0, identity_first_ = 0;
  bool has_bias_row_ = true;
  std::vector<Part> parts_;
  std::optional<std::size_t> bias_offset_;
  std::vector<float> forward_, backward_, bias_;
  Linear linear_;
};

// Features of one grid that come from one coarser level.
struct FeatureMap {
  int map;  // among the maps
  std::vector<Source> sources;
  // For each source, the weights by which gradients of [feature][tap] become that of a symbol.
  std::vector<std::vector<float>> transposed;
};

class Networks {
 public:
  explicit Networks(const Shapes& shapes);
  Networks(const Networks&) = delete;
  Networks& operator=(const Networks&) = delete;

  void pack(const float* parameters);
  // Floats of the sums of one worker.
  std::size_t num_sums() const { return num_sums_; }
  void add_gradient(const float* sums, int lanes, std::vector<double>& gradient) const;

  const ContextNet& context() const { return context_; }
  const Synthesis& synthesis() const { return synthesis_; }
  // Of the features of the grid at level `fine` the part from a coarser `level`.
  const FeatureMap& features(int fine, int level) const {
    return features_[fine][level - fine - 1];
  }
  const Linear& linear(const FeatureMap& features) const { return maps_[features.map].linear(); }
  const Linear& residual(int layer) const { return maps_[residuals_[layer]].linear(); }
  // [output, tap][input]
  const float* residual_transposed(int layer) const { return transposed_[layer].data(); }

  struct Taps {
    std::size_t offset;  // of the four numbers among the parameters
    std::size_t sums;
  };
  const Taps& double_taps(int level) const { return taps_[2 * level]; }
  const Taps& smooth_taps(int level) const { return taps_[2 * level + 1]; }
  const float* values(const Taps& taps) const { return parameters_ + taps.offset; }

 private:
  int add_map(int num_out);
  void finish_map();
  void append(PackedMap& map, const std::string& tensor);
  void make_context();
  void make_features();
  void make_synthesis();

  const Shapes& shapes_;
  const float* parameters_ = nullptr;
  std::vector<PackedMap> maps_;
  std::vector<int> hidden_, residuals_;
  int output_ = 0, mix_ = 0, colours_ = 0;
  std::vector<std::vector<FeatureMap>> features_;
  std::vector<std::vector<float>> transposed_;
  std::vector<float> to_context_, to_features_;
  std::vector<Taps> taps_;
  std::size_t num_sums_ = 0;
  ContextNet context_{};
  Synthesis synthesis_{};
};

}  // namespace overtone::latent

// The sizes of a latent machine: its grids, and the tensors of its networks, in the order in which
// a file has them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "limits.h"

namespace overtone::latent_shape {

// Throws std::invalid_argument.
Trunk trunk_of(const std::string& name);

struct Spec {
  int height = 0, width = 0, channels = 0;
  Trunk trunk = Trunk::linear;
  int num_mixed = 0;  // hidden units or factors of the trunk
  int num_residual_layers = 0;
  int num_grids = 0;         // that reach the synthesis, each half as large as the one before
  int first_hyper_grid = 0;  // from this level on a second grid serves entropy coding only
  int num_context_layers = 0;
  int num_neighbours = 0;     // symbols of the same grid in a context
  int num_features = 0;       // numbers from coarser grids in a context
  int num_feature_grids = 0;  // the finest grids, which have such numbers
  int parent_side = 1;        // of the window on the next coarser grid that they are made of

  // Throws std::invalid_argument.
  void check() const;
  int context_width() const { return num_neighbours + num_features; }
  int num_basis() const;
};

// Samples of a grid that has one for 2^level of a length.
inline int halved(int length, int level) { return (length + (1 << level) - 1) >> level; }

// A grid of latents and of the symbols that they become, in the order from fine to coarse.
struct Grid {
  int level, height, width;
  bool is_hyper;
  std::size_t offset;  // of its first symbol among all

  std::size_t size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

// Tensors whose integers have a step and a distribution in common in a file.
enum class Kind : int {
  context_weight,
  context_bias,
  context_output_weight,
  context_output_bias,
  feature_weight,
  feature_bias,
  upsampling,
  mix,
  synthesis_weight,
  synthesis_bias,
  residual_weight
};
inline constexpr int kNumKinds = 11;

struct Tensor {
  std::string name;
  std::vector<int> lengths;
  Kind kind;
  std::size_t offset;  // among all parameters
  std::size_t size() const;
};

// A grid that features of a finer one are made of, through its neighbours in a window.
struct Source {
  int grid, side;
  int num_inputs() const { return side * side; }
};

class Shapes {
 public:
  explicit Shapes(const Spec& spec);

  const Spec& spec() const { return spec_; }
  const std::vector<Grid>& grids() const { return grids_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  std::size_t num_symbols() const { return num_symbols_; }
  std::size_t num_parameters() const { return num_parameters_; }
  bool has(Kind kind) const;
  bool has_features(const Grid& grid) const {
    return !grid.is_hyper && grid.level < spec_.num_feature_grids;
  }

  // The grid of that level that reaches the synthesis.
  int synthesis_grid(int level) const { return synthesis_grids_[static_cast<std::size_t>(level)]; }
  const Grid& grid_at(int level) const {
    return grids_[static_cast<std::size_t>(synthesis_grid(level))];
  }
  int height_at(int level) const { return grid_at(level).height; }
  int width_at(int level) const { return grid_at(level).width; }
  // The grids of `level` that features of the grid at a finer level are made of.
  std::vector<Source> sources(int feature_level, int level) const;
  // Throws std::out_of_range.
  const Tensor& tensor(const std::string& name) const;

 private:
  void add(const std::string& name, std::vector<int> lengths, Kind kind);
  void add_entropy_networks();
  void add_synthesis();

  Spec spec_;
  std::vector<Grid> grids_;
  std::vector<int> synthesis_grids_;
  std::vector<Tensor> tensors_;
  std::size_t num_symbols_ = 0, num_parameters_ = 0;
};

}  // namespace overtone::latent_shape

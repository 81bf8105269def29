// The sizes of a latent machine: its grids, the tensors of its networks, and the rows of a thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan.h"

namespace overtone::latent {

struct Spec {
  int height = 0, width = 0, channels = 0;
  int num_grids = 0;          // that reach the synthesis, each half as large as the one before
  int first_hyper_grid = 0;   // from this level on a second grid serves entropy coding only
  int num_neighbours = 0;     // symbols of the same grid in a context
  int num_features = 0;       // numbers from coarser grids in a context
  int num_feature_grids = 0;  // the finest grids, which have such numbers
  int parent_side = 1;        // of the window on the next coarser grid that they are made of
  int num_context_layers = 0;
  Trunk trunk = Trunk::linear;
  int num_mixed = 0;  // hidden units or factors of the trunk
  int num_residual_layers = 0;

  // Throws std::invalid_argument.
  void check() const;
  int context_width() const { return num_neighbours + num_features; }
  int num_basis() const;
};

// A grid of latents, in the order from fine to coarse.
struct Grid {
  int level, height, width;
  bool is_hyper;
  std::size_t offset;  // of its first latent among all
};

struct Tensor {
  std::string name;
  std::vector<int> lengths;
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
  std::size_t num_latents() const { return num_latents_; }
  std::size_t num_parameters() const { return num_parameters_; }

  // Number of the grid of that level that reaches the synthesis.
  int synthesis_grid(int level) const { return synthesis_grids_[level]; }
  int height_at(int level) const { return grids_[synthesis_grids_[level]].height; }
  int width_at(int level) const { return grids_[synthesis_grids_[level]].width; }

  // The grids of `level` that features of the grid at a finer level are made of.
  std::vector<Source> sources(int feature_level, int level) const;
  // Throws std::out_of_range.
  const Tensor& tensor(const std::string& name) const;
  // The first row at `level` of a thread; `thread` may be their number.
  int first_row(int level, int thread, int num_threads) const;

 private:
  void add(const std::string& name, std::vector<int> lengths);

  Spec spec_;
  std::vector<Grid> grids_;
  std::vector<int> synthesis_grids_;
  std::vector<Tensor> tensors_;
  std::size_t num_latents_ = 0, num_parameters_ = 0;
};

}  // namespace overtone::latent

#include "shapes.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace overtone::latent {
namespace {

constexpr int kMaxSide = 1 << 16;
constexpr int kMaxHidden = 128, kMaxFactors = 7;

void within(const char* name, int value, int low, int high) {
  if (value < low || value > high)
    throw std::invalid_argument(std::string(name) + " must be " + std::to_string(low) + " to " +
                                std::to_string(high) + ", got " + std::to_string(value));
}

int halved(int length, int level) { return (length + (1 << level) - 1) >> level; }

}  // namespace

void Spec::check() const {
  within("height", height, 1, kMaxSide);
  within("width", width, 1, kMaxSide);
  within("channels", channels, 1, kMaxChannels);
  within("num_grids", num_grids, 2, kMaxGrids / 2);
  within("first_hyper_grid", first_hyper_grid, 1, num_grids);
  within("num_neighbours", num_neighbours, 1, kMaxNeighbours);
  within("num_features", num_features, 0, kMaxFeatures);
  within("num_feature_grids", num_feature_grids, 0, num_grids - 1);
  if ((num_features == 0) != (num_feature_grids == 0))
    throw std::invalid_argument("features need grids that have them, and the other way round");
  if (parent_side != 1 && parent_side != 3)
    throw std::invalid_argument("parent_side must be 1 or 3, got " + std::to_string(parent_side));
  within("num_context_layers", num_context_layers, 1, kMaxContextLayers);
  within("num_mixed", num_mixed, trunk == Trunk::linear ? 0 : 1,
         trunk == Trunk::linear      ? 0
         : trunk == Trunk::rectified ? kMaxHidden
                                     : kMaxFactors);
  within("num_residual_layers", num_residual_layers, 0, kMaxResidualLayers);
}

int Spec::num_basis() const {
  switch (trunk) {
    case Trunk::linear:
      return 0;
    case Trunk::rectified:
      return num_mixed;
    case Trunk::fourier:
      return 2 * ((1 << num_mixed) - 1);
    case Trunk::products:
      return (1 << num_mixed) - 1;
  }
  return 0;
}

std::size_t Tensor::size() const {
  std::size_t product = 1;
  for (const int length : lengths) product *= static_cast<std::size_t>(length);
  return product;
}

Shapes::Shapes(const Spec& spec) : spec_(spec) {
  spec.check();
  for (int level = 0; level < spec.num_grids; ++level) {
    synthesis_grids_.push_back(static_cast<int>(grids_.size()));
    for (const bool is_hyper : {false, true}) {
      if (is_hyper && level < spec.first_hyper_grid) continue;
      const int height = halved(spec.height, level), width = halved(spec.width, level);
      grids_.push_back({level, height, width, is_hyper, num_latents_});
      num_latents_ += static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
  }
  const int contexts = spec.context_width();
  for (int l = 0; l < spec.num_context_layers; ++l) {
    const std::string name = "context.hidden" + std::to_string(l);
    add(name + ".weight", {contexts, contexts});
    add(name + ".bias", {contexts});
  }
  add("context.output.weight", {2, contexts});
  add("context.stabiliser.weight", {2, contexts});
  add("context.output.bias", {2});
  for (int fine = 0; fine < spec.num_feature_grids; ++fine) {
    int num_inputs = 0;
    for (int level = fine + 1; level < spec.num_grids; ++level)
      for (const Source& source : sources(fine, level)) num_inputs += source.num_inputs();
    add("features" + std::to_string(fine) + ".weight", {spec.num_features, num_inputs});
    add("features" + std::to_string(fine) + ".bias", {spec.num_features});
  }
  for (int level = 0; level + 1 < spec.num_grids; ++level) {
    add("upsampling" + std::to_string(level) + ".double", {4});
    add("upsampling" + std::to_string(level) + ".smooth", {4});
  }
  if (spec.trunk != Trunk::linear) {
    add("synthesis.mix.weight", {spec.num_mixed, spec.num_grids});
    add("synthesis.mix.bias", {spec.num_mixed});
    add("synthesis.output.weight", {spec.channels, spec.num_basis()});
  }
  add("synthesis.stabiliser.weight", {spec.channels, spec.num_grids});
  add("synthesis.output.bias", {spec.channels});
  for (int l = 0; l < spec.num_residual_layers; ++l) {
    const std::string name = "synthesis.residual" + std::to_string(l);
    add(name + ".weight", {spec.channels, spec.channels, 3, 3});
    add(name + ".bias", {spec.channels});
  }
}

void Shapes::add(const std::string& name, std::vector<int> lengths) {
  tensors_.push_back({name, std::move(lengths), num_parameters_});
  num_parameters_ += tensors_.back().size();
}

std::vector<Source> Shapes::sources(int feature_level, int level) const {
  std::vector<Source> found;
  const int first = synthesis_grids_[level];
  found.push_back({first, level == feature_level + 1 ? spec_.parent_side : 1});
  if (level >= spec_.first_hyper_grid) found.push_back({first + 1, 1});
  return found;
}

const Tensor& Shapes::tensor(const std::string& name) const {
  for (const Tensor& each : tensors_)
    if (each.name == name) return each;
  throw std::out_of_range("no tensor " + name);
}

// Two rows of a grid with features share a row of the next coarser one, and so a thread.
int Shapes::first_row(int level, int thread, int num_threads) const {
  const int unit = 1 << spec_.num_feature_grids;
  const long units = (spec_.height + unit - 1) / unit;
  const long first = units * thread / num_threads * unit;
  return std::min(halved(static_cast<int>(first), level), height_at(level));
}

}  // namespace overtone::latent

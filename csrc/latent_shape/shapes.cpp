#include "shapes.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace overtone::latent_shape {
namespace {

void within(const char* name, int value, int low, int high) {
  if (value < low || value > high)
    throw std::invalid_argument(std::string(name) + " must be " + std::to_string(low) + " to " +
                                std::to_string(high) + ", got " + std::to_string(value));
}

}  // namespace

Trunk trunk_of(const std::string& name) {
  if (name == "linear") return Trunk::linear;
  if (name == "rectified") return Trunk::rectified;
  if (name == "fourier") return Trunk::fourier;
  if (name == "products") return Trunk::products;
  throw std::invalid_argument("trunk must be linear, rectified, fourier or products, got " + name);
}

void Spec::check() const {
  within("height", height, 1, kMaxSide);
  within("width", width, 1, kMaxSide);
  within("channels", channels, 1, kMaxChannels);
  within("trunk", static_cast<int>(trunk), 0, static_cast<int>(Trunk::products));
  const int most = trunk == Trunk::linear      ? 0
                   : trunk == Trunk::rectified ? kMaxHidden
                                               : kMaxFactors;
  within("num_mixed", num_mixed, std::min(1, most), most);
  within("num_residual_layers", num_residual_layers, 0, kMaxResidualLayers);
  within("num_grids", num_grids, 2, kMaxSynthesisGrids);
  within("first_hyper_grid", first_hyper_grid, 1, num_grids);
  within("num_context_layers", num_context_layers, 1, kMaxContextLayers);
  within("num_neighbours", num_neighbours, 1, kMaxNeighbours);
  within("num_features", num_features, 0, kMaxFeatures);
  within("num_feature_grids", num_feature_grids, num_features == 0 ? 0 : 1,
         num_features == 0 ? 0 : num_grids - 1);
  if (parent_side != 1 && parent_side != 3)
    throw std::invalid_argument("parent_side must be 1 or 3, got " + std::to_string(parent_side));
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
      grids_.push_back(
          {level, halved(spec.height, level), halved(spec.width, level), is_hyper, num_symbols_});
      num_symbols_ += grids_.back().size();
    }
  }
  add_entropy_networks();
  add_synthesis();
}

void Shapes::add_entropy_networks() {
  const int contexts = spec_.context_width();
  for (int l = 0; l < spec_.num_context_layers; ++l) {
    const std::string name = "context.hidden" + std::to_string(l);
    add(name + ".weight", {contexts, contexts}, Kind::context_weight);
    add(name + ".bias", {contexts}, Kind::context_bias);
  }
  add("context.output.weight", {2, contexts}, Kind::context_output_weight);
  add("context.stabiliser.weight", {2, contexts}, Kind::context_output_weight);
  add("context.output.bias", {2}, Kind::context_output_bias);
  for (int fine = 0; fine < spec_.num_feature_grids; ++fine) {
    int num_inputs = 0;
    for (int level = fine + 1; level < spec_.num_grids; ++level)
      for (const Source& source : sources(fine, level)) num_inputs += source.num_inputs();
    const std::string name = "features" + std::to_string(fine);
    add(name + ".weight", {spec_.num_features, num_inputs}, Kind::feature_weight);
    add(name + ".bias", {spec_.num_features}, Kind::feature_bias);
  }
}

void Shapes::add_synthesis() {
  for (int level = 0; level + 1 < spec_.num_grids; ++level) {
    const std::string name = "upsampling" + std::to_string(level);
    add(name + ".double", {4}, Kind::upsampling);
    add(name + ".smooth", {4}, Kind::upsampling);
  }
  if (spec_.trunk != Trunk::linear) {
    add("synthesis.mix.weight", {spec_.num_mixed, spec_.num_grids}, Kind::mix);
    add("synthesis.mix.bias", {spec_.num_mixed}, Kind::mix);
    add("synthesis.output.weight", {spec_.channels, spec_.num_basis()}, Kind::synthesis_weight);
  }
  add("synthesis.stabiliser.weight", {spec_.channels, spec_.num_grids}, Kind::synthesis_weight);
  add("synthesis.output.bias", {spec_.channels}, Kind::synthesis_bias);
  for (int l = 0; l < spec_.num_residual_layers; ++l) {
    const std::string name = "synthesis.residual" + std::to_string(l);
    add(name + ".weight", {spec_.channels, spec_.channels, 3, 3}, Kind::residual_weight);
    add(name + ".bias", {spec_.channels}, Kind::synthesis_bias);
  }
}

void Shapes::add(const std::string& name, std::vector<int> lengths, Kind kind) {
  tensors_.push_back({name, std::move(lengths), kind, num_parameters_});
  num_parameters_ += tensors_.back().size();
}

bool Shapes::has(Kind kind) const {
  return std::any_of(tensors_.begin(), tensors_.end(),
                     [&](const Tensor& each) { return each.kind == kind; });
}

std::vector<Source> Shapes::sources(int feature_level, int level) const {
  std::vector<Source> found;
  const int first = synthesis_grid(level);
  found.push_back({first, level == feature_level + 1 ? spec_.parent_side : 1});
  if (level >= spec_.first_hyper_grid) found.push_back({first + 1, 1});
  return found;
}

const Tensor& Shapes::tensor(const std::string& name) const {
  for (const Tensor& each : tensors_)
    if (each.name == name) return each;
  throw std::out_of_range("no tensor " + name);
}

}  // namespace overtone::latent_shape

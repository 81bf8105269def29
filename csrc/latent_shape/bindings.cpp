// Python face of the sizes of latent machines; what Python calls is
// overtone.kernels.latent_shape.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "shapes.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone::latent_shape;

namespace {

void construct(Shapes* self, int height, int width, int channels, const std::string& trunk,
               int num_mixed, int num_residual_layers, int num_grids, int first_hyper_grid,
               int num_context_layers, int num_neighbours, int num_features, int num_feature_grids,
               int parent_side) {
  Spec spec;
  spec.height = height;
  spec.width = width;
  spec.channels = channels;
  spec.trunk = trunk_of(trunk);
  spec.num_mixed = num_mixed;
  spec.num_residual_layers = num_residual_layers;
  spec.num_grids = num_grids;
  spec.first_hyper_grid = first_hyper_grid;
  spec.num_context_layers = num_context_layers;
  spec.num_neighbours = num_neighbours;
  spec.num_features = num_features;
  spec.num_feature_grids = num_feature_grids;
  spec.parent_side = parent_side;
  new (self) Shapes(spec);
}

nb::list tensors(const Shapes& self) {
  nb::list found;
  for (const Tensor& each : self.tensors())
    found.append(nb::make_tuple(each.name, each.lengths, static_cast<int>(each.kind), each.offset));
  return found;
}

nb::list grids(const Shapes& self) {
  nb::list found;
  for (const Grid& each : self.grids())
    found.append(nb::make_tuple(each.level, each.is_hyper, each.height, each.width, each.offset));
  return found;
}

}  // namespace

NB_MODULE(_latent_shape, module) {
  module.doc() = "Sizes of latent machines; use overtone.kernels.latent_shape.";
  nb::class_<Shapes>(module, "Shapes")
      .def("__init__", &construct, nb::kw_only(), "height"_a, "width"_a, "channels"_a, "trunk"_a,
           "num_mixed"_a, "num_residual_layers"_a, "num_grids"_a, "first_hyper_grid"_a,
           "num_context_layers"_a, "num_neighbours"_a, "num_features"_a, "num_feature_grids"_a,
           "parent_side"_a)
      .def_prop_ro("tensors", &tensors)
      .def_prop_ro("grids", &grids);
}

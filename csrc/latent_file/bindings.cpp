// Python face of the sections of latent machines; what Python calls is
// overtone.kernels.latent_file.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "ovt/latent/machine.h"
#include "pack.h"
#include "platform/arrays.h"

namespace nb = nanobind;
using namespace nb::literals;

// A named namespace: nanobind tells the types of all modules apart by their names.
namespace overtone::latent_file_python {

using namespace overtone::latent_file;

Trunk trunk_of(const std::string& name) {
  if (name == "linear") return Trunk::linear;
  if (name == "rectified") return Trunk::rectified;
  if (name == "fourier") return Trunk::fourier;
  if (name == "products") return Trunk::products;
  throw std::invalid_argument("trunk must be linear, rectified, fourier or products, got " + name);
}

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

std::ptrdiff_t length(std::size_t size) { return static_cast<std::ptrdiff_t>(size); }

using Numbers = std::array<int, kNumKinds>;

// Of all weights, what their integers are differences from.
nb::object starts(const Shapes& self, const Numbers& exponents) {
  std::vector<std::int32_t> found;
  for (const Tensor& tensor : self.tensors()) {
    const auto kind = static_cast<std::size_t>(tensor.kind);
    if (exponents[kind] < 0 || exponents[kind] > kMaxExponents[kind])
      throw std::invalid_argument("exponent of kind " + std::to_string(kind) + " must be 0 to " +
                                  std::to_string(kMaxExponents[kind]) + ", got " +
                                  std::to_string(exponents[kind]));
    for (std::size_t i = 0; i < tensor.size(); ++i)
      found.push_back(base_of(tensor, i, exponents[kind]));
  }
  const std::size_t size = found.size();
  return nb::cast(to_numpy<std::int32_t, 1>(std::move(found), {size}));
}

nb::bytes pack_section(const Shapes& shapes, const Numbers& exponents, const Numbers& scales,
                       const InputArray& integers, const InputArray& symbols,
                       const std::string& isa) {
  Weights weights{exponents, scales, {}};
  const auto* given = read<std::int32_t>("integers", integers, {length(shapes.num_parameters())});
  weights.integers.assign(given, given + shapes.num_parameters());
  const auto* own = read<std::int8_t>("symbols", symbols, {length(shapes.num_symbols())});
  std::vector<std::uint8_t> section;
  {
    nb::gil_scoped_release unlocked;
    section = pack(shapes, weights, own, resolve(isa_of(isa)));
  }
  return nb::bytes(section.data(), section.size());
}

// Integers and symbols of a section, in the header of a file of that size; both are empty for the
// beginning of a section that does not hold all weights.
nb::tuple unpack_section(const nb::bytes& section, int height, int width, int channels,
                         bool is_prefix, const std::string& isa) {
  ovt::Container file;
  file.header.width = static_cast<std::uint32_t>(width);
  file.header.height = static_cast<std::uint32_t>(height);
  file.header.channels = static_cast<std::uint32_t>(channels);
  file.sections.push_back(
      {{reinterpret_cast<const std::uint8_t*>(section.c_str()), section.size()}, 0});
  file.is_prefix = is_prefix;
  const ovt::Context context;
  ovt::Pulse pulse(nullptr, nullptr);
  try {
    ovt::latent::Machine found =
        ovt::latent::read_machine({file, context, {}, 1, resolve(isa_of(isa)), pulse});
    if (!found.has_weights) found.weights.integers.clear();
    const std::size_t num_integers = found.weights.integers.size();
    const std::size_t num_symbols = found.symbols.size();
    return nb::make_tuple(
        found.weights.exponents, found.weights.scales,
        nb::cast(to_numpy<std::int32_t, 1>(std::move(found.weights.integers), {num_integers})),
        nb::cast(to_numpy<std::int8_t, 1>(std::move(found.symbols), {num_symbols})));
  } catch (const ovt::Failure& failure) {
    throw std::runtime_error(failure.text);
  }
}

}  // namespace overtone::latent_file_python

NB_MODULE(_latent_file, module) {
  using namespace overtone::latent_file_python;
  module.doc() = "Sections of latent machines; use overtone.kernels.latent_file.";
  module.attr("NUM_KINDS") = kNumKinds;
  module.attr("MAX_EXPONENTS") = std::vector<int>(kMaxExponents, kMaxExponents + kNumKinds);
  nb::class_<Shapes>(module, "Shapes")
      .def("__init__", &construct, nb::kw_only(), "height"_a, "width"_a, "channels"_a, "trunk"_a,
           "num_mixed"_a, "num_residual_layers"_a, "num_grids"_a, "first_hyper_grid"_a,
           "num_context_layers"_a, "num_neighbours"_a, "num_features"_a, "num_feature_grids"_a,
           "parent_side"_a)
      .def_prop_ro("tensors", &tensors)
      .def_prop_ro("grids", &grids)
      .def("starts", &starts, "exponents"_a);
  module.def("pack", &pack_section, "shapes"_a, nb::kw_only(), "exponents"_a, "scales"_a,
             "integers"_a, "symbols"_a, "isa"_a);
  module.def("unpack", &unpack_section, "section"_a, nb::kw_only(), "height"_a, "width"_a,
             "channels"_a, "is_prefix"_a, "isa"_a);
}

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
  module.attr("MAX_EXPONENTS") = std::vector<int>(kMaxExponents, kMaxExponents + kNumKinds);
  module.def("starts", &starts, "shapes"_a, "exponents"_a);
  module.def("pack", &pack_section, "shapes"_a, nb::kw_only(), "exponents"_a, "scales"_a,
             "integers"_a, "symbols"_a, "isa"_a);
  module.def("unpack", &unpack_section, "section"_a, nb::kw_only(), "height"_a, "width"_a,
             "channels"_a, "is_prefix"_a, "isa"_a);
}

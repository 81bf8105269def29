// Python face of the sections of latent machines; what Python calls is
// overtone.kernels.latent_file.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "ovt/latent/codec.h"
#include "ovt/latent/machine.h"
#include "ovt/latent/starts.h"
#include "pack.h"
#include "platform/arrays.h"

namespace nb = nanobind;
using namespace nb::literals;

// A named namespace: nanobind tells the types of all modules apart by their names.
namespace overtone::latent_file_python {

using namespace overtone::latent_file;

std::ptrdiff_t length(std::size_t size) { return static_cast<std::ptrdiff_t>(size); }

using Numbers = std::array<int, kNumKinds>;

// The data of the codec, as libovt keeps them.
struct Starts {
  ovt::Context context;
  std::shared_ptr<const ovt::latent::Starts> own;

  explicit Starts(const nb::bytes& data) {
    try {
      context.put(ovt::latent::kStarts,
                  ovt::latent::load_starts(
                      {reinterpret_cast<const std::uint8_t*>(data.c_str()), data.size()}));
    } catch (const ovt::Failure& failure) {
      throw std::runtime_error(failure.text);
    }
    own = context.get<ovt::latent::Starts>(ovt::latent::kStarts);
  }
  // NULL for 0.
  const Start* of(int number) const {
    if (number == 0) return nullptr;
    if (number < 0 || static_cast<std::size_t>(number) > own->entries.size())
      throw std::invalid_argument("start must be 0 to " + std::to_string(own->entries.size()) +
                                  ", got " + std::to_string(number));
    return &own->entries[static_cast<std::size_t>(number) - 1];
  }
};

const Start* start_of(const Starts* starts, int number) {
  if (starts == nullptr && number != 0)
    throw std::invalid_argument("start must be 0 without starts, got " + std::to_string(number));
  return starts == nullptr ? nullptr : starts->of(number);
}

// For each entry, the weight of the rate in millionths, its sizes in the order of the data, and
// all values.
nb::list entries(const Starts& self) {
  nb::list found;
  for (const Start& each : self.own->entries) {
    const Spec& spec = each.shapes.spec();
    std::vector<std::int16_t> values = each.values;
    const std::size_t size = values.size();
    found.append(
        nb::make_tuple(each.rd_weight,
                       nb::make_tuple(spec.num_neighbours, spec.num_features,
                                      spec.num_context_layers, spec.parent_side, spec.num_grids,
                                      spec.first_hyper_grid, spec.num_feature_grids),
                       nb::cast(to_numpy<std::int16_t, 1>(std::move(values), {size}))));
  }
  return found;
}

// Of all weights, what their integers are differences from.
nb::object bases(const Shapes& self, const Numbers& exponents, const Starts* starts, int number) {
  const Start* start = start_of(starts, number);
  std::vector<std::int32_t> found;
  for (const Tensor& tensor : self.tensors()) {
    const auto kind = static_cast<std::size_t>(tensor.kind);
    if (exponents[kind] < 0 || exponents[kind] > kMaxExponents[kind])
      throw std::invalid_argument("exponent of kind " + std::to_string(kind) + " must be 0 to " +
                                  std::to_string(kMaxExponents[kind]) + ", got " +
                                  std::to_string(exponents[kind]));
    const std::vector<std::int32_t> own = bases_of(tensor, exponents[kind], start);
    found.insert(found.end(), own.begin(), own.end());
  }
  const std::size_t size = found.size();
  return nb::cast(to_numpy<std::int32_t, 1>(std::move(found), {size}));
}

nb::bytes pack_section(const Shapes& shapes, const Numbers& exponents, const Numbers& scales,
                       const InputArray& integers, const InputArray& symbols,
                       const std::string& isa, const Starts* starts, int number) {
  Weights weights{exponents, scales, {}};
  const auto* given = read<std::int32_t>("integers", integers, {length(shapes.num_parameters())});
  weights.integers.assign(given, given + shapes.num_parameters());
  const auto* own = read<std::int8_t>("symbols", symbols, {length(shapes.num_symbols())});
  const Start* start = start_of(starts, number);
  std::vector<std::uint8_t> section;
  {
    nb::gil_scoped_release unlocked;
    section = pack(shapes, weights, start, own, resolve(isa_of(isa)));
  }
  return nb::bytes(section.data(), section.size());
}

// Integers and symbols of a section, in the header of a file of that size; both are empty for the
// beginning of a section that does not hold all weights.
nb::tuple unpack_section(const nb::bytes& section, int height, int width, int channels,
                         bool is_prefix, const std::string& isa, const Starts* starts) {
  ovt::Container file;
  file.header.width = static_cast<std::uint32_t>(width);
  file.header.height = static_cast<std::uint32_t>(height);
  file.header.channels = static_cast<std::uint32_t>(channels);
  file.sections.push_back(
      {{reinterpret_cast<const std::uint8_t*>(section.c_str()), section.size()}, 0});
  file.is_prefix = is_prefix;
  const ovt::Context empty;
  const ovt::Context& context = starts == nullptr ? empty : starts->context;
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
        nb::cast(to_numpy<std::int8_t, 1>(std::move(found.symbols), {num_symbols})), found.start);
  } catch (const ovt::Failure& failure) {
    if (failure.status == OVT_NO_DATA) throw std::invalid_argument(failure.text);
    throw std::runtime_error(failure.text);
  }
}

}  // namespace overtone::latent_file_python

NB_MODULE(_latent_file, module) {
  using namespace overtone::latent_file_python;
  module.doc() = "Sections of latent machines; use overtone.kernels.latent_file.";
  module.attr("MAX_EXPONENTS") = std::vector<int>(kMaxExponents, kMaxExponents + kNumKinds);
  nb::class_<Starts>(module, "Starts")
      .def(nb::init<const nb::bytes&>(), "data"_a)
      .def_prop_ro("entries", &entries);
  module.def("bases", &bases, "shapes"_a, "exponents"_a, "starts"_a.none(), "start"_a);
  module.def("pack", &pack_section, "shapes"_a, nb::kw_only(), "exponents"_a, "scales"_a,
             "integers"_a, "symbols"_a, "isa"_a, "starts"_a.none(), "start"_a);
  module.def("unpack", &unpack_section, "section"_a, nb::kw_only(), "height"_a, "width"_a,
             "channels"_a, "is_prefix"_a, "isa"_a, "starts"_a.none());
}

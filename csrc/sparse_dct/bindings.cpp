#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>

#include "coder.h"
#include "entropy/state.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone::sparse_dct;

namespace {

using Levels = nb::ndarray<const Level, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const std::uint16_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Components of a picture that are empty; shapes in blocks (rows, columns).
struct Picture {
  std::array<Component, kMaxComponents> components;
  int count;

  Picture(const std::vector<std::pair<int, int>>& shapes, const std::vector<Table>& tables)
      : count(static_cast<int>(shapes.size())) {
    if (count < 1 || count > kMaxComponents || tables.size() != shapes.size()) {
      throw std::invalid_argument("1 to 4 components, each with a table");
    }
    for (int c = 0; c < count; ++c) {
      Component& component = components[static_cast<std::size_t>(c)];
      const auto [height, width] = shapes[static_cast<std::size_t>(c)];
      const Table& table = tables[static_cast<std::size_t>(c)];
      if (height < 1 || width < 1 || table.shape(0) != kBands) {
        throw std::invalid_argument("a component has at least one block and 64 steps");
      }
      component.height = height;
      component.width = width;
      const bool has_color = count >= 3;
      component.kind = has_color && c == 1   ? Kind::first_chroma
                       : has_color && c == 2 ? Kind::second_chroma
                                             : Kind::luma;
      for (int k = 0; k < kBands; ++k) {
        component.q_table[static_cast<std::size_t>(k)] = std::max<std::int32_t>(1, table.data()[k]);
      }
      component.allocate();
    }
  }
  // Between the bands and an array of (64, rows, columns).
  template <class Outside>
  void copy(int c, Outside* outside) {
    Component& component = components[static_cast<std::size_t>(c)];
    for (int k = 0; k < kBands; ++k) {
      for (int row = 0; row < component.height; ++row) {
        Level* inside = component.band(k) + component.at(row, 0);
        if constexpr (std::is_const_v<Outside>)
          std::copy_n(outside, component.width, inside);
        else
          std::copy_n(inside, component.width, outside);
        outside += component.width;
      }
    }
  }
};

using Counters = nb::ndarray<const std::uint16_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Where the models start, checked against their sizes.
Prior prior_of(const Counters& counters, const Weights& weights) {
  static const auto sizes = [] {
    const auto models = std::make_unique<Models>();
    std::array<std::size_t, 2> out{0, models->predictor_weights().size()};
    for (const Element* element : models->elements()) {
      out[0] += element->counters.size();
      for (const auto& set : element->weights) out[1] += set.size();
    }
    return out;
  }();
  if (counters.shape(0) != sizes[0] || weights.shape(0) != sizes[1]) {
    throw std::invalid_argument("the prior is not one of these models");
  }
  return {counters.data(), counters.shape(0), weights.data(), weights.shape(0)};
}

// Probabilities (of 65536), counts and weights, to make a prior of.
nb::tuple state_of(Models& models) {
  overtone::entropy::State state;
  for (const Element* element : models.elements()) state.add(*element);
  for (const std::int32_t* weight : models.predictor_weights()) state.weights.append(*weight);
  return state.to_tuple();
}

nb::object encode(const std::vector<Levels>& levels, const std::vector<Table>& tables,
                  const Counters& counters, const Weights& weights, bool learned) {
  std::vector<std::pair<int, int>> shapes;
  for (const Levels& component : levels) {
    if (component.shape(0) != kBands)
      throw std::invalid_argument("levels must be (64, rows, columns)");
    shapes.emplace_back(static_cast<int>(component.shape(1)), static_cast<int>(component.shape(2)));
  }
  Picture picture(shapes, tables);
  for (int c = 0; c < picture.count; ++c) {
    picture.copy(c, levels[static_cast<std::size_t>(c)].data());
  }
  BinaryEncoder encoder;
  auto coder =
      std::make_unique<Coder>(picture.components, picture.count, prior_of(counters, weights));
  {
    nb::gil_scoped_release release;
    EncodeBits bits{encoder};
    coder->run(bits, [] { return false; });
  }
  const auto bytes = encoder.finish();
  const nb::bytes out(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (learned) return nb::make_tuple(out, state_of(coder->models()));
  return out;
}

nb::list decode(nb::bytes data, const std::vector<std::pair<int, int>>& shapes,
                const std::vector<Table>& tables, const Counters& counters, const Weights& weights,
                bool is_prefix) {
  Picture picture(shapes, tables);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(data.c_str());
  BinaryDecoder decoder(bytes, data.size());
  auto coder =
      std::make_unique<Coder>(picture.components, picture.count, prior_of(counters, weights));
  {
    nb::gil_scoped_release release;
    DecodeBits bits{decoder};
    if (is_prefix) {
      coder->run(bits, [&] { return decoder.overrun() > 0; });
    } else {
      coder->run(bits, [&] {
        // The coder looks four bytes ahead.
        if (decoder.overrun() > 4) throw std::runtime_error("coefficients end too early");
        return false;
      });
      if (!decoder.consumed_all()) throw std::runtime_error("bytes follow the last coefficient");
    }
  }
  nb::list out;
  for (int c = 0; c < picture.count; ++c) {
    const Component& component = picture.components[static_cast<std::size_t>(c)];
    const auto rows = static_cast<std::size_t>(component.height);
    const auto columns = static_cast<std::size_t>(component.width);
    auto* levels = new Level[kBands * rows * columns];
    picture.copy(c, levels);
    const nb::capsule owner(levels, [](void* p) noexcept { delete[] static_cast<Level*>(p); });
    out.append(nb::ndarray<nb::numpy, Level, nb::ndim<3>>(levels, {kBands, rows, columns}, owner));
  }
  return out;
}

}  // namespace

NB_MODULE(_sparse_dct, m) {
  m.def("encode", &encode, "levels"_a, "tables"_a, "counters"_a, "weights"_a, nb::kw_only(),
        "learned"_a = false);
  m.def("decode", &decode, "data"_a, "shapes"_a, "tables"_a, "counters"_a, "weights"_a,
        nb::kw_only(), "is_prefix"_a);
  m.def("untrained", [] {
    const auto models = std::make_unique<Models>();
    return state_of(*models);
  });
}

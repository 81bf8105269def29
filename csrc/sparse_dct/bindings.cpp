// Python face of the coefficient coder of sparse-dct; what Python calls is overtone.codecs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "coder.h"
#include "entropy/state.h"
#include "platform/arrays.h"
#include "platform/pulse.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::sparse_dct;

namespace {

using Shape = std::pair<int, int>;  // rows and columns of blocks

// Components of a picture, of which nothing is known yet.
struct Picture {
  Components components;
  int count;

  Picture(const std::vector<Shape>& shapes, const std::vector<InputArray>& tables)
      : count(static_cast<int>(shapes.size())) {
    if (shapes.empty() || shapes.size() > kMaxComponents || tables.size() != shapes.size()) {
      throw std::invalid_argument("a picture has 1 to 4 components and a table for each, got " +
                                  std::to_string(shapes.size()) + " components and " +
                                  std::to_string(tables.size()) + " tables");
    }
    if (count >= 3 && shapes[1] != shapes[2]) {
      throw std::invalid_argument("both chroma components must have as many blocks");
    }
    for (int c = 0; c < count; ++c) allocate(c, shapes[c], tables[c]);
  }

  // From an array of (64, rows, columns) to the bands.
  void read_levels(int c, const Level* outside) {
    Component& component = components[c];
    for (int k = 0; k < kBands; ++k) {
      for (int row = 0; row < component.height; ++row, outside += component.width) {
        std::copy_n(outside, component.width, component.band(k) + component.at(row, 0));
      }
    }
  }
  // All bands with their borders, which are not kept here.
  nb::object take_levels(int c) {
    Component& component = components[c];
    const auto rows = static_cast<std::size_t>(component.height + 2 * kBorder);
    const auto columns = static_cast<std::size_t>(component.stride());
    return nb::cast(to_numpy<Level, 3>(std::move(component.levels), {kBands, rows, columns}));
  }

 private:
  void allocate(int c, const Shape& shape, const InputArray& table) {
    if (shape.first < 1 || shape.second < 1) {
      throw std::invalid_argument("a component has at least one block, got " +
                                  std::to_string(shape.first) + " rows of " +
                                  std::to_string(shape.second));
    }
    Component& component = components[c];
    component.height = shape.first;
    component.width = shape.second;
    component.kind = kind_of(c, count);
    const std::uint16_t* steps = read<std::uint16_t>("a table", table, {kBands});
    for (int k = 0; k < kBands; ++k) component.q_table[k] = std::max<std::int32_t>(1, steps[k]);
    component.allocate();
  }
};

// Probabilities (of 65536), counts and weights, to make a prior of.
nb::tuple state_of(Models& models) {
  State state;
  for (const Element* element : models.elements()) state.add(*element);
  for (const std::int32_t* weight : models.predictor_weights()) state.weights.append(*weight);
  return state.to_tuple();
}

nb::object encode(const std::vector<InputArray>& levels, const std::vector<InputArray>& tables,
                  const InputArray& counters, const InputArray& weights, bool learned,
                  nb::object check) {
  std::vector<Shape> shapes;
  std::vector<const Level*> data;
  for (const InputArray& component : levels) {
    data.push_back(read<Level>("levels of a component", component, {kBands, kAny, kAny}));
    shapes.emplace_back(static_cast<int>(component.shape(1)), static_cast<int>(component.shape(2)));
  }
  Picture picture(shapes, tables);
  for (int c = 0; c < picture.count; ++c) picture.read_levels(c, data[c]);
  BinaryEncoder encoder;
  const auto coder =
      std::make_unique<Coder>(picture.components, picture.count, prior_of(counters, weights));
  Pulse pulse(std::move(check));
  {
    nb::gil_scoped_release release;
    EncodeBits bits{encoder};
    coder->run(bits, [] { return false; }, [&] { pulse(); });
  }
  const auto bytes = encoder.finish();
  const nb::bytes out(bytes.data(), bytes.size());
  if (learned) return nb::make_tuple(out, state_of(coder->models()));
  return out;
}

void decode_all(Coder& coder, BinaryDecoder& decoder, bool is_prefix, Pulse& pulse) {
  DecodeBits bits{decoder};
  const auto beat = [&] { pulse(); };
  if (is_prefix) {
    coder.run(bits, [&] { return decoder.is_past_end(); }, beat);
    return;
  }
  const auto is_at_end = [&] {
    if (decoder.is_cut()) throw std::runtime_error("coefficients end too early");
    return false;
  };
  coder.run(bits, is_at_end, beat);
  if (!decoder.consumed_all()) throw std::runtime_error("bytes follow the last coefficient");
}

nb::list decode(const nb::bytes& data, const std::vector<Shape>& shapes,
                const std::vector<InputArray>& tables, const InputArray& counters,
                const InputArray& weights, bool is_prefix, nb::object check) {
  Picture picture(shapes, tables);
  BinaryDecoder decoder(reinterpret_cast<const std::uint8_t*>(data.c_str()), data.size());
  const auto coder =
      std::make_unique<Coder>(picture.components, picture.count, prior_of(counters, weights));
  Pulse pulse(std::move(check));
  {
    nb::gil_scoped_release release;
    decode_all(*coder, decoder, is_prefix, pulse);
  }
  nb::list out;
  for (int c = 0; c < picture.count; ++c) out.append(picture.take_levels(c));
  return out;
}

}  // namespace

NB_MODULE(_sparse_dct, m) {
  m.def("encode", &encode, "levels"_a, "tables"_a, "counters"_a, "weights"_a, nb::kw_only(),
        "learned"_a = false, "check"_a = nb::none());
  m.def("decode", &decode, "data"_a, "shapes"_a, "tables"_a, "counters"_a, "weights"_a,
        nb::kw_only(), "is_prefix"_a, "check"_a = nb::none());
  m.attr("BORDER") = kBorder;
  m.def("untrained", [] {
    const auto models = std::make_unique<Models>();
    return state_of(*models);
  });
}

// Python face of the tiled cosine transform; what Python calls is overtone.codecs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "entropy/state.h"
#include "platform/arrays.h"
#include "platform/pulse.h"
#include "render.h"
#include "search.h"
#include "tiling.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::tiled_dct;

namespace {

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

Geometry geometry_of(std::ptrdiff_t width, std::ptrdiff_t height, std::ptrdiff_t channels) {
  constexpr std::ptrdiff_t kMaxSide = 1 << 24;  // far beyond any file, and pixels fit in integers
  const auto is_side = [](std::ptrdiff_t side) {
    return side > 0 && side <= kMaxSide && side % kMinTile == 0;
  };
  require(is_side(width) && is_side(height) && channels >= 1 && channels <= kMaxChannels,
          "a picture has 1 to 4 channels and sides that are multiples of " +
              std::to_string(kMinTile) + ", got " + std::to_string(channels) + " channels of " +
              std::to_string(width) + " x " + std::to_string(height));
  return {static_cast<int>(width), static_cast<int>(height), static_cast<int>(channels)};
}

// Probabilities (of 65536), counts and mixing weights, to make a prior of.
nb::tuple state_of(Model& model) {
  State state;
  for (const Element* element : model.elements()) state.add(*element);
  return state.to_tuple();
}

EncodeSettings checked(const EncodeSettings& settings) {
  require(settings.step > 0, "step must be positive, got " + std::to_string(settings.step));
  require(settings.overlap >= 0 && settings.overlap <= kMaxOverlap,
          "overlap must be 0 to " + std::to_string(kMaxOverlap) + " pixels, got " +
              std::to_string(settings.overlap));
  require(kMinLog2 <= settings.min_log2 && settings.min_log2 <= settings.max_log2 &&
              settings.max_log2 <= kMaxLog2,
          "min_log2 and max_log2 must rise within 3..6, got " + std::to_string(settings.min_log2) +
              " and " + std::to_string(settings.max_log2));
  return settings;
}

// A row of superblocks is read from the strip that is given with it.
struct Encoder {
  Geometry geometry;
  PictureEncoder encoder;

  Encoder(const Geometry& shape, const Prior& prior, const EncodeSettings& settings)
      : geometry(shape), encoder(shape, checked(settings), prior) {}

  void encode_row(const InputArray& planes) {
    const int top = encoder.first_row(), rows = encoder.end_row() - top;
    require(rows > 0, "all rows have been encoded");
    const float* data = read<float>("planes", planes, {geometry.channels, rows, geometry.width});
    nb::gil_scoped_release release;
    encoder.encode_row({data, top, rows});
  }
};

// Owns the bytes it reads.
struct Decoder {
  std::vector<std::uint8_t> data;
  RowDecoder rows;

  Decoder(const nb::bytes& bytes, const Geometry& geometry, const Prior& prior)
      : data(reinterpret_cast<const std::uint8_t*>(bytes.c_str()),
             reinterpret_cast<const std::uint8_t*>(bytes.c_str()) + bytes.size()),
        rows(data.data(), data.size(), geometry, prior) {}

  void decode_row(nb::object check) {
    require(!rows.is_done(), "all rows have been decoded");
    Pulse pulse(std::move(check));
    nb::gil_scoped_release release;
    rows.decode_row([&] { pulse(); });
  }

  // A copy of one tile's levels.
  nb::object levels_of(const TileRow& row, const Tile& tile) const {
    const Geometry& geometry = rows.geometry();
    const int n = 1 << tile.log2n;
    std::vector<Level> levels;
    for (int c = 0; c < geometry.channels; ++c) {
      for (int v = 0; v < n; ++v) {
        const Level* from = row.levels_at(geometry, c, tile.x, tile.y + v);
        levels.insert(levels.end(), from, from + n);
      }
    }
    const auto side = static_cast<std::size_t>(n);
    const auto channels = static_cast<std::size_t>(geometry.channels);
    return nb::cast(to_numpy<Level, 3>(std::move(levels), {channels, side, side}));
  }

  // Of the newest row: x, y, coded anti-diagonals, levels (channel, v, u).
  nb::list tiles() const {
    require(!rows.rows().empty(), "no row has been decoded");
    nb::list tiles;
    for (const Tile& tile : rows.rows().back().tiles) {
      tiles.append(nb::make_tuple(tile.x, tile.y, widest(tile, rows.geometry().channels),
                                  levels_of(rows.rows().back(), tile)));
    }
    return tiles;
  }

  void render(const InputArray& xs, const InputArray& ys, const OutputArray& values,
              const Reconstruction& how, int num_threads, const std::string& isa_name) const {
    require(!rows.rows().empty(), "no row has been decoded");
    require(num_threads >= 1, "num_threads must be positive, got " + std::to_string(num_threads));
    const std::ptrdiff_t nx = length_of(xs, 0), ny = length_of(ys, 0);
    const SampleGrid grid{read<double>("xs", xs, {kAny}), static_cast<int>(nx),
                          read<double>("ys", ys, {kAny}), static_cast<int>(ny)};
    float* to = written<float>("values", values, {rows.geometry().channels, ny, nx});
    const Isa isa = resolve(isa_of(isa_name));
    nb::gil_scoped_release release;
    tiled_dct::render(rows.rows(), rows.geometry(), how, grid, to, num_threads, isa);
  }
};

using Plane = nb::ndarray<const float, nb::ndim<2>, nb::device::cpu>;

// out[k] = squash((neighbour_k - centre) / scale), squash(x) = x / (2 (1 + |x|)), for each pixel.
void relative_inputs(const Plane& centre, const std::vector<Plane>& neighbours, float scale,
                     const OutputArray& out) {
  const std::size_t rows = centre.shape(0), width = centre.shape(1);
  float* to = written<float>(
      "out", out,
      {static_cast<std::ptrdiff_t>(neighbours.size()), static_cast<std::ptrdiff_t>(rows * width)});
  for (const Plane& plane : neighbours) {
    require(plane.shape(0) == rows && plane.shape(1) == width && plane.stride(1) == 1 &&
                centre.stride(1) == 1,
            "planes must have one shape and contiguous rows");
    for (std::size_t j = 0; j < rows; ++j) {
      const float* a = centre.data() + static_cast<std::ptrdiff_t>(j) * centre.stride(0);
      const float* b = plane.data() + static_cast<std::ptrdiff_t>(j) * plane.stride(0);
      for (std::size_t i = 0; i < width; ++i) {
        const float x = (b[i] - a[i]) / scale;
        *to++ = 0.5f * x / (1.0f + std::abs(x));
      }
    }
  }
}

void bind_encoder(nb::module_& m) {
  nb::class_<Encoder>(m, "Encoder")
      .def(
          "__init__",
          [](Encoder* self, const InputArray& counters, const InputArray& weights, int width,
             int height, int channels, double step, double rd_weight, double overlap,
             double reconstruction_offset_one, double reconstruction_offset, int min_log2,
             int max_log2) {
            new (self) Encoder(geometry_of(width, height, channels), prior_of(counters, weights),
                               {step, rd_weight, overlap, reconstruction_offset_one,
                                reconstruction_offset, min_log2, max_log2});
          },
          "counters"_a, "weights"_a, nb::kw_only(), "width"_a, "height"_a, "channels"_a, "step"_a,
          "rd_weight"_a, "overlap"_a, "reconstruction_offset_one"_a, "reconstruction_offset"_a,
          "min_log2"_a, "max_log2"_a)
      .def_prop_ro("next_rows",
                   [](const Encoder& self) {
                     return nb::make_tuple(self.encoder.first_row(), self.encoder.end_row());
                   })
      .def("encode_row", &Encoder::encode_row, "planes"_a)
      .def("finish",
           [](Encoder& self) {
             const auto bytes = self.encoder.finish();
             return nb::bytes(bytes.data(), bytes.size());
           })
      .def_prop_ro("size_bytes", [](const Encoder& self) { return self.encoder.size_bytes(); })
      .def("learned", [](Encoder& self) { return state_of(self.encoder.model()); });
}

void bind_decoder(nb::module_& m) {
  nb::class_<Decoder>(m, "Decoder")
      .def(
          "__init__",
          [](Decoder* self, const nb::bytes& data, const InputArray& counters,
             const InputArray& weights, int width, int height, int channels) {
            new (self)
                Decoder(data, geometry_of(width, height, channels), prior_of(counters, weights));
          },
          "data"_a, "counters"_a, "weights"_a, nb::kw_only(), "width"_a, "height"_a, "channels"_a)
      .def("decode_row", &Decoder::decode_row, "check"_a = nb::none())
      .def_prop_ro("rows_decoded", [](const Decoder& self) { return self.rows.rows_decoded(); })
      .def_prop_ro("is_done", [](const Decoder& self) { return self.rows.is_done(); })
      .def_prop_ro("has_leftover", [](const Decoder& self) { return self.rows.has_leftover(); })
      .def("tiles", &Decoder::tiles)
      .def(
          "render",
          [](const Decoder& self, const InputArray& xs, const InputArray& ys,
             const OutputArray& values, double step, double overlap,
             double reconstruction_offset_one, double reconstruction_offset, double blend,
             int num_threads, const std::string& isa) {
            self.render(xs, ys, values,
                        {step, overlap, reconstruction_offset_one, reconstruction_offset, blend},
                        num_threads, isa);
          },
          "xs"_a, "ys"_a, "values"_a, nb::kw_only(), "step"_a, "overlap"_a,
          "reconstruction_offset_one"_a, "reconstruction_offset"_a, "blend"_a, "num_threads"_a,
          "isa"_a);
}

}  // namespace

NB_MODULE(_tiled_dct, m) {
  m.attr("SUPERBLOCK") = kMaxTile;
  m.attr("MIN_TILE") = kMinTile;
  m.def("relative_inputs", &relative_inputs, "centre"_a, "neighbours"_a, "scale"_a, "out"_a);
  m.def("untrained", [] {
    Model model;
    return state_of(model);
  });
  bind_encoder(m);
  bind_decoder(m);
}

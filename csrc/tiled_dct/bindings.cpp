#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "entropy/state.h"
#include "render.h"
#include "search.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone::tiled_dct;

namespace {

template <class T, int dims>
using Array = nb::ndarray<T, nb::ndim<dims>, nb::c_contig, nb::device::cpu>;

Prior prior_of(const Array<const std::uint16_t, 1>& counters,
               const Array<const std::int32_t, 1>& weights) {
  return {counters.data(), counters.shape(0), weights.data(), weights.shape(0)};
}

// Probabilities (of 65536), counts and mixing weights, to make a prior of.
nb::tuple state_of(Model& model) {
  overtone::entropy::State state;
  for (const Element* element : model.elements()) state.add(*element);
  return state.to_tuple();
}

// Keeps the planes alive while the encoder reads them.
struct Encoder {
  nb::object planes;
  PictureEncoder encoder;
};

// Owns the bytes it reads.
struct Decoder {
  std::vector<std::uint8_t> data;
  RowDecoder rows;
  Decoder(nb::bytes bytes, const Geometry& geometry, const Prior& prior)
      : data(reinterpret_cast<const std::uint8_t*>(bytes.c_str()),
             reinterpret_cast<const std::uint8_t*>(bytes.c_str()) + bytes.size()),
        rows(data.data(), data.size(), geometry, prior) {}
};

// A copy of one tile's levels.
nb::ndarray<nb::numpy, Level, nb::ndim<3>> levels_of(const TileRow& row, const Tile& tile,
                                                     const Geometry& geometry) {
  const int n = 1 << tile.log2n;
  auto* levels = new Level[static_cast<std::size_t>(geometry.channels * n * n)];
  Level* to = levels;
  for (int c = 0; c < geometry.channels; ++c) {
    for (int v = 0; v < n; ++v, to += n) {
      const Level* from =
          row.levels.data() + tile.x +
          (static_cast<std::ptrdiff_t>(c) * kMaxTile + tile.y - row.y + v) * geometry.width;
      std::copy_n(from, n, to);
    }
  }
  const nb::capsule owner(levels, [](void* p) noexcept { delete[] static_cast<Level*>(p); });
  const auto side = static_cast<std::size_t>(n);
  return {levels, {static_cast<std::size_t>(geometry.channels), side, side}, owner};
}

using Plane2 = nb::ndarray<const float, nb::ndim<2>, nb::device::cpu>;

// out[k] = squash((neighbour_k - centre) / scale), squash(x) = x / (2 (1 + |x|)), for each pixel.
void relative_inputs(const Plane2& centre, const std::vector<Plane2>& neighbours, float scale,
                     float* out) {
  const std::size_t rows = centre.shape(0), width = centre.shape(1);
  for (const Plane2& plane : neighbours) {
    if (plane.shape(0) != rows || plane.shape(1) != width || plane.stride(1) != 1 ||
        centre.stride(1) != 1) {
      throw std::invalid_argument("planes must have one shape and contiguous rows");
    }
    for (std::size_t j = 0; j < rows; ++j) {
      const float* a = centre.data() + static_cast<std::ptrdiff_t>(j) * centre.stride(0);
      const float* b = plane.data() + static_cast<std::ptrdiff_t>(j) * plane.stride(0);
      for (std::size_t i = 0; i < width; ++i) {
        const float x = (b[i] - a[i]) / scale;
        *out++ = 0.5f * x / (1.0f + std::abs(x));
      }
    }
  }
}

}  // namespace

NB_MODULE(_tiled_dct, m) {
  m.attr("SUPERBLOCK") = kMaxTile;
  m.attr("MIN_TILE") = 1 << kMinLog2;

  m.def(
      "relative_inputs",
      [](const Plane2& centre, const std::vector<Plane2>& neighbours, float scale,
         Array<float, 2> out) {
        if (out.shape(0) != neighbours.size() ||
            out.shape(1) != centre.shape(0) * centre.shape(1)) {
          throw std::invalid_argument("out must be (neighbours, pixels)");
        }
        relative_inputs(centre, neighbours, scale, out.data());
      },
      "centre"_a, "neighbours"_a, "scale"_a, "out"_a);

  m.def("untrained", [] {
    Model model;
    return state_of(model);
  });

  nb::class_<Encoder>(m, "Encoder")
      .def(
          "__init__",
          [](Encoder* self, Array<const float, 3> planes, Array<const std::uint16_t, 1> counters,
             Array<const std::int32_t, 1> weights, double step, double rd_weight, double overlap,
             double reconstruction_offset_one, double reconstruction_offset, int min_log2,
             int max_log2) {
            const Geometry geometry{static_cast<int>(planes.shape(2)),
                                    static_cast<int>(planes.shape(1)),
                                    static_cast<int>(planes.shape(0))};
            new (self) Encoder{nb::cast(planes),
                               PictureEncoder(planes.data(), geometry,
                                              {step, rd_weight, overlap, reconstruction_offset_one,
                                               reconstruction_offset, min_log2, max_log2},
                                              prior_of(counters, weights))};
          },
          "planes"_a, "counters"_a, "weights"_a, nb::kw_only(), "step"_a, "rd_weight"_a,
          "overlap"_a, "reconstruction_offset_one"_a, "reconstruction_offset"_a, "min_log2"_a,
          "max_log2"_a)
      .def("encode_row",
           [](Encoder& self) {
             nb::gil_scoped_release release;
             return self.encoder.encode_row();
           })
      .def("finish",
           [](Encoder& self) {
             const auto bytes = self.encoder.finish();
             return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
           })
      .def_prop_ro("size_bytes", [](const Encoder& self) { return self.encoder.size_bytes(); })
      .def("learned", [](Encoder& self) { return state_of(self.encoder.model()); });

  nb::class_<Decoder>(m, "Decoder")
      .def(
          "__init__",
          [](Decoder* self, nb::bytes data, Array<const std::uint16_t, 1> counters,
             Array<const std::int32_t, 1> weights, int width, int height, int channels) {
            new (self)
                Decoder(data, Geometry{width, height, channels}, prior_of(counters, weights));
          },
          "data"_a, "counters"_a, "weights"_a, nb::kw_only(), "width"_a, "height"_a, "channels"_a)
      .def("decode_row",
           [](Decoder& self) {
             nb::gil_scoped_release release;
             self.rows.decode_row();
           })
      .def_prop_ro("rows_decoded", [](const Decoder& self) { return self.rows.rows_decoded(); })
      .def_prop_ro("is_done", [](const Decoder& self) { return self.rows.is_done(); })
      .def_prop_ro("has_leftover", [](const Decoder& self) { return self.rows.has_leftover(); })
      .def("tiles",
           [](const Decoder& self) {  // of the newest row: x, y, diagonals, levels (channel, v, u)
             const Geometry& geometry = self.rows.geometry();
             const TileRow& row = self.rows.rows().back();
             nb::list tiles;
             for (const Tile& tile : row.tiles) {
               tiles.append(nb::make_tuple(tile.x, tile.y, widest(tile, geometry.channels),
                                           levels_of(row, tile, geometry)));
             }
             return tiles;
           })
      .def(
          "render",
          [](const Decoder& self, Array<const double, 1> xs, Array<const double, 1> ys,
             Array<float, 3> values, double step, double overlap, double reconstruction_offset_one,
             double reconstruction_offset, double blend, int num_threads, const std::string& isa) {
            const SampleGrid grid{xs.data(), static_cast<int>(xs.shape(0)), ys.data(),
                                  static_cast<int>(ys.shape(0))};
            const auto function = render_for(isa);
            nb::gil_scoped_release release;
            render(self.rows.rows(), self.rows.geometry(),
                   {step, overlap, reconstruction_offset_one, reconstruction_offset, blend}, grid,
                   values.data(), num_threads, function);
          },
          "xs"_a, "ys"_a, "values"_a, nb::kw_only(), "step"_a, "overlap"_a,
          "reconstruction_offset_one"_a, "reconstruction_offset"_a, "blend"_a, "num_threads"_a,
          "isa"_a);
}

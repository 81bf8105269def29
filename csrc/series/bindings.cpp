#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "net.h"
#include "render.h"
#include "search.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone::series;
namespace fourier = overtone::fourier;

namespace {

template <class T, int dims>
using Array = nb::ndarray<T, nb::ndim<dims>, nb::c_contig, nb::device::cpu>;

RenderFunction render_for(const std::string& isa) {
    auto wanted = fourier::Isa::automatic;
    if (isa == "baseline") wanted = fourier::Isa::baseline;
    else if (isa == "avx2") wanted = fourier::Isa::avx2;
    else if (isa == "avx512") wanted = fourier::Isa::avx512;
    else if (isa != "auto") throw std::invalid_argument("isa must be auto, baseline, avx2 or avx512");
    switch (fourier::resolve(wanted)) {
#ifdef OVERTONE_X86
        case fourier::Isa::avx512: return avx512::render_function();
        case fourier::Isa::avx2: return avx2::render_function();
#endif
        default: return baseline::render_function();
    }
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
    Decoder(nb::bytes bytes, const Geometry& geometry)
        : data(reinterpret_cast<const std::uint8_t*>(bytes.c_str()),
               reinterpret_cast<const std::uint8_t*>(bytes.c_str()) + bytes.size()),
          rows(data.data(), data.size(), geometry) {}

    void render(const Reconstruction& how, const SampleGrid& grid, float* values, int num_threads,
                RenderFunction function) const {
        num_threads = std::max(1, std::min(num_threads, grid.nx / kMaxTile));
        std::vector<std::thread> threads;
        for (int t = 0; t < num_threads; ++t) {
            const int first = grid.nx * t / num_threads, last = grid.nx * (t + 1) / num_threads;
            auto work = [&, first, last] {
                function(rows.rows(), rows.geometry(), how, grid, first, last, values);
            };
            if (t + 1 < num_threads) threads.emplace_back(work);
            else work();
        }
        for (auto& thread : threads) thread.join();
    }
};

}  // namespace

NB_MODULE(_series, m) {
    m.attr("SUPERBLOCK") = kMaxTile;
    m.attr("MIN_TILE") = 1 << kMinLog2;

    nb::class_<Encoder>(m, "Encoder")
        .def("__init__",
             [](Encoder* self, Array<const float, 3> planes, double step, double rd_weight,
                double overlap, double shrink_one, double shrink, int min_log2, int max_log2) {
                 const Geometry geometry{static_cast<int>(planes.shape(2)),
                                         static_cast<int>(planes.shape(1)),
                                         static_cast<int>(planes.shape(0))};
                 new (self) Encoder{nb::cast(planes),
                                    PictureEncoder(planes.data(), geometry,
                                                   {step, rd_weight, overlap, shrink_one, shrink,
                                                    min_log2, max_log2})};
             },
             "planes"_a, nb::kw_only(), "step"_a, "rd_weight"_a, "overlap"_a, "shrink_one"_a,
             "shrink"_a, "min_log2"_a, "max_log2"_a)
        .def("encode_row", [](Encoder& self) {
            nb::gil_scoped_release release;
            return self.encoder.encode_row();
        })
        .def("finish", [](Encoder& self) {
            const auto bytes = self.encoder.finish();
            return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        })
        .def_prop_ro("size_bytes", [](const Encoder& self) { return self.encoder.size_bytes(); })
        .def_prop_ro("cost", [](const Encoder& self) { return self.encoder.cost(); });

    nb::class_<Decoder>(m, "Decoder")
        .def("__init__",
             [](Decoder* self, nb::bytes data, int width, int height, int channels) {
                 new (self) Decoder(data, Geometry{width, height, channels});
             },
             "data"_a, nb::kw_only(), "width"_a, "height"_a, "channels"_a)
        .def("decode_row", [](Decoder& self) {
            nb::gil_scoped_release release;
            self.rows.decode_row();
        })
        .def_prop_ro("rows_decoded", [](const Decoder& self) { return self.rows.rows_decoded(); })
        .def_prop_ro("is_done", [](const Decoder& self) { return self.rows.is_done(); })
        .def_prop_ro("has_leftover", [](const Decoder& self) { return self.rows.has_leftover(); })
        .def("tile_sizes",
             [](const Decoder& self) {  // tiles of each size in the newest row
                 nb::dict sizes;
                 int counts[kMaxLog2 + 1] = {};
                 for (const Tile& tile : self.rows.rows().back().tiles) ++counts[tile.log2n];
                 for (int s = kMinLog2; s <= kMaxLog2; ++s) sizes[nb::int_(1 << s)] = counts[s];
                 return sizes;
             })
        .def("render",
             [](const Decoder& self, Array<const double, 1> xs, Array<const double, 1> ys,
                Array<float, 3> values, double step, double overlap, double shrink_one,
                double shrink, int num_threads, const std::string& isa) {
                 const SampleGrid grid{xs.data(), static_cast<int>(xs.shape(0)), ys.data(),
                                       static_cast<int>(ys.shape(0))};
                 const auto function = render_for(isa);
                 nb::gil_scoped_release release;
                 self.render({step, overlap, shrink_one, shrink}, grid, values.data(), num_threads,
                             function);
             },
             "xs"_a, "ys"_a, "values"_a, nb::kw_only(), "step"_a, "overlap"_a, "shrink_one"_a,
             "shrink"_a, "num_threads"_a, "isa"_a);
}

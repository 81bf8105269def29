// Python face of the decoder. Shapes and values are checked in overtone.kernels.transformer; here
// the types only, so that nothing is ever copied or converted.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "decoder.h"
#include "sampling.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone::transformer;

namespace {

template <class T, int dims>
using Array = nb::ndarray<T, nb::ndim<dims>, nb::c_contig, nb::device::cpu>;

}  // namespace

NB_MODULE(_transformer, m) {
  m.doc() = "Native transformer decoders; use overtone.kernels.transformer.";
  nb::class_<Decoder>(m, "Decoder")
      .def(
          "__init__",
          [](Decoder* self, int width, int num_heads, int hidden, int num_feed_forwards,
             int num_threads, const std::string& isa, bool is_bfloat16) {
            new (self) Decoder({width, num_heads, hidden, num_feed_forwards}, num_threads, isa,
                               is_bfloat16);
          },
          "width"_a, "num_heads"_a, "hidden"_a, "num_feed_forwards"_a, "num_threads"_a, "isa"_a,
          "is_bfloat16"_a)
      .def_prop_ro("isa", &Decoder::isa)
      .def("add_stack",
           [](Decoder& decoder, int num_layers, int num_logits, int num_inputs,
              const std::vector<nb::ndarray<const float, nb::c_contig, nb::device::cpu>>& weights) {
             std::vector<const float*> pointers;
             for (const auto& array : weights) pointers.push_back(array.data());
             nb::gil_scoped_release release;
             decoder.add_stack({num_layers, num_logits, num_inputs}, pointers);
           })
      .def("prefill",
           [](Decoder& decoder, Array<const float, 3> encoded, std::size_t capacity) {
             nb::gil_scoped_release release;
             decoder.prefill(encoded.data(), encoded.shape(0), encoded.shape(1), capacity);
           })
      .def("decode_step", [](Decoder& decoder, std::size_t stack, Array<const float, 3> x,
                             Array<const float, 3> inputs, Array<const std::int64_t, 1> lists,
                             Array<float, 2> logits) {
        const Tokens tokens{x.data(), inputs.data(), x.shape(0), x.shape(1), lists.data()};
        nb::gil_scoped_release release;
        decoder.decode_step(stack, tokens, logits.data());
      });
  m.def("sample_top_p",
        [](Array<const float, 2> logits, Array<const bool, 2> is_legal, double temperature,
           double top_p, Array<const double, 1> drawn, Array<std::int64_t, 1> tokens) {
          nb::gil_scoped_release release;
          sample_top_p(logits.data(), is_legal.data(), logits.shape(0), logits.shape(1),
                       {temperature, top_p}, drawn.data(), tokens.data());
        });
}

// Python face of the decoder; what Python calls is overtone.kernels.transformer.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <string>

#include "decoder.h"
#include "platform/arrays.h"
#include "sampling.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::transformer;

namespace {

void construct(Decoder* self, int width, int num_heads, int hidden, int num_feed_forwards,
               int num_threads, const std::string& isa, bool is_bfloat16) {
  new (self) Decoder({width, num_heads, hidden, num_feed_forwards}, num_threads, isa, is_bfloat16);
}

// Weights of any shapes; their numbers are what counts.
void add_stack(Decoder& decoder, int num_layers, int num_logits, int num_inputs,
               const std::vector<InputArray>& weights) {
  std::vector<std::span<const float>> arrays;
  for (const InputArray& array : weights) arrays.emplace_back(read<float>("weights", array));
  nb::gil_scoped_release release;
  decoder.add_stack({num_layers, num_logits, num_inputs}, arrays);
}

void prefill(Decoder& decoder, const InputArray& encoded, std::size_t capacity) {
  const float* from = read<float>("encoded", encoded, {kAny, kAny, decoder.sizes().width});
  nb::gil_scoped_release release;
  decoder.prefill(from, encoded.shape(0), encoded.shape(1), capacity);
}

void decode_step(Decoder& decoder, std::size_t stack, const InputArray& x, const InputArray& inputs,
                 const InputArray& lists, const OutputArray& logits) {
  const StackSizes& sizes = decoder.stack_sizes(stack);
  const std::ptrdiff_t num_lists = length_of(x, 0), num_tokens = length_of(x, 1);
  const Tokens tokens{read<float>("x", x, {kAny, kAny, decoder.sizes().width}),
                      read<float>("inputs", inputs, {num_lists, num_tokens, sizes.num_inputs}),
                      x.shape(0), x.shape(1), read<std::int64_t>("lists", lists, {num_lists})};
  float* to = written<float>("logits", logits, {num_lists, sizes.num_logits});
  nb::gil_scoped_release release;
  decoder.decode_step(stack, tokens, to);
}

void sample(const InputArray& logits, const InputArray& is_legal, double temperature, double top_p,
            const InputArray& drawn, const OutputArray& tokens) {
  const std::ptrdiff_t rows = length_of(logits, 0), vocabulary = length_of(logits, 1);
  const float* scores = read<float>("logits", logits, {kAny, kAny});
  const bool* legal = read<bool>("is_legal", is_legal, {rows, vocabulary});
  const double* uniforms = read<double>("drawn", drawn, {rows});
  auto* to = written<std::int64_t>("tokens", tokens, {rows});
  if (!(temperature > 0))
    throw std::invalid_argument("temperature must be positive, got " + std::to_string(temperature));
  nb::gil_scoped_release release;
  sample_top_p(scores, legal, logits.shape(0), logits.shape(1), {temperature, top_p}, uniforms, to);
}

}  // namespace

NB_MODULE(_transformer, m) {
  m.doc() = "Native transformer decoders; use overtone.kernels.transformer.";
  nb::class_<Decoder>(m, "Decoder")
      .def("__init__", &construct, "width"_a, "num_heads"_a, "hidden"_a, "num_feed_forwards"_a,
           "num_threads"_a, "isa"_a, "is_bfloat16"_a)
      .def_prop_ro("isa", &Decoder::isa)
      .def("add_stack", &add_stack)
      .def("prefill", &prefill)
      .def("decode_step", &decode_step);
  m.def("sample_top_p", &sample);
}

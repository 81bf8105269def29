// Python face of the Fourier kernels; what Python calls is overtone.kernels.fourier.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "net.h"
#include "platform/arrays.h"
#include "platform/pool.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::fourier;

namespace {

template <class T>
Plane<T> plane(T* data, std::ptrdiff_t pixels) {
  return {data, pixels, 1};
}

// Sizes of a call's arrays, which follow from its positions and the network.
struct Sizes {
  std::ptrdiff_t weights, axes, outputs, pixels;

  Sizes(const Runner& runner, const InputArray& positions)
      : weights(static_cast<std::ptrdiff_t>(runner.net().num_weights())),
        axes(runner.net().spec().num_axes), outputs(runner.net().spec().num_outputs),
        pixels(positions.ndim() ? length_of(positions, positions.ndim() - 1) : kAny) {}

  Samples samples(const float* positions) const {
    return Samples::at(plane(positions, pixels), static_cast<std::size_t>(pixels));
  }
  Plane<const float> values(const char* name, const InputArray& array) const {
    return plane(read<float>(name, array, {outputs, pixels}), pixels);
  }
};

// Of one network: weights (num_weights,), positions (num_axes, pixels), values (num_outputs,
// pixels).
struct Call : Sizes {
  const float* weights_data;
  Samples at;

  Call(Runner& runner, const InputArray& weights_array, const InputArray& positions)
      : Sizes(runner, positions), weights_data(read<float>("weights", weights_array, {weights})),
        at(samples(read<float>("positions", positions, {axes, pixels}))) {}
};

void forward(Runner& runner, const InputArray& weights, const InputArray& positions,
             const OutputArray& values) {
  const Call call(runner, weights, positions);
  float* to = written<float>("values", values, {call.outputs, call.pixels});
  nb::gil_scoped_release release;
  runner.forward(call.weights_data, call.at, plane(to, call.pixels));
}

double loss_gradient(Runner& runner, const InputArray& weights, const InputArray& positions,
                     const InputArray& targets, const OutputArray& gradient) {
  const Call call(runner, weights, positions);
  const Plane<const float> wanted = call.values("targets", targets);
  float* to = written<float>("gradient", gradient, {call.weights});
  nb::gil_scoped_release release;
  return runner.loss_gradient(call.weights_data, call.at, wanted, to);
}

void vjp(Runner& runner, const InputArray& weights, const InputArray& positions,
         const InputArray& cotangents, const OutputArray& gradient,
         const OutputArray& input_gradient) {
  const Call call(runner, weights, positions);
  const Plane<const float> by_values = call.values("cotangents", cotangents);
  float* to = written<float>("gradient", gradient, {call.weights});
  float* by_position = written<float>("input_gradient", input_gradient, {call.axes, call.pixels});
  nb::gil_scoped_release release;
  runner.vjp(call.weights_data, call.at, by_values, to, plane(by_position, call.pixels));
}

void render(Runner& runner, const InputArray& weights, double x0, double dx, double y0, double dy,
            float low, float high, const OutputArray& pixels) {
  const auto& spec = runner.net().spec();
  if (spec.num_axes != 2)
    throw std::invalid_argument("only a network of 2 axes renders, this one has " +
                                std::to_string(spec.num_axes));
  const auto num_weights = static_cast<std::ptrdiff_t>(runner.net().num_weights());
  const float* from = read<float>("weights", weights, {num_weights});
  auto* to = written<std::uint8_t>("pixels", pixels, {kAny, kAny, spec.num_outputs});
  const Grid grid{x0, dx, y0, dy, pixels.shape(1), pixels.shape(0)};
  nb::gil_scoped_release release;
  runner.render(from, Samples::on(grid), low, high, to);
}

// Of many networks: weights (networks, num_weights), values (networks, num_outputs, pixels),
// positions common to all, or (networks, num_axes, pixels).
struct Batch : Sizes {
  std::ptrdiff_t count;
  bool has_own_positions;
  const float* weights_data;
  Samples at;

  Batch(Runner& runner, const InputArray& weights_array, const InputArray& positions)
      : Sizes(runner, positions), count(length_of(weights_array, 0)),
        has_own_positions(positions.ndim() == 3),
        weights_data(read<float>("weights", weights_array, {kAny, weights})),
        at(samples(has_own_positions ? read<float>("positions", positions, {count, axes, pixels})
                                     : read<float>("positions", positions, {axes, pixels}))) {}

  std::size_t size() const { return static_cast<std::size_t>(count); }
  BatchStrides strides() const {
    return {.values = pixels * outputs, .positions = has_own_positions ? pixels * axes : 0};
  }
  Plane<const float> batch_values(const char* name, const InputArray& array) const {
    return plane(read<float>(name, array, {count, outputs, pixels}), pixels);
  }
};

void forward_batch(Runner& runner, const InputArray& weights, const InputArray& positions,
                   const OutputArray& values) {
  const Batch batch(runner, weights, positions);
  float* to = written<float>("values", values, {batch.count, batch.outputs, batch.pixels});
  nb::gil_scoped_release release;
  runner.forward_batch(batch.size(), batch.weights_data, batch.at, plane(to, batch.pixels),
                       batch.strides());
}

void loss_gradient_batch(Runner& runner, const InputArray& weights, const InputArray& positions,
                         const InputArray& targets, const OutputArray& gradients,
                         const OutputArray& losses) {
  const Batch batch(runner, weights, positions);
  const Plane<const float> wanted = batch.batch_values("targets", targets);
  float* to = written<float>("gradients", gradients, {batch.count, batch.weights});
  double* sums = written<double>("losses", losses, {batch.count});
  nb::gil_scoped_release release;
  runner.loss_gradient_batch(batch.size(), batch.weights_data, batch.at, wanted, batch.strides(),
                             to, sums);
}

void vjp_batch(Runner& runner, const InputArray& weights, const InputArray& positions,
               const InputArray& cotangents, const OutputArray& gradients) {
  const Batch batch(runner, weights, positions);
  const Plane<const float> by_values = batch.batch_values("cotangents", cotangents);
  float* to = written<float>("gradients", gradients, {batch.count, batch.weights});
  nb::gil_scoped_release release;
  runner.vjp_batch(batch.size(), batch.weights_data, batch.at, by_values, batch.strides(), to);
}

// With gradients by positions, too, which each network has of its own.
void vjp_each(Runner& runner, const InputArray& weights, const InputArray& positions,
              const InputArray& cotangents, const OutputArray& gradients,
              const OutputArray& by_position) {
  const Batch batch(runner, weights, positions);
  if (!batch.has_own_positions)
    throw std::invalid_argument("positions must be (networks, num_axes, pixels)");
  const Plane<const float> by_values = batch.batch_values("cotangents", cotangents);
  float* to = written<float>("gradients", gradients, {batch.count, batch.weights});
  float* inputs =
      written<float>("by_position", by_position, {batch.count, batch.axes, batch.pixels});
  nb::gil_scoped_release release;
  runner.vjp_batch(batch.size(), batch.weights_data, batch.at, by_values, batch.strides(), to,
                   plane(inputs, batch.pixels));
}

void construct(Runner* self, int num_axes, std::vector<float> input_scales, std::vector<int> hidden,
               int num_outputs, bool residual, bool has_tanh, int num_threads,
               const std::string& isa) {
  const Net net({num_axes, std::move(input_scales), std::move(hidden), num_outputs, residual,
                 has_tanh ? Output::tanh : Output::linear});
  new (self) Runner(net, num_threads, isa_of(isa));
}

}  // namespace

NB_MODULE(_fourier, m) {
  m.doc() = "Native deep Fourier networks; use overtone.kernels.fourier.";
  m.def("is_supported", [](const std::string& isa) { return is_supported(isa_of(isa)); });
  m.def("prepare_thread", [] { prepare_thread(); });
  nb::class_<Runner>(m, "Runner")
      .def("__init__", &construct, "num_axes"_a, "input_scales"_a, "hidden"_a, "num_outputs"_a,
           "residual"_a, "has_tanh"_a, "num_threads"_a, "isa"_a)
      .def_prop_ro("isa", [](const Runner& r) { return name_of(r.isa()); })
      .def_prop_ro("num_weights", [](const Runner& r) { return r.net().num_weights(); })
      .def("forward", &forward)
      .def("loss_gradient", &loss_gradient)
      .def("vjp", &vjp)
      .def("render", &render)
      .def("forward_batch", &forward_batch)
      .def("loss_gradient_batch", &loss_gradient_batch)
      .def("vjp_batch", &vjp_batch)
      .def("vjp_each", &vjp_each);
}

// Python face of the Fourier kernels. Shapes and values are checked in overtone.kernels.fourier;
// here the types only, so that nothing is ever copied or converted.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "net.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::fourier;

namespace {

template <class T>
using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

// (..., channels, pixels), contiguous.
template <class T>
Plane<T> plane(const Array<T>& array, std::size_t pixels) {
  return {array.data(), static_cast<std::ptrdiff_t>(pixels), 1};
}

// (channels, pixels), or those of the first of (networks, channels, pixels).
Samples samples_at(const Array<const float>& positions) {
  const std::size_t count = positions.shape(positions.ndim() - 1);
  return Samples::at(plane(positions, count), count);
}

Net make_net(int num_axes, std::vector<float> input_scales, std::vector<int> hidden,
             int num_outputs, bool residual, bool has_tanh) {
  return Net({num_axes, std::move(input_scales), std::move(hidden), num_outputs, residual,
              has_tanh ? Output::tanh : Output::linear});
}

// Every network has values; it has positions of its own if there are three axes of them.
BatchStrides strides_of(const Runner& runner, const Array<const float>& positions) {
  const NetSpec& spec = runner.net().spec();
  const auto count = static_cast<std::ptrdiff_t>(positions.shape(positions.ndim() - 1));
  return {.values = count * spec.num_outputs,
          .positions = positions.ndim() == 3 ? count * spec.num_axes : 0};
}

}  // namespace

NB_MODULE(_fourier, m) {
  m.doc() = "Native deep Fourier networks; use overtone.kernels.fourier.";
  m.def("is_supported", [](const std::string& isa) { return is_supported(isa_of(isa)); });

  nb::class_<Runner>(m, "Runner")
      .def(
          "__init__",
          [](Runner* self, int num_axes, std::vector<float> input_scales, std::vector<int> hidden,
             int num_outputs, bool residual, bool has_tanh, int num_threads,
             const std::string& isa) {
            new (self) Runner(make_net(num_axes, std::move(input_scales), std::move(hidden),
                                       num_outputs, residual, has_tanh),
                              num_threads, isa_of(isa));
          },
          "num_axes"_a, "input_scales"_a, "hidden"_a, "num_outputs"_a, "residual"_a, "has_tanh"_a,
          "num_threads"_a, "isa"_a)
      .def_prop_ro("isa", [](const Runner& r) { return name_of(r.isa()); })
      .def_prop_ro("num_weights", [](const Runner& r) { return r.net().num_weights(); })
      .def("forward",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<float> values) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             r.forward(weights.data(), samples, plane(values, samples.count));
           })
      .def("loss_gradient",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<const float> targets, Array<float> gradient) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             return r.loss_gradient(weights.data(), samples, plane(targets, samples.count),
                                    gradient.data());
           })
      .def("vjp",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<const float> cotangents, Array<float> gradient, Array<float> input_gradient) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             r.vjp(weights.data(), samples, plane(cotangents, samples.count), gradient.data(),
                   plane(input_gradient, samples.count));
           })
      .def("render",
           [](Runner& r, Array<const float> weights, double x0, double dx, double y0, double dy,
              float low, float high, Array<std::uint8_t> pixels) {
             const Grid grid{x0, dx, y0, dy, pixels.shape(1), pixels.shape(0)};
             nb::gil_scoped_release release;
             r.render(weights.data(), Samples::on(grid), low, high, pixels.data());
           })
      .def("forward_batch",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<float> values) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             r.forward_batch(weights.shape(0), weights.data(), samples,
                             plane(values, samples.count), strides_of(r, positions));
           })
      .def("loss_gradient_batch",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<const float> targets, Array<float> gradients, Array<double> losses) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             r.loss_gradient_batch(weights.shape(0), weights.data(), samples,
                                   plane(targets, samples.count), strides_of(r, positions),
                                   gradients.data(), losses.data());
           })
      .def("vjp_batch",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<const float> cotangents, Array<float> gradients) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             r.vjp_batch(weights.shape(0), weights.data(), samples,
                         plane(cotangents, samples.count), strides_of(r, positions),
                         gradients.data());
           })
      .def("vjp_each",
           [](Runner& r, Array<const float> weights, Array<const float> positions,
              Array<const float> cotangents, Array<float> gradients, Array<float> input_gradients) {
             const Samples samples = samples_at(positions);
             nb::gil_scoped_release release;
             r.vjp_batch(weights.shape(0), weights.data(), samples,
                         plane(cotangents, samples.count), strides_of(r, positions),
                         gradients.data(), plane(input_gradients, samples.count));
           });
}

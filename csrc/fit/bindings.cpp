// Python face of the fitter; what Python calls is overtone.fit.network.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "fitter.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::fit;

namespace {

using Table = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Vector = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Groups = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Owned = nb::ndarray<nb::numpy, float, nb::ndim<1>>;

Owned to_numpy(const std::vector<float>& values) {
  float* copy = new float[values.size()];
  std::copy(values.begin(), values.end(), copy);
  nb::capsule owner(copy, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  return Owned(copy, {values.size()}, owner);
}

std::vector<float> to_vector(const Vector& array) {
  std::vector<float> values(array.data(), array.data() + array.shape(0));
  for (float v : values)
    if (!std::isfinite(v)) throw std::invalid_argument("weights and steps must be finite");
  return values;
}

Quantiser to_quantiser(const std::string& name) {
  if (name == "none") return Quantiser::none;
  if (name == "noise") return Quantiser::noise;
  if (name == "round") return Quantiser::round;
  throw std::invalid_argument("quantiser must be none, noise or round, got " + name);
}

RateModel to_rate_model(const Groups& groups, const Vector& log_steps) {
  std::vector<int32_t> group_of(groups.data(), groups.data() + groups.shape(0));
  for (int32_t group : group_of)
    if (group < -1 || group >= static_cast<int32_t>(log_steps.shape(0)))
      throw std::invalid_argument("a group must be -1 or have a step");
  return {std::move(group_of), to_vector(log_steps)};
}

void construct(Fitter* self, std::vector<float> input_scales, std::vector<int> hidden,
               bool residual, bool tanh, const Table& positions, const Table& targets,
               const Vector& weights, const Groups& groups, const Vector& log_steps, bool soap,
               float beta1, float beta2, int refresh_every, float clip_factor, size_t batch_size,
               uint64_t seed, float peak_rate, long warmup_steps, long total_steps, bool cosine,
               float final_fraction) {
  if (positions.shape(1) != targets.shape(1))
    throw std::invalid_argument("positions and targets must hold the same number of pixels");
  if (batch_size < 1 || refresh_every < 1 || total_steps < 1 || warmup_steps < 0)
    throw std::invalid_argument("batch_size, refresh_every and total_steps must be positive");
  fourier::NetSpec spec;
  spec.num_axes = static_cast<int>(positions.shape(0));
  spec.input_scales = std::move(input_scales);
  spec.hidden = std::move(hidden);
  spec.num_outputs = static_cast<int>(targets.shape(0));
  spec.residual = residual;
  spec.output = tanh ? fourier::Output::tanh : fourier::Output::linear;
  Settings settings{soap,        beta1,
                    beta2,       refresh_every,
                    clip_factor, batch_size,
                    seed,        {peak_rate, warmup_steps, total_steps, cosine, final_fraction}};
  const Pixels pixels{positions.shape(1), positions.data(), targets.data()};
  new (self) Fitter(spec, pixels, to_vector(weights), to_rate_model(groups, log_steps), settings);
}

nb::tuple run(Fitter& self, long num_steps, const std::string& quantiser, double rate_weight,
              float step_rate) {
  const Quantiser mode = to_quantiser(quantiser);
  Progress progress;
  {
    nb::gil_scoped_release unlocked;
    progress = self.run(num_steps, mode, rate_weight, step_rate);
  }
  return nb::make_tuple(progress.mean_squared_error, progress.bits);
}

double evaluate(Fitter& self, const Vector& weights) {
  if (weights.shape(0) != self.num_weights())
    throw std::invalid_argument("weights must have one entry per weight of the net");
  nb::gil_scoped_release unlocked;
  return self.evaluate(weights.data());
}

}  // namespace

NB_MODULE(_fit, module) {
  nb::class_<Fitter>(module, "Fitter", "Fits one network to the pixels of one tile.")
      .def("__init__", &construct, nb::kw_only(), "input_scales"_a, "hidden"_a, "residual"_a,
           "tanh"_a, "positions"_a, "targets"_a, "weights"_a, "groups"_a, "log_steps"_a, "soap"_a,
           "beta1"_a, "beta2"_a, "refresh_every"_a, "clip_factor"_a, "batch_size"_a, "seed"_a,
           "peak_rate"_a, "warmup_steps"_a, "total_steps"_a, "cosine"_a, "final_fraction"_a)
      .def("run", &run, "num_steps"_a, "quantiser"_a, "rate_weight"_a, "step_rate"_a,
           "Make steps; returns their mean squared error and the estimated bits.")
      .def("evaluate", &evaluate, "weights"_a, "Mean squared error over all pixels.")
      .def_prop_rw(
          "weights", [](Fitter& self) { return to_numpy(self.weights()); },
          [](Fitter& self, const Vector& weights) {
            if (weights.shape(0) != self.num_weights())
              throw std::invalid_argument("weights must have one entry per weight of the net");
            self.weights() = to_vector(weights);
          },
          nb::for_getter(nb::rv_policy::move))
      .def_prop_rw(
          "log_steps", [](Fitter& self) { return to_numpy(self.rate_model().log_steps()); },
          [](Fitter& self, const Vector& steps) {
            if (steps.shape(0) != self.rate_model().log_steps().size())
              throw std::invalid_argument("log_steps must have one entry per group");
            self.rate_model().log_steps() = to_vector(steps);
          },
          nb::for_getter(nb::rv_policy::move))
      .def_prop_ro("steps_done", &Fitter::steps_done);
}

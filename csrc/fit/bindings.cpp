// Python face of the fitter; what Python calls is overtone.fit.network.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "fitter.h"
#include "platform/arrays.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::fit;

namespace {

nb::object owned(const std::vector<float>& values) {
  return nb::cast(to_numpy<float, 1>(values, {values.size()}));
}

// Finite numbers, `count` of them.
std::vector<float> to_vector(const char* name, const InputArray& array, std::ptrdiff_t count) {
  const float* data = read<float>(name, array, {count});
  std::vector<float> values(data, data + array.size());
  for (const float v : values)
    if (!std::isfinite(v))
      throw std::invalid_argument(std::string(name) + " must be finite, got " + std::to_string(v));
  return values;
}

Quantiser to_quantiser(const std::string& name) {
  if (name == "none") return Quantiser::none;
  if (name == "noise") return Quantiser::noise;
  if (name == "round") return Quantiser::round;
  throw std::invalid_argument("quantiser must be none, noise or round, got " + name);
}

RateModel to_rate_model(const InputArray& groups, const InputArray& log_steps) {
  const auto* data = read<std::int32_t>("groups", groups, {kAny});
  std::vector<std::int32_t> group_of(data, data + groups.size());
  std::vector<float> steps = to_vector("log_steps", log_steps, kAny);
  for (const std::int32_t group : group_of)
    if (group < -1 || group >= static_cast<std::int32_t>(steps.size()))
      throw std::invalid_argument("groups must be -1 or number one of " +
                                  std::to_string(steps.size()) + " steps, got " +
                                  std::to_string(group));
  return {std::move(group_of), std::move(steps)};
}

void construct(Fitter* self, std::vector<float> input_scales, std::vector<int> hidden,
               bool residual, bool tanh, const InputArray& positions, const InputArray& targets,
               const InputArray& weights, const InputArray& groups, const InputArray& log_steps,
               bool soap, float beta1, float beta2, int refresh_every, float clip_factor,
               size_t batch_size, uint64_t seed, float peak_rate, long warmup_steps,
               long total_steps, bool cosine, float final_fraction) {
  const Pixels pixels{positions.ndim() == 2 ? positions.shape(1) : 0,
                      read<float>("positions", positions, {kAny, kAny}),
                      read<float>("targets", targets, {kAny, length_of(positions, 1)})};
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
  new (self) Fitter(spec, pixels, to_vector("weights", weights, kAny),
                    to_rate_model(groups, log_steps), settings);
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

double evaluate(Fitter& self, const InputArray& weights) {
  const auto count = static_cast<std::ptrdiff_t>(self.num_weights());
  const float* given = read<float>("weights", weights, {count});
  nb::gil_scoped_release unlocked;
  return self.evaluate(given);
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
          "weights", [](Fitter& self) { return owned(self.weights()); },
          [](Fitter& self, const InputArray& weights) {
            std::vector<float>& own = self.weights();
            own = to_vector("weights", weights, static_cast<std::ptrdiff_t>(own.size()));
          })
      .def_prop_rw(
          "log_steps", [](Fitter& self) { return owned(self.rate_model().log_steps()); },
          [](Fitter& self, const InputArray& steps) {
            std::vector<float>& own = self.rate_model().log_steps();
            own = to_vector("log_steps", steps, static_cast<std::ptrdiff_t>(own.size()));
          })
      .def_prop_ro("steps_done", &Fitter::steps_done);
}

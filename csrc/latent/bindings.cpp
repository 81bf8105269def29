// Python face of the latent machine; what Python calls is overtone.kernels.latent.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "machine.h"
#include "platform/arrays.h"

namespace nb = nanobind;
using namespace nb::literals;
using namespace overtone;
using namespace overtone::latent;

namespace {

nb::object owned(std::vector<float> values) {
  const std::size_t size = values.size();
  return nb::cast(to_numpy<float, 1>(std::move(values), {size}));
}

const float* finite(const char* name, const InputArray& array, Lengths lengths) {
  const float* data = read<float>(name, array, lengths);
  for (std::size_t i = 0; i < array.size(); ++i)
    if (!std::isfinite(data[i]))
      throw std::invalid_argument(std::string(name) + " must be finite, got " +
                                  std::to_string(data[i]));
  return data;
}

std::ptrdiff_t length(std::size_t size) { return static_cast<std::ptrdiff_t>(size); }

Conditions conditions_of(float gain, float temperature, float noise, std::uint64_t seed,
                         float rd_weight, float entropy_share) {
  if (entropy_share != 1.0f && entropy_share != 0.5f && entropy_share != 0.25f)
    throw std::invalid_argument("entropy_share must be 1, 1/2 or 1/4");
  if (!(gain > 0) || !(temperature >= 0) || !(noise >= 0) || !(rd_weight >= 0))
    throw std::invalid_argument(
        "gain must be positive, temperature, noise and rd_weight must not be negative");
  return {gain, temperature, noise, seed, rd_weight, static_cast<int>(1 / entropy_share)};
}

nb::tuple answer(const Loss& loss) { return nb::make_tuple(loss.distortion, loss.bits); }

nb::tuple evaluate(Machine& self, const Conditions& conditions, bool is_rounded) {
  Loss loss;
  {
    nb::gil_scoped_release unlocked;
    loss = self.evaluate(conditions, is_rounded);
  }
  return answer(loss);
}

nb::tuple differentiate(Machine& self, const Conditions& conditions) {
  Loss loss;
  {
    nb::gil_scoped_release unlocked;
    loss = self.differentiate(conditions);
  }
  return answer(loss);
}

nb::tuple step(Machine& self, const Conditions& conditions, const Rates& rates) {
  Loss loss;
  {
    nb::gil_scoped_release unlocked;
    loss = self.step(conditions, rates);
  }
  return answer(loss);
}

Rates rates_of(float latent_rate, float latent_beta1, float latent_beta2, float latent_epsilon,
               double network_rate, double network_beta1, double network_beta2,
               double network_epsilon, double weight_decay, int refresh_every, double clip_norm) {
  if (refresh_every < 1) throw std::invalid_argument("refresh_every must be at least 1");
  return {
      {latent_rate, latent_beta1, latent_beta2, latent_epsilon},
      {network_rate, network_beta1, network_beta2, network_epsilon, weight_decay, refresh_every},
      clip_norm};
}

void set_picture(Machine& self, const InputArray& pixels) {
  const Spec& spec = self.shapes().spec();
  self.painter().set_picture(finite("picture", pixels, {spec.height, spec.width, spec.channels}));
}

nb::object pixels(Machine& self) {
  const Spec& spec = self.shapes().spec();
  return nb::cast(to_numpy<float, 3>(
      self.painter().pixels(),
      {static_cast<std::size_t>(spec.height), static_cast<std::size_t>(spec.width),
       static_cast<std::size_t>(spec.channels)}));
}

void set_parameters(Machine& self, const InputArray& values) {
  std::vector<float>& own = self.parameters();
  const float* given = finite("parameters", values, {length(own.size())});
  own.assign(given, given + own.size());
}

void set_latents(Machine& self, const InputArray& values) {
  self.latents().set(finite("latents", values, {length(self.shapes().num_symbols())}));
}

}  // namespace

NB_MODULE(_latent, module) {
  module.doc() = "Native latent machines; use overtone.kernels.latent.";
  nb::class_<Conditions>(module, "Conditions")
      .def(
          "__init__",
          [](Conditions* self, float gain, float temperature, float noise, std::uint64_t seed,
             float rd_weight, float entropy_share) {
            new (self)
                Conditions(conditions_of(gain, temperature, noise, seed, rd_weight, entropy_share));
          },
          nb::kw_only(), "gain"_a, "temperature"_a, "noise"_a, "seed"_a, "rd_weight"_a,
          "entropy_share"_a);
  nb::class_<Rates>(module, "Rates")
      .def(
          "__init__",
          [](Rates* self, float latent_rate, float latent_beta1, float latent_beta2,
             float latent_epsilon, double network_rate, double network_beta1, double network_beta2,
             double network_epsilon, double weight_decay, int refresh_every, double clip_norm) {
            new (self) Rates(rates_of(latent_rate, latent_beta1, latent_beta2, latent_epsilon,
                                      network_rate, network_beta1, network_beta2, network_epsilon,
                                      weight_decay, refresh_every, clip_norm));
          },
          nb::kw_only(), "latent_rate"_a, "latent_beta1"_a, "latent_beta2"_a, "latent_epsilon"_a,
          "network_rate"_a, "network_beta1"_a, "network_beta2"_a, "network_epsilon"_a,
          "weight_decay"_a, "refresh_every"_a, "clip_norm"_a);
  nb::class_<Machine>(module, "Machine")
      .def(
          "__init__",
          [](Machine* self, const Shapes& shapes, int num_threads, const std::string& isa) {
            new (self) Machine(shapes, num_threads, isa_of(isa));
          },
          "shapes"_a, nb::kw_only(), "num_threads"_a, "isa"_a)
      .def_prop_ro("isa", [](const Machine& self) { return name_of(self.isa()); })
      .def_prop_ro("num_threads", &Machine::num_threads)
      .def("set_picture", &set_picture, "picture"_a)
      .def_prop_rw(
          "parameters", [](Machine& self) { return owned(self.parameters()); }, &set_parameters)
      .def_prop_rw(
          "latents", [](Machine& self) { return owned(self.latents().values()); }, &set_latents)
      .def_prop_ro("symbols", [](Machine& self) { return owned(self.latents().symbols()); })
      .def_prop_ro("pixels", &pixels)
      .def_prop_ro("parameter_gradient",
                   [](Machine& self) {
                     const std::vector<double>& own = self.parameter_gradient();
                     return nb::cast(to_numpy<double, 1>(own, {own.size()}));
                   })
      .def_prop_ro("latent_gradient", [](Machine& self) { return owned(self.latent_gradient()); })
      .def("evaluate", &evaluate, "conditions"_a, "is_rounded"_a)
      .def("differentiate", &differentiate, "conditions"_a)
      .def("step", &step, "conditions"_a, "rates"_a)
      .def("restart", &Machine::restart);
}

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

Trunk trunk_of(const std::string& name) {
  if (name == "linear") return Trunk::linear;
  if (name == "rectified") return Trunk::rectified;
  if (name == "fourier") return Trunk::fourier;
  if (name == "products") return Trunk::products;
  throw std::invalid_argument("trunk must be linear, rectified, fourier or products, got " + name);
}

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

void construct(Machine* self, int height, int width, int channels, int num_grids,
               int first_hyper_grid, int num_neighbours, int num_features, int num_feature_grids,
               int parent_side, int num_context_layers, const std::string& trunk, int num_mixed,
               int num_residual_layers, int num_threads, const std::string& isa) {
  const Spec spec{
      height,          width,        channels,           num_grids,   first_hyper_grid,
      num_neighbours,  num_features, num_feature_grids,  parent_side, num_context_layers,
      trunk_of(trunk), num_mixed,    num_residual_layers};
  new (self) Machine(spec, num_threads, isa_of(isa));
}

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

nb::list tensors(Machine& self) {
  nb::list found;
  for (const Tensor& each : self.shapes().tensors())
    found.append(nb::make_tuple(each.name, each.lengths, each.offset));
  return found;
}

nb::list grids(Machine& self) {
  nb::list found;
  for (const Grid& each : self.shapes().grids())
    found.append(nb::make_tuple(each.level, each.is_hyper, each.height, each.width, each.offset));
  return found;
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
  self.latents().set(finite("latents", values, {length(self.shapes().num_latents())}));
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
      .def("__init__", &construct, nb::kw_only(), "height"_a, "width"_a, "channels"_a,
           "num_grids"_a, "first_hyper_grid"_a, "num_neighbours"_a, "num_features"_a,
           "num_feature_grids"_a, "parent_side"_a, "num_context_layers"_a, "trunk"_a, "num_mixed"_a,
           "num_residual_layers"_a, "num_threads"_a, "isa"_a)
      .def_prop_ro("isa", [](const Machine& self) { return name_of(self.isa()); })
      .def_prop_ro("num_threads", &Machine::num_threads)
      .def_prop_ro("tensors", &tensors)
      .def_prop_ro("grids", &grids)
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

#include "machine.h"

#include <cmath>

namespace overtone::latent {
namespace {

// A number for the noise of one step that looks random (the generator of splitmix64).
std::uint32_t noise_key(std::uint64_t seed) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
}

std::vector<Soap> make_optimisers(const Shapes& shapes) {
  std::vector<Soap> made;
  for (const Tensor& tensor : shapes.tensors()) made.emplace_back(tensor);
  return made;
}

}  // namespace

Machine::Machine(const Shapes& shapes, int num_threads, Isa isa)
    : shapes_(shapes), networks_(shapes_), team_(shapes_, networks_, num_threads, isa),
      latents_(shapes_), pyramid_(shapes_), painter_(shapes_), entropy_(shapes_, team_.size()),
      parameters_(shapes_.num_parameters(), 0.0f), gradient_(shapes_.num_parameters(), 0.0),
      optimisers_(make_optimisers(shapes_)) {}

Loss Machine::run(const Conditions& conditions, bool has_gradient, bool is_rounded) {
  networks_.pack(parameters_.data());
  if (has_gradient) team_.run([&](int thread) { team_.worker(thread).sums.clear(); });
  latents_.quantise(team_, {conditions.gain, conditions.temperature, conditions.noise,
                            noise_key(conditions.seed)});
  painter_.run(team_, networks_, latents_, pyramid_, has_gradient, is_rounded);
  entropy_.run(team_, networks_, latents_,
               {conditions.rd_weight, has_gradient ? conditions.entropy_stride : 1,
                static_cast<int>(conditions.seed % 1024)},
               has_gradient);
  const Spec& spec = shapes_.spec();
  const double num_pixels = static_cast<double>(spec.height) * spec.width;
  Loss loss{0.0, std::vector<double>(shapes_.grids().size(), 0.0)};
  for (const Worker& worker : team_.workers()) {
    loss.distortion += worker.squared_error / (num_pixels * spec.channels);
    for (std::size_t g = 0; g < loss.bits.size(); ++g) loss.bits[g] += worker.bits[g];
  }
  if (has_gradient) {
    gradient_.assign(gradient_.size(), 0.0);
    for (const Worker& worker : team_.workers())
      networks_.add_gradient(worker.sums.data(), team_.entropy.lanes, gradient_);
    for (double& each : gradient_) each /= num_pixels;
  }
  return loss;
}

Loss Machine::evaluate(const Conditions& conditions, bool is_rounded) {
  return run(conditions, false, is_rounded);
}

Loss Machine::differentiate(const Conditions& conditions) { return run(conditions, true, false); }

std::vector<float> Machine::latent_gradient() const {
  std::vector<float> found = latents_.gradient();
  const auto num_pixels =
      static_cast<float>(shapes_.spec().height) * static_cast<float>(shapes_.spec().width);
  for (float& each : found) each /= num_pixels;
  return found;
}

void Machine::clip(double norm) {
  double square = 0;
  for (const double each : gradient_) square += each * each;
  const double length = std::sqrt(square);
  if (length <= norm) return;
  for (double& each : gradient_) each *= norm / length;
}

Loss Machine::step(const Conditions& conditions, const Rates& rates) {
  Loss loss = differentiate(conditions);
  if (rates.latents.rate > 0) latents_.step(team_, rates.latents);
  clip(rates.clip_norm);
  for (Soap& optimiser : optimisers_) optimiser.step(rates.networks, gradient_, parameters_);
  return loss;
}

void Machine::restart() {
  latents_.restart();
  optimisers_ = make_optimisers(shapes_);
}

}  // namespace overtone::latent

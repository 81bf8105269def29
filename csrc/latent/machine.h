// A picture as grids of integers and four small networks, trained on this picture alone.
#pragma once

#include <cstdint>
#include <vector>

#include "entropy.h"
#include "latents.h"
#include "networks.h"
#include "painter.h"
#include "pyramid.h"
#include "soap.h"
#include "team.h"

namespace overtone::latent {

// How latents become symbols, and what a bit costs.
struct Conditions {
  float gain = 1.0f;
  float temperature = 0.0f;  // 0 rounds
  float noise = 0.0f;
  std::uint64_t seed = 0;  // of the noise
  float rd_weight = 0.0f;
  int entropy_stride = 1;  // in differentiate, of so many rows of contexts one counts for all
};

struct Rates {
  AdamSettings latents{};  // a rate of 0 leaves them alone
  SoapSettings networks{};
  double clip_norm = 0.0;  // longest gradient of all networks together
};

struct Loss {
  double distortion;         // mean squared error of samples in [0, 1]
  std::vector<double> bits;  // by grid
};

class Machine {
 public:
  Machine(const Shapes& shapes, int num_threads, Isa isa);

  const Shapes& shapes() const { return shapes_; }
  Isa isa() const { return team_.isa(); }
  int num_threads() const { return team_.size(); }
  std::vector<float>& parameters() { return parameters_; }
  Latents& latents() { return latents_; }
  const Painter& painter() const { return painter_; }
  Painter& painter() { return painter_; }

  // Loss without gradients; `is_rounded` takes pixels as 8-bit integers.
  Loss evaluate(const Conditions& conditions, bool is_rounded);
  // Loss, and gradients of distortion + rd_weight * bits / pixels.
  Loss differentiate(const Conditions& conditions);
  const std::vector<double>& parameter_gradient() const { return gradient_; }
  std::vector<float> latent_gradient() const;
  // One step down.
  Loss step(const Conditions& conditions, const Rates& rates);
  // Forgets what the optimisers remember.
  void restart();

 private:
  Loss run(const Conditions& conditions, bool has_gradient, bool is_rounded);
  void clip(double norm);

  Shapes shapes_;
  Networks networks_;
  Team team_;
  Latents latents_;
  Pyramid pyramid_;
  Painter painter_;
  Entropy entropy_;
  std::vector<float> parameters_;
  std::vector<double> gradient_;
  std::vector<Soap> optimisers_;
};

}  // namespace overtone::latent

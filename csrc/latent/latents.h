// The latents of a machine: their values, the symbols that they become, gradients, and Adam.
#pragma once

#include <cstdint>
#include <vector>

#include "memory.h"
#include "team.h"

namespace overtone::latent {

struct AdamSettings {
  float rate, beta1, beta2, epsilon;
};

class Latents {
 public:
  explicit Latents(const Shapes& shapes);

  // Both in the order of the grids, rows one after the other.
  void set(const float* values);
  std::vector<float> values() const;
  std::vector<float> symbols() const;
  // Of the sum over pixels, by the latents.
  std::vector<float> gradient() const;

  Plane symbols_of(int grid) const { return symbols_[static_cast<std::size_t>(grid)][0]; }
  Plane gradients_of(int grid) const { return gradients_[static_cast<std::size_t>(grid)][0]; }

  // Makes the symbols and clears the gradients.
  void quantise(Team& team, const Rounding& rounding);
  void step(Team& team, const AdamSettings& settings);
  // Forgets what Adam remembers.
  void restart();

 private:
  float* state(const Floats& floats, int grid, int y) const;
  std::vector<float> collect(const Floats& floats) const;

  const Shapes& shapes_;
  std::vector<Planes> symbols_, gradients_;
  std::vector<std::size_t> starts_;  // of a grid's rows in what follows
  Floats values_, slopes_, mean_, square_;
  long num_steps_ = 0;
};

}  // namespace overtone::latent

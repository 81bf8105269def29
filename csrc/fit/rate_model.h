// The rate of quantised weights and its gradient, for the loss of a fit.
#pragma once

#include <cstdint>
#include <vector>

namespace overtone::fit {

// How the weights a step sees differ from the weights it moves.
enum class Quantiser : int { none = 0, noise = 1, round = 2 };

// Groups of weights that share a quantiser step and a Laplace spread.
//
// A weight w of a group with step d is seen as w + d * u (u uniform in [-1/2, 1/2], `noise`) or as
// d * round(w / d) (`round`). Weights of group -1 are never quantised, coded or moved.
class RateModel {
 public:
  // `group_of[i]` is the group of weight i; `log_steps` the natural logarithms of the steps.
  RateModel(std::vector<int32_t> group_of, std::vector<float> log_steps);

  // Writes the seen weights; `state` is the state of the noise generator.
  void perturb(Quantiser mode, const float* weights, uint64_t* state, float* seen);

  // Adds rate_weight * d(bits)/d(weight) to `gradient`, which holds d(distortion)/d(seen weight)
  // on entry, and leaves d(loss)/d(log step) in step_gradient(). Returns the estimated bits.
  double add_gradient(double rate_weight, const float* seen, float* gradient);

  std::vector<float>& log_steps() { return log_steps_; }
  const std::vector<float>& step_gradient() const { return step_gradient_; }
  const std::vector<int32_t>& group_of() const { return group_of_; }

 private:
  void measure_spreads(const float* seen);

  std::vector<int32_t> group_of_;
  std::vector<float> log_steps_;
  std::vector<float> step_gradient_;
  std::vector<float> offsets_;   // (seen - weight) / step of the last perturb
  std::vector<double> spreads_;  // mean magnitude of a group, in steps
  std::vector<int64_t> counts_;
};

}  // namespace overtone::fit

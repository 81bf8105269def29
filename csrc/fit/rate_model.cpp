#include "rate_model.h"

#include <algorithm>
#include <cmath>

#include "random.h"

namespace overtone::fit {

namespace {

constexpr double kMinSpread = 0.05;  // steps; below it a group costs next to nothing anyway
constexpr double kLog2E = 1.4426950408889634;

}  // namespace

RateModel::RateModel(std::vector<int32_t> group_of, std::vector<float> log_steps)
    : group_of_(std::move(group_of)), log_steps_(std::move(log_steps)),
      step_gradient_(log_steps_.size(), 0.0f), offsets_(group_of_.size(), 0.0f),
      spreads_(log_steps_.size(), 0.0), counts_(log_steps_.size(), 0) {
  for (int32_t group : group_of_)
    if (group >= 0) ++counts_[group];
}

void RateModel::perturb(Quantiser mode, const float* weights, uint64_t* state, float* seen) {
  if (mode == Quantiser::none) {
    std::copy_n(weights, group_of_.size(), seen);
    return;
  }
  std::vector<float> steps(log_steps_.size());
  for (size_t g = 0; g < steps.size(); ++g) steps[g] = std::exp(log_steps_[g]);
  for (size_t i = 0; i < group_of_.size(); ++i) {
    const int32_t group = group_of_[i];
    if (group < 0) {
      seen[i] = weights[i];
      continue;
    }
    const float level = weights[i] / steps[group];
    offsets_[i] = mode == Quantiser::noise ? uniform(state) - 0.5f : std::nearbyint(level) - level;
    seen[i] = weights[i] + steps[group] * offsets_[i];
  }
}

void RateModel::measure_spreads(const float* seen) {
  std::fill(spreads_.begin(), spreads_.end(), 0.0);
  for (size_t i = 0; i < group_of_.size(); ++i)
    if (group_of_[i] >= 0) spreads_[group_of_[i]] += std::abs(seen[i]);
  for (size_t g = 0; g < spreads_.size(); ++g) {
    const double mean = spreads_[g] / static_cast<double>(std::max<int64_t>(counts_[g], 1));
    spreads_[g] = std::max(mean / std::exp(static_cast<double>(log_steps_[g])), kMinSpread);
  }
}

double RateModel::add_gradient(double rate_weight, const float* seen, float* gradient) {
  measure_spreads(seen);
  const size_t num_groups = log_steps_.size();
  std::vector<float> steps(num_groups), inverse(num_groups), zero_mass(num_groups);
  std::vector<double> outer_bits(num_groups);
  for (size_t g = 0; g < num_groups; ++g) {
    steps[g] = std::exp(log_steps_[g]);
    inverse[g] = static_cast<float>(1.0 / spreads_[g]);
    zero_mass[g] = std::exp(-0.5f * inverse[g]);
    outer_bits[g] = -std::log2(std::sinh(0.5 * inverse[g]));
  }
  std::fill(step_gradient_.begin(), step_gradient_.end(), 0.0f);
  double bits = 0.0;
  for (size_t i = 0; i < group_of_.size(); ++i) {
    const int32_t g = group_of_[i];
    if (g < 0) {
      gradient[i] = 0.0f;
      continue;
    }
    // Bits of a Laplace variable of spread b in an interval of one step around q:
    //   |q| >= 1/2: |q| / (b ln 2) - log2 sinh(1 / 2b);  else -log2(1 - exp(-1/2b) cosh(q / b)).
    const float q = seen[i] / steps[g];
    const float magnitude = std::abs(q);
    float slope;  // d(bits)/d|q|
    if (magnitude >= 0.5f) {
      slope = static_cast<float>(kLog2E) * inverse[g];
      bits += magnitude * slope + outer_bits[g];
    } else {
      const float mass = 1.0f - zero_mass[g] * std::cosh(magnitude * inverse[g]);
      slope = static_cast<float>(kLog2E) * inverse[g] * zero_mass[g] *
              std::sinh(magnitude * inverse[g]) / mass;
      bits -= std::log2(mass);
    }
    // Distortion sees w + d u, so its slope along log d is g d u; the rate sees w / d (+ u), whose
    // slope along log d is minus its slope along w / d times w / d.
    const float signed_slope = std::copysign(slope, q);
    step_gradient_[g] += gradient[i] * steps[g] * offsets_[i];
    step_gradient_[g] -= static_cast<float>(rate_weight) * signed_slope * (q - offsets_[i]);
    gradient[i] += static_cast<float>(rate_weight) * signed_slope / steps[g];
  }
  return bits;
}

}  // namespace overtone::fit

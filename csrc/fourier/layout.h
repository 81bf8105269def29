// From the public weight layout to the one the kernels multiply with, and back for gradients.
//
// A layer's frequencies pair up: k and its complement have angles phase + angle and
// phase - angle, so half as many cosines and sines serve both (docs/design/fourier-kernel.md).
#pragma once

#include <cstddef>
#include <vector>

#include "kernel.h"

namespace overtone::fourier {

// Owns the layer plans a Plan points to.
class PlanOwner {
 public:
  explicit PlanOwner(const Net& net);
  PlanOwner(const PlanOwner&) = delete;
  PlanOwner& operator=(const PlanOwner&) = delete;
  const Plan& plan() const { return plan_; }

 private:
  std::vector<Plan::LayerPlan> layers_;
  Plan plan_{};
};

// Both arrays have net.num_weights() floats.
void pack_weights(const Net& net, const float* weights, float* packed);
void unpack_gradient(const Net& net, const float* packed, float* gradient);

}  // namespace overtone::fourier

#include "weights.h"

#include <cmath>
#include <string>

namespace overtone::latent_file {

float Weights::value(const Tensor& tensor, std::size_t index) const {
  return std::ldexp(static_cast<float>(of(tensor)[index]), -exponent(tensor));
}

void Weights::check(const Shapes& shapes) const {
  const auto refuse = [](const std::string& what, int low, int high, int got) {
    throw std::invalid_argument(what + " must be " + std::to_string(low) + " to " +
                                std::to_string(high) + ", got " + std::to_string(got));
  };
  if (integers.size() != shapes.num_parameters())
    throw std::invalid_argument("the networks have " + std::to_string(shapes.num_parameters()) +
                                " weights, got " + std::to_string(integers.size()));
  for (std::size_t kind = 0; kind < kNumKinds; ++kind) {
    if (!shapes.has(static_cast<Kind>(kind))) continue;
    if (exponents[kind] < 0 || exponents[kind] > kMaxExponents[kind])
      refuse("exponent of kind " + std::to_string(kind), 0, kMaxExponents[kind], exponents[kind]);
    if (scales[kind] < 0 || scales[kind] >= kNumScales)
      refuse("scale of kind " + std::to_string(kind), 0, kNumScales - 1, scales[kind]);
  }
  for (const std::int32_t integer : integers)
    if (integer < -kLargestWeight || integer > kLargestWeight)
      refuse("an integer of a weight", -kLargestWeight, kLargestWeight, integer);
}

}  // namespace overtone::latent_file

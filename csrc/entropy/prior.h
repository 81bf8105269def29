// Where the models of a stream start: what pictures taught them.
#pragma once

#include <stdexcept>
#include <string>

#include "mixing.h"

namespace overtone::entropy {

// Probabilities and confidences of all counters, then mixing weights, element after element.
struct Prior {
  const std::uint16_t* counters;  // probability in the upper 12 bits, confidence in the lower 4
  std::size_t num_counters;
  const std::int32_t* weights;
  std::size_t num_weights;
};

// Counts that the 16 confidences stand for.
inline constexpr std::uint16_t kConfidence[16] = {0,  1,  2,  3,  4,  6,  8,   12,
                                                  16, 24, 32, 48, 64, 96, 128, 192};

// The element takes its part of the prior, which moves on.
inline void start_from(Prior& prior, Element& element) {
  constexpr std::uint32_t kHalfOfLastBit = 1u << 19;  // the twelve bits stored are rounded down
  for (Counter& counter : element.counters) {
    const std::uint32_t packed = *prior.counters++;
    counter.state = ((packed & 0xfff0u) << 16) | kHalfOfLastBit | kConfidence[packed & 15u];
  }
  for (auto& set : element.weights) {
    for (std::int32_t& weight : set) weight = *prior.weights++;
  }
}

// All elements do; returns what is left, `other_weights` numbers. Throws std::invalid_argument
// when the prior is of another model.
template <class Elements>
Prior start_from(Prior prior, const Elements& elements, std::size_t other_weights = 0) {
  std::size_t num_counters = 0, num_weights = other_weights;
  for (const Element* element : elements) {
    num_counters += element->counters.size();
    for (const auto& set : element->weights) num_weights += set.size();
  }
  if (num_counters != prior.num_counters || num_weights != prior.num_weights) {
    throw std::invalid_argument(
        "the prior must hold " + std::to_string(num_counters) + " counters and " +
        std::to_string(num_weights) + " weights, got " + std::to_string(prior.num_counters) +
        " and " + std::to_string(prior.num_weights) + ": it is of another version of the model");
  }
  for (Element* element : elements) start_from(prior, *element);
  return prior;
}

}  // namespace overtone::entropy

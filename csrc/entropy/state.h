// What models know, from and to Python.
#pragma once

#include "platform/arrays.h"
#include "prior.h"

namespace overtone::entropy {

// Of counters (uint16) and weights (int32), each one-dimensional.
inline Prior prior_of(const InputArray& counters, const InputArray& weights) {
  return {read<std::uint16_t>("counters", counters, {kAny}), counters.shape(0),
          read<std::int32_t>("weights", weights, {kAny}), weights.shape(0)};
}

// Lists to make a prior of: probabilities (of 65536), observations, mixing weights (16.16).
struct State {
  nanobind::list probabilities, counts, weights;

  void add(const Element& element) {
    for (const Counter& counter : element.counters) {
      probabilities.append(counter.state >> 16);
      counts.append(counter.count());
    }
    for (const auto& set : element.weights) {
      for (const std::int32_t weight : set) weights.append(weight);
    }
  }
  nanobind::tuple to_tuple() const { return nanobind::make_tuple(probabilities, counts, weights); }
};

}  // namespace overtone::entropy

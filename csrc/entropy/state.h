// What models know, as Python lists, to make a prior of.
#pragma once

#include <nanobind/nanobind.h>

#include "mixing.h"

namespace overtone::entropy {

struct State {
  nanobind::list probabilities, counts, weights;  // of 65536; observations; 16.16

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

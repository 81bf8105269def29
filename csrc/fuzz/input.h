// What the fuzzing targets make of their bytes: small numbers first, then a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "entropy/prior.h"

namespace overtone::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  // The next byte, brought to low..high; zero when there are no more.
  int number(int low, int high) {
    const int byte = size_ > 0 ? *data_ : 0;
    if (size_ > 0) ++data_, --size_;
    return low + byte % (high - low + 1);
  }
  const std::uint8_t* rest() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

// Models start where they would without a prior of pictures.
class BlankPrior {
 public:
  template <class Elements>
  explicit BlankPrior(const Elements& elements, std::size_t other_weights = 0) {
    std::size_t num_counters = 0;
    for (const entropy::Element* element : elements) {
      num_counters += element->counters.size();
      for (const auto& set : element->weights)
        weights_.insert(weights_.end(), set.begin(), set.end());
    }
    counters_.assign(num_counters, 0x8000);
    weights_.resize(weights_.size() + other_weights);
  }
  entropy::Prior get() const {
    return {counters_.data(), counters_.size(), weights_.data(), weights_.size()};
  }

 private:
  std::vector<std::uint16_t> counters_;
  std::vector<std::int32_t> weights_;
};

}  // namespace overtone::fuzz

// Keys and values of the tokens that have been read.
#pragma once

#include "memory.h"

namespace overtone::transformer {

// Keys and values of all heads of some lists, for one layer.
class KvCache {
 public:
  void reserve(std::size_t num_lists, std::size_t num_heads, const Heads& heads,
               std::size_t capacity) {
    const std::size_t padded = rounded_up(capacity, kMaxLanes);
    const std::size_t of_keys = heads.size * padded, of_values = heads.padded_size * padded;
    memory_.reserve(num_lists * num_heads * (of_keys + of_values));
    num_heads_ = num_heads, of_keys_ = of_keys, of_values_ = of_values, capacity_ = padded;
  }
  HeadCache at(std::size_t list, std::size_t head) const {
    float* keys = memory_.get() + (list * num_heads_ + head) * (of_keys_ + of_values_);
    return {keys, keys + of_keys_, capacity_};
  }

 private:
  std::size_t num_heads_ = 0, of_keys_ = 0, of_values_ = 0, capacity_ = 0;
  Memory memory_;
};

}  // namespace overtone::transformer

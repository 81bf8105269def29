// Networks that were trained on other pictures: what those of a file may be differences from.
#pragma once

#include <cstdint>
#include <vector>

#include "latent_shape/shapes.h"
#include "limits.h"

namespace overtone::latent_file {

inline constexpr int kStartBits = 10;  // of the fraction of a value

struct Start {
  int number = 0;               // in the head of files; 0 there is none
  std::uint32_t rd_weight = 0;  // that it was trained at, in millionths
  Shapes shapes;                // its tensors are the first of these
  std::vector<std::int16_t> values;

  // Whether networks of that size can start from it; they may see other grids.
  bool fits(const Spec& spec) const;
};

// Whether pictures have the tensor in common: the networks that predict symbols.
inline bool is_shared(const Tensor& tensor) { return tensor.kind <= Kind::feature_bias; }

// How many values a start of these shapes has.
std::size_t num_shared(const Shapes& shapes);

// What the integers of a tensor are differences from; `start` may be NULL.
std::vector<std::int32_t> bases_of(const Tensor& tensor, int exponent, const Start* start);

}  // namespace overtone::latent_file

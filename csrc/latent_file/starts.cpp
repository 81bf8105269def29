#include "starts.h"

#include <algorithm>
#include <cstddef>

namespace overtone::latent_file {
namespace {

// Cubic interpolation, once the sign has been applied along both axes, and nothing but the middle.
constexpr int kDouble[4] = {36, 108, -268, -900}, kSmooth[4] = {1 << kStartBits, 0, 0, 0};

std::int32_t integer_of(int value, int exponent) {
  const std::int64_t half = 1 << (kStartBits - 1);
  const std::int64_t nearest = (value * (std::int64_t{1} << exponent) + half) >> kStartBits;
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(nearest, -kLargestWeight, kLargestWeight));
}

const Tensor* find(const Shapes& shapes, const std::string& name) {
  for (const Tensor& each : shapes.tensors())
    if (each.name == name) return &each;
  return nullptr;
}

std::size_t rows_of(const Tensor& tensor) { return static_cast<std::size_t>(tensor.lengths[0]); }

}  // namespace

bool Start::fits(const Spec& spec) const {
  const Spec& own = shapes.spec();
  return own.num_neighbours == spec.num_neighbours && own.num_features == spec.num_features &&
         own.num_context_layers == spec.num_context_layers && own.parent_side == spec.parent_side;
}

std::size_t num_shared(const Shapes& shapes) {
  std::size_t count = 0;
  for (const Tensor& tensor : shapes.tensors())
    if (is_shared(tensor)) count += tensor.size();
  return count;
}

std::vector<std::int32_t> bases_of(const Tensor& tensor, int exponent, const Start* start) {
  std::vector<std::int32_t> bases(tensor.size());
  if (tensor.kind == Kind::upsampling) {
    const int* values = tensor.name.ends_with(".double") ? kDouble : kSmooth;
    for (std::size_t i = 0; i < bases.size(); ++i) bases[i] = integer_of(values[i], exponent);
  }
  const Tensor* known =
      start != nullptr && is_shared(tensor) ? find(start->shapes, tensor.name) : nullptr;
  if (known == nullptr) return bases;
  // A matrix of features has a column more for each grid that is coarser than all of the start.
  const std::size_t columns = tensor.size() / rows_of(tensor);
  const std::size_t known_columns = known->size() / rows_of(*known);
  for (std::size_t row = 0; row < std::min(rows_of(tensor), rows_of(*known)); ++row)
    for (std::size_t column = 0; column < std::min(columns, known_columns); ++column)
      bases[row * columns + column] =
          integer_of(start->values[known->offset + row * known_columns + column], exponent);
  return bases;
}

}  // namespace overtone::latent_file

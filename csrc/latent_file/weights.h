// The integers of the networks, and how they are coded.
#pragma once

#include <array>
#include <stdexcept>
#include <vector>

#include "laplace.h"
#include "starts.h"

namespace overtone::latent_file {

// Steps of each kind are 2^-e for e up to this.
inline constexpr int kMaxExponents[kNumKinds] = {10, 18, 10, 18, 10, 10, 17, 20, 20, 20, 20};

struct Weights {
  std::array<int, kNumKinds> exponents{};  // steps are 2^-exponent
  std::array<int, kNumKinds> scales{};     // of the Laplace distributions of differences
  std::vector<std::int32_t> integers;      // in the order of the tensors

  int exponent(const Tensor& tensor) const {
    return exponents[static_cast<std::size_t>(tensor.kind)];
  }
  const std::int32_t* of(const Tensor& tensor) const { return integers.data() + tensor.offset; }
  float value(const Tensor& tensor, std::size_t index) const;
  // Throws std::invalid_argument.
  void check(const Shapes& shapes) const;
};

// False where `is_over()` said so after an integer. `start` may be NULL.
template <class Bits, class IsOver>
bool code_weights(Bits& bits, const Shapes& shapes, const Laplace& laplace, const Start* start,
                  Weights& weights, IsOver is_over) {
  constexpr int kExponentBits = 5, kScaleBits = 8;
  for (std::size_t kind = 0; kind < kNumKinds; ++kind) {
    if (!shapes.has(static_cast<Kind>(kind))) continue;
    const auto code = [&](int value, int count) {
      return static_cast<int>(code_even(bits, static_cast<std::uint32_t>(value), count));
    };
    weights.exponents[kind] = code(weights.exponents[kind], kExponentBits);
    weights.scales[kind] = code(weights.scales[kind], kScaleBits);
    if (is_over()) return false;
  }
  weights.integers.resize(shapes.num_parameters());
  weights.check(shapes);
  for (const Tensor& tensor : shapes.tensors()) {
    const auto kind = static_cast<std::size_t>(tensor.kind);
    const std::vector<std::int32_t> bases = bases_of(tensor, weights.exponents[kind], start);
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const int base = bases[i];
      std::int32_t& own = weights.integers[tensor.offset + i];
      own = std::clamp(
          base + laplace.code(bits, weights.scales[kind], 0, own - base, 2 * kLargestWeight),
          -kLargestWeight, kLargestWeight);
      if (is_over()) return false;
    }
  }
  return true;
}

}  // namespace overtone::latent_file

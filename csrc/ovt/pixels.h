// The only rounding to 8 bits.
#pragma once

#include <cmath>
#include <cstdint>

namespace overtone::ovt {

// The nearest level of a value on the scale 0..255, halves to even; 0 for what is not a number.
template <class Real>
std::uint8_t to_level(Real value) {
  if (!(value > 0)) return 0;
  if (value >= 255) return 255;
  return static_cast<std::uint8_t>(std::nearbyint(value));
}

}  // namespace overtone::ovt

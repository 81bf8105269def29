// Exponentials and logarithms of vectors, as precise as float32 allows.
#pragma once

#include "platform/vec.h"

namespace overtone::latent::OVERTONE_ISA {

using namespace simd::OVERTONE_ISA;

typedef std::uint32_t UintVec __attribute__((vector_size(4 * kLanes)));

OVERTONE_INLINE Vec min(Vec a, Vec b) { return a < b ? a : b; }
OVERTONE_INLINE Vec max(Vec a, Vec b) { return a > b ? a : b; }

// e^x - 1 for x <= 87; below -87 as if it were -87.
OVERTONE_INLINE Vec expm1(Vec x) {
  x = max(x, splat(-87.0f));
  const Vec whole = round(x * 1.44269504f);
  const Vec t = (x - whole * 0.693145752f) - whole * 1.42860677e-6f;
  Vec p = splat(1.98412698e-4f);
  p = p * t + 1.38888889e-3f;
  p = p * t + 8.33333333e-3f;
  p = p * t + 4.16666667e-2f;
  p = p * t + 1.66666667e-1f;
  p = p * t + 0.5f;
  p = p * (t * t) + t;
  const Vec power = (Vec)((__builtin_convertvector(whole, IntVec) + 127) << 23);
  return power * p + (power - 1.0f);
}

// log2(x) for normal x > 0.
OVERTONE_INLINE Vec log2(Vec x) {
  const IntVec bits = (IntVec)x;
  // The exponent that leaves a mantissa in [1/sqrt 2, sqrt 2).
  const IntVec shifted = bits - 0x3f3504f3;
  const IntVec exponent = shifted >> 23;
  const Vec mantissa = (Vec)(bits - (exponent << 23));
  const Vec z = (mantissa - 1.0f) / (mantissa + 1.0f), square = z * z;
  Vec p = splat(0.320598898f);  // 2 / (9 ln 2), and so on
  p = p * square + 0.412198583f;
  p = p * square + 0.577078016f;
  p = p * square + 0.961796694f;
  p = p * square + 2.88539008f;
  return p * z + __builtin_convertvector(exponent, Vec);
}

// A number of 32 bits that looks random, for each different x.
OVERTONE_INLINE UintVec scattered(UintVec x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

// In (0, 1], of 24 bits.
OVERTONE_INLINE Vec unit_interval(UintVec x) {
  return __builtin_convertvector((IntVec)(x >> 8) + 1, Vec) * 0x1p-24f;
}

OVERTONE_INLINE Vec lane_numbers() {
  Vec numbers;
  for (int i = 0; i < kLanes; ++i) numbers[i] = static_cast<float>(i);
  return numbers;
}

}  // namespace overtone::latent::OVERTONE_ISA

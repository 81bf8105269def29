// Vectors of the widest kind the instruction set offers, by the compiler's vector extension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace overtone::simd::OVERTONE_ISA {

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
inline constexpr int kAccumulators = 24;  // of 32 registers
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
inline constexpr int kAccumulators = 12;  // of 16
#elif defined(__wasm_simd128__)
inline constexpr int kLanes = 4;
inline constexpr int kAccumulators = 24;  // more than there are: a spill costs less than a splat
#else
inline constexpr int kLanes = 4;
inline constexpr int kAccumulators = 12;
#endif

#define OVERTONE_INLINE inline __attribute__((always_inline))

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef std::int32_t IntVec __attribute__((vector_size(4 * kLanes)));

OVERTONE_INLINE Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
OVERTONE_INLINE void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }
// Not x + 0, which is another number for x = -0 and so costs an addition.
OVERTONE_INLINE Vec splat(float x) { return x - Vec{}; }

OVERTONE_INLINE Vec round(Vec x) {  // to nearest, for |x| < 2^22
  constexpr float kMagic = 12582912.0f;
  return (x + kMagic) - kMagic;
}
OVERTONE_INLINE Vec abs(Vec x) { return (Vec)((IntVec)x & 0x7fffffff); }
OVERTONE_INLINE Vec with_sign(Vec x, Vec sign) {
  return (Vec)(((IntVec)x & 0x7fffffff) | ((IntVec)sign & (std::int32_t)0x80000000));
}

// Lane i of the result: the first (or second) half of each group of `Group` lanes of a, then of b.
template <int Group, bool Second, std::size_t... I>
OVERTONE_INLINE Vec halves(Vec a, Vec b, std::index_sequence<I...>) {
  constexpr int kHalf = Group / 2;
  constexpr auto lane = [](int i) {  // i-th lane of the halves of a, then of those of b
    return i / kHalf * Group + i % kHalf + (Second ? kHalf : 0);
  };
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lane(I)...);
#else
  return __builtin_shuffle(a, b, IntVec{lane(I)...});
#endif
}

// Lane i of the result: sum over the lanes of v[i], for i < Count <= kLanes.
template <int Count, int Group = kLanes>
OVERTONE_INLINE Vec lane_sums(const Vec* v) {
  constexpr auto lanes = std::make_index_sequence<kLanes>();
  constexpr int kPairs = (Count + 1) / 2;
  Vec sums[kPairs];
#pragma GCC unroll 16
  for (int i = 0; i < kPairs; ++i) {
    const Vec a = v[2 * i], b = 2 * i + 1 < Count ? v[2 * i + 1] : a;
    sums[i] = halves<Group, false>(a, b, lanes) + halves<Group, true>(a, b, lanes);
  }
  if constexpr (Group == 2) {
    return sums[0];
  } else {
    return lane_sums<kPairs, Group / 2>(sums);
  }
}

// sin(2 pi t) for |t| <= 1/4; minimax, error 3e-9 before rounding.
OVERTONE_INLINE Vec sin_quarter(Vec t) {
  const Vec u = t * t;
  Vec p = splat(39.536705017f);
  p = p * u - 76.549781799f;
  p = p * u + 81.601005554f;
  p = p * u - 41.341655731f;
  p = p * u + 6.283185005f;
  return p * t;
}

// cos(2 pi t) and sin(2 pi t), absolute error about 2e-7.
OVERTONE_INLINE void cos_sin(Vec t, Vec& cosine, Vec& sine) {
  t = t - round(t);
  const Vec u = 0.25f - abs(t);
  cosine = sin_quarter(u);
  sine = sin_quarter(with_sign(0.25f - abs(u), t));
}

// 2^x for -126 <= x <= 0, relative error about 1e-7.
OVERTONE_INLINE Vec exp2(Vec x) {
  const Vec whole = round(x);
  const Vec t = x - whole;
  Vec p = splat(1.5403530e-4f);
  p = p * t + 1.3333558e-3f;
  p = p * t + 9.6181291e-3f;
  p = p * t + 5.5504109e-2f;
  p = p * t + 2.4022651e-1f;
  p = p * t + 6.9314718e-1f;
  p = p * t + 1.0f;
  const IntVec exponent = (__builtin_convertvector(whole, IntVec) + 127) << 23;
  return p * (Vec)exponent;
}

OVERTONE_INLINE Vec tanh(Vec x) {
  constexpr float kTwoLog2E = 2.88539008f;
  Vec power = kTwoLog2E * abs(x);
  power = power < 60.0f ? power : splat(60.0f);
  const Vec e = exp2(-power);
  return with_sign((1.0f - e) / (1.0f + e), x);
}

}  // namespace overtone::simd::OVERTONE_ISA

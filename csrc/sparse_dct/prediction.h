// Linear prediction of a coefficient from what is known around it, learned on the way: one set of
// integer weights for each band, by normalised least mean squares.
#pragma once

#include <algorithm>

#include "planes.h"

namespace overtone::sparse_dct {

inline constexpr int kInputs = 32;
inline constexpr int kWeightBits = 16;
inline constexpr int kMaxWeight = 1 << 20;
inline constexpr int kRateBits = 9;  // weights move by 16 error * input / power / 2^kRateBits

struct Inputs {
  std::array<std::int32_t, kInputs> x{};
  std::size_t count = 0;
  void add(std::int32_t value) { x[count++] = value; }
};

// Lower bands of the blocks around: they say how the picture goes on.
inline void add_lower_bands(Inputs& in, const Component& own, int k, std::ptrdiff_t here) {
  const std::ptrdiff_t s = own.stride();
  const int u = kZigzag.u[k], v = kZigzag.v[k];
  const std::int32_t dc = own.amplitude(0, here);
  for (const std::ptrdiff_t d : {std::ptrdiff_t{-1}, std::ptrdiff_t{1}, -s, s}) {
    in.add(own.amplitude(0, here + d) - dc);
  }
  if (u > 0 && v > 0) {
    for (const std::ptrdiff_t d : {-s - 1, -s + 1, s - 1, s + 1}) {
      in.add(own.amplitude(0, here + d) - dc);
    }
  }
  // A band in three blocks; none when it is the constant component.
  const auto add_three = [&](int b, std::ptrdiff_t d) {
    if (b == 0) return;
    in.add(own.amplitude(b, here));
    in.add(own.amplitude(b, here - d));
    in.add(own.amplitude(b, here + d));
  };
  for (int step = 1; step <= 2; ++step) {
    if (u >= step) add_three(kZigzag.number[v][u - step], 1);
    if (v >= step) add_three(kZigzag.number[v - step][u], s);
  }
  if (u > 0 && v > 0 && kZigzag.number[v - 1][u - 1] > 0) {
    in.add(own.amplitude(kZigzag.number[v - 1][u - 1], here));
  }
}

// Everything a coefficient of band k can be predicted from, amplitudes.
inline Inputs gather(const Components& components, int c, int k, std::ptrdiff_t here) {
  const Component& own = components[c];
  const std::ptrdiff_t s = own.stride();
  Inputs in;
  // The same band, where it is known already.
  for (const std::ptrdiff_t d :
       {std::ptrdiff_t{-1}, -s, -s - 1, -s + 1, std::ptrdiff_t{-2}, -2 * s}) {
    in.add(own.amplitude(k, here + d));
  }
  if (k > 0) add_lower_bands(in, own, k, here);
  if (own.kind == Kind::second_chroma) {
    for (const std::ptrdiff_t d : {std::ptrdiff_t{0}, std::ptrdiff_t{-1}, -s}) {
      in.add(components[c - 1].amplitude(k, here + d));
    }
  }
  return in;
}

// What the size of a coefficient can be predicted from, |amplitudes|.
inline Inputs gather_sizes(const Components& components, int c, int k, std::ptrdiff_t here,
                           std::int32_t luma) {
  const Component& own = components[c];
  const std::ptrdiff_t s = own.stride();
  const int u = kZigzag.u[k], v = kZigzag.v[k];
  Inputs in;
  in.add(own.q_table[k]);
  const auto size = [&](int b, std::ptrdiff_t d) { return std::abs(own.amplitude(b, here + d)); };
  for (const std::ptrdiff_t d : {std::ptrdiff_t{-1}, -s, -s - 1, -s + 1}) in.add(size(k, d));
  in.add((size(k, -2) + size(k, -2 * s)) / 2);
  const auto energy = [&](std::ptrdiff_t d) { return own.energy_at(here + d) / 16; };
  in.add(energy(0));
  in.add((energy(-1) + energy(1)) / 2);
  in.add((energy(-s) + energy(s)) / 2);
  in.add((energy(-s - 1) + energy(-s + 1) + energy(s - 1) + energy(s + 1)) / 4);
  for (const auto& [dv, du] :
       {std::pair{0, -1}, {-1, 0}, {-1, -1}, {0, -2}, {-2, 0}, {1, -1}, {-1, 1}}) {
    if (u + du < 0 || v + dv < 0 || u + du >= kSide || v + dv >= kSide) continue;
    const int b = kZigzag.number[v + dv][u + du];
    if (b == 0 || b >= k) continue;
    in.add(size(b, 0));
    if (du + dv == -1) in.add((size(b, -1) + size(b, 1) + size(b, -s) + size(b, s)) / 4);
  }
  if (own.kind != Kind::luma) in.add(luma);
  if (own.kind == Kind::second_chroma) in.add(std::abs(components[c - 1].amplitude(k, here)));
  return in;
}

struct Predictor {
  std::array<std::int32_t, kInputs> weights{};

  // Amplitude.
  std::int32_t predict(const Inputs& in) const {
    std::int64_t sum = 1 << (kWeightBits - 1);
    for (std::size_t i = 0; i < in.count; ++i) sum += std::int64_t{weights[i]} * in.x[i];
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(sum >> kWeightBits, -kMaxAmplitude - 1, kMaxAmplitude));
  }
  void learn(const Inputs& in, std::int32_t error, std::int32_t step) {
    std::int64_t power = std::int64_t{step} * step * 16;
    for (std::size_t i = 0; i < in.count; ++i) power += std::int64_t{in.x[i]} * in.x[i];
    const std::int64_t gain = (std::int64_t{error} << (kWeightBits + 4)) / (power + 1);
    for (std::size_t i = 0; i < in.count; ++i) {
      const std::int64_t moved = weights[i] + ((gain * in.x[i]) >> kRateBits);
      weights[i] =
          static_cast<std::int32_t>(std::clamp<std::int64_t>(moved, -kMaxWeight, kMaxWeight));
    }
  }
};

}  // namespace overtone::sparse_dct

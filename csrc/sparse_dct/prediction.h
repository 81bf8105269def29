// Linear prediction of a coefficient from what is known around it, learned on the way: one set of
// integer weights for each band, by normalised least mean squares.
#pragma once

#include <algorithm>

#include "planes.h"

namespace overtone::sparse_dct {

constexpr int kInputs = 32;
constexpr int kWeightBits = 16;
constexpr int kRateBits = 9;  // weights move by error * input / power / 2^kRateBits ... see learn

struct Inputs {
  std::array<std::int32_t, kInputs> x{};
  int count = 0;
  void add(std::int32_t value) { x[static_cast<std::size_t>(count++)] = value; }
};

// Everything a coefficient of band k at (row, column) can be predicted from, amplitudes.
inline Inputs gather(const std::array<Component, kMaxComponents>& components, int c, int k, int row,
                     int column) {
  const Component& own = components[static_cast<std::size_t>(c)];
  const std::ptrdiff_t here = own.at(row, column);
  const std::ptrdiff_t s = own.stride();
  const int u = kZigzag.u[static_cast<std::size_t>(k)], v = kZigzag.v[static_cast<std::size_t>(k)];
  Inputs in;
  // The same band, where it is known already.
  for (const std::ptrdiff_t d : {-1 + 0 * s, -s, -s - 1, -s + 1, std::ptrdiff_t{-2}, -2 * s}) {
    in.add(own.amplitude(k, here + d));
  }
  const auto number = [](int row_band, int column_band) {
    return static_cast<int>(
        kZigzag.number[static_cast<std::size_t>(row_band)][static_cast<std::size_t>(column_band)]);
  };
  if (k > 0) {
    // Lower bands of the whole neighbourhood: they say how the picture goes on.
    const std::int32_t dc = own.amplitude(0, here);
    for (const std::ptrdiff_t d : {std::ptrdiff_t{-1}, std::ptrdiff_t{1}, -s, s}) {
      in.add(own.amplitude(0, here + d) - dc);
    }
    if (u > 0 && v > 0) {
      for (const std::ptrdiff_t d : {-s - 1, -s + 1, s - 1, s + 1}) {
        in.add(own.amplitude(0, here + d) - dc);
      }
    }
    for (int step = 1; step <= 2; ++step) {
      if (u >= step && number(v, u - step) > 0) {
        const int b = number(v, u - step);
        in.add(own.amplitude(b, here));
        in.add(own.amplitude(b, here - 1));
        in.add(own.amplitude(b, here + 1));
      }
      if (v >= step && number(v - step, u) > 0) {
        const int b = number(v - step, u);
        in.add(own.amplitude(b, here));
        in.add(own.amplitude(b, here - s));
        in.add(own.amplitude(b, here + s));
      }
    }
    if (u > 0 && v > 0 && number(v - 1, u - 1) > 0) {
      in.add(own.amplitude(number(v - 1, u - 1), here));
    }
  }
  if (own.kind == Kind::second_chroma) {
    const Component& other = components[static_cast<std::size_t>(c - 1)];
    for (const std::ptrdiff_t d : {std::ptrdiff_t{0}, std::ptrdiff_t{-1}, -s}) {
      in.add(other.amplitude(k, here + d));
    }
  }
  return in;
}

// What the size of a coefficient can be predicted from, |amplitudes|.
inline Inputs gather_sizes(const std::array<Component, kMaxComponents>& components, int c, int k,
                           std::ptrdiff_t here, std::int32_t luma) {
  const Component& own = components[static_cast<std::size_t>(c)];
  const std::ptrdiff_t s = own.stride();
  const int u = kZigzag.u[static_cast<std::size_t>(k)], v = kZigzag.v[static_cast<std::size_t>(k)];
  Inputs in;
  in.add(own.q_table[static_cast<std::size_t>(k)]);
  const auto size = [&](int b, std::ptrdiff_t d) { return std::abs(own.amplitude(b, here + d)); };
  for (const std::ptrdiff_t d : {std::ptrdiff_t{-1}, -s, -s - 1, -s + 1}) in.add(size(k, d));
  in.add((size(k, -2) + size(k, -2 * s)) / 2);
  const auto& e = own.energy;
  const auto energy = [&](std::ptrdiff_t d) { return e[static_cast<std::size_t>(here + d)] / 16; };
  in.add(energy(0));
  in.add((energy(-1) + energy(1)) / 2);
  in.add((energy(-s) + energy(s)) / 2);
  in.add((energy(-s - 1) + energy(-s + 1) + energy(s - 1) + energy(s + 1)) / 4);
  for (const auto& [dv, du] :
       {std::pair{0, -1}, {-1, 0}, {-1, -1}, {0, -2}, {-2, 0}, {1, -1}, {-1, 1}}) {
    if (u + du < 0 || v + dv < 0 || u + du > 7 || v + dv > 7) continue;
    const int b =
        kZigzag.number[static_cast<std::size_t>(v + dv)][static_cast<std::size_t>(u + du)];
    if (b == 0 || b >= k) continue;
    in.add(size(b, 0));
    if (du + dv == -1) in.add((size(b, -1) + size(b, 1) + size(b, -s) + size(b, s)) / 4);
  }
  if (own.kind != Kind::luma) in.add(luma);
  if (own.kind == Kind::second_chroma) {
    in.add(std::abs(components[static_cast<std::size_t>(c - 1)].amplitude(k, here)));
  }
  return in;
}

struct Predictor {
  std::array<std::int32_t, kInputs> weights{};

  // Amplitude.
  std::int32_t predict(const Inputs& in) const {
    std::int64_t sum = 0;
    for (int i = 0; i < in.count; ++i) {
      const auto n = static_cast<std::size_t>(i);
      sum += std::int64_t{weights[n]} * in.x[n];
    }
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>((sum + (1 << (kWeightBits - 1))) >> kWeightBits, -32768, 32767));
  }
  void learn(const Inputs& in, std::int32_t error, std::int32_t step) {
    std::int64_t power = std::int64_t{step} * step * 16;
    for (int i = 0; i < in.count; ++i) {
      const auto n = static_cast<std::size_t>(i);
      power += std::int64_t{in.x[n]} * in.x[n];
    }
    const std::int64_t gain = (std::int64_t{error} << (kWeightBits + 4)) / (power + 1);
    for (int i = 0; i < in.count; ++i) {
      const auto n = static_cast<std::size_t>(i);
      const std::int64_t moved = weights[n] + ((gain * in.x[n]) >> kRateBits);
      weights[n] = static_cast<std::int32_t>(std::clamp<std::int64_t>(moved, -(1 << 20), 1 << 20));
    }
  }
};

}  // namespace overtone::sparse_dct

// The three products of a layer, tiled so that the accumulators stay in registers.
//
// A strip is kStrip vectors of pixels. The table has 2^(m-1) entries; entry h is two rows (cosine,
// sine). Packed weights have four rows of n per entry: cosine and sine into P, then into Q.
#pragma once

#include "platform/vec.h"

namespace overtone::fourier::OVERTONE_ISA {

using namespace simd::OVERTONE_ISA;

// P and Q of outputs [0, N) of a chunk over `entries` entries of one strip of S vectors.
template <int N, int S>
OVERTONE_INLINE void multiply(const float* table, std::size_t row_stride, int entries,
                              const float* packed, int outputs, Vec (&p)[N][S], Vec (&q)[N][S]) {
  for (int o = 0; o < N; ++o)
    for (int v = 0; v < S; ++v) p[o][v] = q[o][v] = Vec{};
  for (int h = 0; h < entries; ++h) {
    const float* row = table + 2 * h * row_stride;
    const float* w = packed + 4 * h * outputs;
    Vec c[S], s[S];
    for (int v = 0; v < S; ++v) {
      c[v] = load(row + v * kLanes);
      s[v] = load(row + row_stride + v * kLanes);
    }
#pragma GCC unroll 10
    for (int o = 0; o < N; ++o) {
      const float cp = w[o], sp = w[outputs + o], cq = w[2 * outputs + o], sq = w[3 * outputs + o];
#pragma GCC unroll 4
      for (int v = 0; v < S; ++v) {
        p[o][v] += cp * c[v];
        q[o][v] += cq * c[v];
        p[o][v] += sp * s[v];
        q[o][v] += sq * s[v];
      }
    }
  }
}

// d loss / d angle of every entry, for the gradients dp, dq of a chunk. Adds when `add`.
template <int N, int S>
OVERTONE_INLINE void angle_gradient(const float* table, std::size_t row_stride, int entries,
                                    const float* packed, int outputs, const Vec (&dp)[N][S],
                                    const Vec (&dq)[N][S], float* angles, bool add) {
  for (int h = 0; h < entries; ++h) {
    const float* row = table + 2 * h * row_stride;
    const float* w = packed + 4 * h * outputs;
    Vec dc[S] = {}, ds[S] = {};
#pragma GCC unroll 10
    for (int o = 0; o < N; ++o) {
      const float cp = w[o], sp = w[outputs + o], cq = w[2 * outputs + o], sq = w[3 * outputs + o];
#pragma GCC unroll 4
      for (int v = 0; v < S; ++v) {
        dc[v] += cp * dp[o][v];
        ds[v] += sp * dp[o][v];
        dc[v] += cq * dq[o][v];
        ds[v] += sq * dq[o][v];
      }
    }
    float* out = angles + h * S * kLanes;
#pragma GCC unroll 4
    for (int v = 0; v < S; ++v) {
      Vec angle = load(row + v * kLanes) * ds[v] - load(row + row_stride + v * kLanes) * dc[v];
      if (add) angle += load(out + v * kLanes);
      store(out + v * kLanes, angle);
    }
  }
}

// Sums over the lanes of Count accumulators, to[i] = sum of v[i]; `to` has room for whole vectors.
template <int Count>
OVERTONE_INLINE void store_lane_sums(const Vec* v, float* to) {
  constexpr int kFirst = Count < kLanes ? Count : kLanes;
  store(to, lane_sums<kFirst>(v));
  if constexpr (Count > kFirst) store_lane_sums<Count - kFirst>(v + kFirst, to + kFirst);
}

// Gradient of the packed weights of outputs [0, N) of a chunk over a block of pixels; `weighted`
// holds the rows dp (outputs of them), then dq.
template <int N>
void weight_gradient(const float* table, std::size_t row_stride, int entries, const float* weighted,
                     int outputs, int count, float* gradient) {
  const float* dp = weighted;
  const float* dq = weighted + outputs * row_stride;
  for (int h = 0; h < entries; ++h) {
    const float* cosine = table + 2 * h * row_stride;
    const float* sine = cosine + row_stride;
    Vec sums[4 * N] = {};
    for (int i = 0; i < count; i += kLanes) {
      const Vec c = load(cosine + i), s = load(sine + i);
#pragma GCC unroll 10
      for (int o = 0; o < N; ++o) {
        const Vec x = load(dp + o * row_stride + i), y = load(dq + o * row_stride + i);
        sums[o] += c * x;
        sums[N + o] += s * x;
        sums[2 * N + o] += c * y;
        sums[3 * N + o] += s * y;
      }
    }
    float totals[4 * N + kLanes];
    store_lane_sums<4 * N>(sums, totals);
    float* to = gradient + 4 * h * outputs;
    for (int r = 0; r < 4; ++r)
      for (int o = 0; o < N; ++o) to[r * outputs + o] += totals[r * N + o];
  }
}

}  // namespace overtone::fourier::OVERTONE_ISA

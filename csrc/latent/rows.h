// Linear maps of rows of numbers, tiled so that the sums stay in registers, and their gradients.
//
// Inputs and outputs are pointers to rows; a count is rounded up to whole strips, so rows of
// outputs have room for kBlock numbers, and inputs can be read that far.
#pragma once

#include "plan.h"
#include "platform/vec.h"

namespace overtone::latent::OVERTONE_ISA {

using namespace simd::OVERTONE_ISA;

typedef const float* const* Rows;

// How many vectors of a strip leave room for N sums each.
constexpr int strip_of(int n) {
  const int fit = kAccumulators / n, whole = kBlock / kLanes;
  const int most = fit < whole ? fit : whole;
  return most >= 8 ? 8 : most >= 4 ? 4 : most >= 2 ? 2 : 1;
}

// Calls f.template operator()<N>() for N = n.
template <int Max, class F>
OVERTONE_INLINE void with_size(int n, F&& f) {
  if constexpr (Max == 1) {
    f.template operator()<1>();
  } else if (n == Max) {
    f.template operator()<Max>();
  } else {
    with_size<Max - 1>(n, f);
  }
}

// Calls f.template operator()<N>(first) for chunks [first, first + N) of n rows.
template <int Max, class F>
OVERTONE_INLINE void in_chunks(int n, F&& f) {
  const int chunks = (n + Max - 1) / Max;
  for (int i = 0; i < chunks; ++i) {
    const int first = i * n / chunks, size = (i + 1) * n / chunks - first;
    with_size<Max>(size, [&]<int N>() { f.template operator()<N>(first); });
  }
}

enum class Start { zero, bias, output };

OVERTONE_INLINE Vec positive(Vec x) { return x > 0.0f ? x : Vec{}; }

// out[o] = start + sum over i of packed[i][o] in[i]; rectified, or cut to zero where gates[o] is
// not positive, if there are gates.
template <Start kStart, bool kRectified>
void map_rows(Rows in, int num_in, const float* packed, const float* bias, float* const* out,
              int num_out, Rows gates, int count) {
  in_chunks<kAccumulators / 2>(num_out, [&]<int N>(int first) __attribute__((noinline)) {
    constexpr int kStrip = strip_of(N);
    for (int at = 0; at < count; at += kStrip * kLanes) {
      Vec sums[N][kStrip];
#pragma GCC unroll 12
      for (int o = 0; o < N; ++o)
#pragma GCC unroll 8
        for (int v = 0; v < kStrip; ++v)
          sums[o][v] = kStart == Start::zero   ? Vec{}
                       : kStart == Start::bias ? splat(bias[first + o])
                                               : load(out[first + o] + at + v * kLanes);
      const float* weights = packed + first;
      for (int i = 0; i < num_in; ++i, weights += num_out) {
        const float* row = in[i] + at;
        Vec x[kStrip];
#pragma GCC unroll 8
        for (int v = 0; v < kStrip; ++v) x[v] = load(row + v * kLanes);
#pragma GCC unroll 12
        for (int o = 0; o < N; ++o) {
          const Vec weight = splat(weights[o]);
#pragma GCC unroll 8
          for (int v = 0; v < kStrip; ++v) sums[o][v] += weight * x[v];
        }
      }
#pragma GCC unroll 12
      for (int o = 0; o < N; ++o) {
        const float* gate = gates ? gates[first + o] : nullptr;
#pragma GCC unroll 8
        for (int v = 0; v < kStrip; ++v) {
          Vec y = sums[o][v];
          if (kRectified) y = positive(y);
          if (gate) y = load(gate + at + v * kLanes) > 0.0f ? y : Vec{};
          store(out[first + o] + at + v * kLanes, y);
        }
      }
    }
  });
}

// sums[o][i] += vectors of left[o] right[i]; the count is rounded up to whole vectors, beyond it
// `left` must be zero.
inline constexpr int kTallTile = 4, kWideTile = kAccumulators / kTallTile;

inline void add_products(Rows left, int num_left, Rows right, int num_right, int count,
                         float* sums) {
  in_chunks<kTallTile>(num_left, [&]<int M>(int top) {
    in_chunks<kWideTile>(num_right, [&]<int N>(int first) __attribute__((noinline)) {
      Vec totals[M][N];
      float* to = sums + (static_cast<std::ptrdiff_t>(top) * num_right + first) * kLanes;
      const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(num_right) * kLanes;
#pragma GCC unroll 4
      for (int o = 0; o < M; ++o)
#pragma GCC unroll 6
        for (int i = 0; i < N; ++i) totals[o][i] = load(to + o * step + i * kLanes);
      for (int at = 0; at < count; at += kLanes) {
        Vec y[M];
#pragma GCC unroll 4
        for (int o = 0; o < M; ++o) y[o] = load(left[top + o] + at);
#pragma GCC unroll 6
        for (int i = 0; i < N; ++i) {
          const Vec x = load(right[first + i] + at);
#pragma GCC unroll 4
          for (int o = 0; o < M; ++o) totals[o][i] += y[o] * x;
        }
      }
#pragma GCC unroll 4
      for (int o = 0; o < M; ++o)
#pragma GCC unroll 6
        for (int i = 0; i < N; ++i) store(to + o * step + i * kLanes, totals[o][i]);
    });
  });
}

template <bool kRectified>
void forward(const Linear& map, Rows in, float* const* out, int count) {
  map_rows<Start::bias, kRectified>(in, map.num_in, map.forward, map.bias, out, map.num_out,
                                    nullptr, count);
}

// A list of rows, for calls.
struct RowList {
  const float* rows[kMaxRows];
  int size = 0;

  void add(const float* row) { rows[size++] = row; }
  void add(Rows more, int count, std::ptrdiff_t offset = 0) {
    for (int i = 0; i < count; ++i) add(more[i] + offset);
  }
};

// Rows of kBlock numbers in scratch memory.
class Scratch {
 public:
  explicit Scratch(float* memory) : next_(memory) {}
  float* row(int length = kBlock) {
    float* found = next_;
    next_ += (length + kMaxLanes - 1) / kMaxLanes * kMaxLanes;
    return found;
  }
  void rows(float** to, int count) {
    for (int i = 0; i < count; ++i) to[i] = row();
  }
  float* ones() {
    float* found = row();
    for (int i = 0; i < kBlock; i += kLanes) store(found + i, splat(1.0f));
    return found;
  }

 private:
  float* next_;
};

OVERTONE_INLINE void clear(float* row, int from, int to) {
  for (int i = from; i < to; ++i) row[i] = 0.0f;
}

OVERTONE_INLINE void copy(const float* from, float* to, int count) {
  std::memcpy(to, from, sizeof(float) * static_cast<std::size_t>(count));
}

template <int First, std::size_t... I>
OVERTONE_INLINE Vec woven(Vec a, Vec b, std::index_sequence<I...>) {
  constexpr auto lane = [](int i) { return (First + i) / 2 + (i % 2 ? kLanes : 0); };
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lane(I)...);
#else
  return __builtin_shuffle(a, b, IntVec{lane(I)...});
#endif
}

// a0 b0 a1 b1 ... into two vectors at `to`.
OVERTONE_INLINE void store_woven(float* to, Vec a, Vec b) {
  constexpr auto lanes = std::make_index_sequence<kLanes>();
  store(to, woven<0>(a, b, lanes));
  store(to + kLanes, woven<kLanes>(a, b, lanes));
}

// The lanes of even numbers of two vectors, or the others.
template <int Odd, std::size_t... I>
OVERTONE_INLINE Vec every_second(Vec a, Vec b, std::index_sequence<I...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, (2 * static_cast<int>(I) + Odd)...);
#else
  return __builtin_shuffle(a, b, IntVec{(2 * static_cast<int>(I) + Odd)...});
#endif
}
template <int Odd>
OVERTONE_INLINE Vec every_second(const float* from) {
  return every_second<Odd>(load(from), load(from + kLanes), std::make_index_sequence<kLanes>());
}

}  // namespace overtone::latent::OVERTONE_ISA

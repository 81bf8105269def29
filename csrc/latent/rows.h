// Linear maps of rows of numbers, tiled so that the sums stay in registers, and their gradients.
//
// Inputs and outputs are pointers to rows; a count is rounded up to whole vectors, so rows of
// outputs have room for as many numbers, and inputs can be read that far.
#pragma once

#include "plan.h"
#include "platform/vec.h"

namespace overtone::latent::OVERTONE_ISA {

using namespace simd::OVERTONE_ISA;

typedef const float* const* Rows;

// How many vectors of each of N rows leave room for sums.
constexpr int strip_of(int n) {
  const int fit = kAccumulators / n;
  return fit < 8 ? fit : 8;
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
  int chunks = (n + Max - 1) / Max;
  for (int first = 0, size; first < n; first += size, --chunks) {
    size = (n - first) / chunks;
    with_size<Max>(size, [&]<int N>() { f.template operator()<N>(first); });
  }
}

// One linear map of rows: out[o] = start + sum over i of packed[i][o] in[i], where start is the
// bias, zero without one, or the output itself. Then at least `least` or, if there are gates, zero
// where gates[o] is not positive.
struct RowMap {
  Rows in;
  int num_in;
  const float* packed;
  float* const* out;
  int num_out;
  const float* bias = nullptr;
  Rows gates = nullptr;
  bool adds = false;
  float least = -__builtin_inff();
  int stride = 0;  // of `packed`, if it has more columns than there are outputs
};

// Rows [first, first + N) of the output, S vectors of each from column `at` on. The smaller of the
// two numbers of operands stays in registers beside the sums.
template <int N, int S>
OVERTONE_INLINE void map_strip(const RowMap& map, int first, int at) {
  float* const* out = map.out + first;
  Vec sums[N][S];
  const auto for_sums = [&](auto&& work) __attribute__((always_inline)) {
#pragma GCC unroll 12
    for (int o = 0; o < N; ++o)
#pragma GCC unroll 8
      for (int v = 0; v < S; ++v) work(o, v);
  };
  // Choices are made once for all sums.
  if (map.adds)
    for_sums([&](int o, int v) { sums[o][v] = load(out[o] + at + v * kLanes); });
  else if (map.bias)
    for_sums([&](int o, int v) { sums[o][v] = splat(map.bias[first + o]); });
  else
    for_sums([&](int o, int v) { sums[o][v] = Vec{}; });
  const float* weights = map.packed + first;
  const std::ptrdiff_t stride = map.stride ? map.stride : map.num_out;
  for (const float* const* in = map.in, * const* end = in + map.num_in; in != end;
       ++in, weights += stride) {
    const float* row = *in + at;
    if constexpr (N < S) {
      Vec own[N];
#pragma GCC unroll 12
      for (int o = 0; o < N; ++o) own[o] = splat(weights[o]);
#pragma GCC unroll 8
      for (int v = 0; v < S; ++v) {
        const Vec x = load(row + v * kLanes);
#pragma GCC unroll 12
        for (int o = 0; o < N; ++o) sums[o][v] += own[o] * x;
      }
    } else {
      Vec x[S];
#pragma GCC unroll 8
      for (int v = 0; v < S; ++v) x[v] = load(row + v * kLanes);
#pragma GCC unroll 12
      for (int o = 0; o < N; ++o) {
        const Vec weight = splat(weights[o]);
#pragma GCC unroll 8
        for (int v = 0; v < S; ++v) sums[o][v] += weight * x[v];
      }
    }
  }
  if (map.gates) {
    for_sums([&](int o, int v) {
      const Vec gate = load(map.gates[first + o] + at + v * kLanes);
      store(out[o] + at + v * kLanes, gate > 0.0f ? sums[o][v] : Vec{});
    });
  } else {
    const Vec least = splat(map.least);
    for_sums([&](int o, int v) {
      store(out[o] + at + v * kLanes, sums[o][v] > least ? sums[o][v] : least);
    });
  }
}

template <int N, int S>
OVERTONE_INLINE void map_strips(const RowMap& map, int first, int at, int end) {
  for (; at + S * kLanes <= end; at += S * kLanes) map_strip<N, S>(map, first, at);
  if constexpr (S > 1)
    if (at < end) map_strips<N, (S + 1) / 2>(map, first, at, end);
}

inline int whole_vectors(int count) { return (count + kLanes - 1) / kLanes * kLanes; }

// The count is rounded up to whole vectors.
inline void map_rows(const RowMap& map, int count) {
  const int end = whole_vectors(count);
  in_chunks<kAccumulators / 2>(map.num_out, [&]<int N>(int first) __attribute__((noinline)) {
    const RowMap own = map;
    map_strips<N, strip_of(N)>(own, first, 0, end);
  });
}

// sums[o][i] += vectors of left[o] right[i]; the count is rounded up to whole vectors, beyond it
// `left` must be zero.
inline void add_products(Rows left, int num_left, Rows right, int num_right, int count,
                         float* sums) {
  const int end = whole_vectors(count);
  in_chunks<4>(num_left, [&]<int M>(int top) {
    constexpr int kWidest = kAccumulators / M < 8 ? kAccumulators / M : 8;
    in_chunks<kWidest>(num_right, [&]<int N>(int first) __attribute__((noinline)) {
      Vec totals[M][N];
      float* to = sums + (static_cast<std::ptrdiff_t>(top) * num_right + first) * kLanes;
      const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(num_right) * kLanes;
#pragma GCC unroll 4
      for (int o = 0; o < M; ++o)
#pragma GCC unroll 8
        for (int i = 0; i < N; ++i) totals[o][i] = load(to + o * step + i * kLanes);
      for (int at = 0; at < end; at += kLanes) {
        Vec y[M];
#pragma GCC unroll 4
        for (int o = 0; o < M; ++o) y[o] = load(left[top + o] + at);
#pragma GCC unroll 8
        for (int i = 0; i < N; ++i) {
          const Vec x = load(right[first + i] + at);
#pragma GCC unroll 4
          for (int o = 0; o < M; ++o) totals[o][i] += y[o] * x;
        }
      }
#pragma GCC unroll 4
      for (int o = 0; o < M; ++o)
#pragma GCC unroll 8
        for (int i = 0; i < N; ++i) store(to + o * step + i * kLanes, totals[o][i]);
    });
  });
}

// The map with its bias, at least `least`.
inline void forward(const Linear& map, Rows in, float* const* out, int count,
                    float least = -__builtin_inff()) {
  map_rows({in, map.num_in, map.forward, out, map.num_out, map.bias, nullptr, false, least}, count);
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

// Clears N vectors. Not a loop, which compilers make a slow call of.
template <int N>
OVERTONE_INLINE void clear_vectors(float* row) {
#pragma GCC unroll 16
  for (int i = 0; i < N; ++i) store(row + i * kLanes, Vec{});
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

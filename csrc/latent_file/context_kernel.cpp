// Contexts of several rows at a time, and sums of symbols.
#include "context.h"

#include "platform/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace overtone::latent_file::OVERTONE_ISA {
namespace {

using simd::OVERTONE_ISA::IntVec;
using simd::OVERTONE_ISA::kLanes;
typedef std::uint32_t UintVec __attribute__((vector_size(4 * kLanes)));
typedef std::int16_t ShortVec __attribute__((vector_size(2 * kLanes)));

template <class Vector, class T>
OVERTONE_INLINE Vector load(const T* p) {
  Vector v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// The sum of the two products of 16 bits in each lane.
OVERTONE_INLINE UintVec dot(IntVec a, IntVec b) {
#if defined(__AVX512BW__)
  return (UintVec)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (UintVec)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (UintVec)_mm_madd_epi16((__m128i)a, (__m128i)b);
#elif defined(__wasm_simd128__)
  return (UintVec)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b);
#else
  const IntVec low_a = (IntVec)((UintVec)a << 16) >> 16, low_b = (IntVec)((UintVec)b << 16) >> 16;
  return (UintVec)(low_a * low_b) + (UintVec)((a >> 16) * (b >> 16));
#endif
}

OVERTONE_INLINE IntVec clamp(IntVec x, std::int32_t low, std::int32_t high) {
  const IntVec least = IntVec{} + low, most = IntVec{} + high;
  x = x < least ? least : x;
  return x > most ? most : x;
}

OVERTONE_INLINE IntVec pair_of(IntVec first, IntVec second) {
  return (first & 0xffff) | (IntVec)((UintVec)second << 16);
}

// V vectors of symbols.
template <int V>
struct Group {
  IntVec context[kMaxContextPairs][V];
  IntVec units[2][kMaxContextPairs][V];

  OVERTONE_INLINE void read(const IntegerContextNet& net, const ContextColumn& column, int at) {
    const auto symbols = [&](int n, int v) {
      return n < net.num_neighbours
                 ? __builtin_convertvector(load<ShortVec>(column.neighbours[n] + at + v * kLanes),
                                           IntVec)
                 : IntVec{};
    };
    const int pairs = (net.num_neighbours + 1) / 2;
    for (int p = 0; p < pairs; ++p)
      for (int v = 0; v < V; ++v) context[p][v] = pair_of(symbols(2 * p, v), symbols(2 * p + 1, v));
    for (int p = 0; p < net.num_feature_pairs; ++p)
      for (int v = 0; v < V; ++v)
        context[pairs + p][v] = load<IntVec>(column.features[p] + at + v * kLanes);
  }
};

// Adds weights * inputs to the sums of `Tile` outputs.
template <int Tile, int V>
OVERTONE_INLINE void accumulate(const std::int32_t* weights, int row_length,
                                const IntVec (*inputs)[V], int num_pairs, UintVec (*sums)[V]) {
  for (int p = 0; p < num_pairs; ++p)
    for (int o = 0; o < Tile; ++o) {
      const IntVec weight = IntVec{} + weights[o * row_length + p];
      for (int v = 0; v < V; ++v) sums[o][v] += dot(inputs[p][v], weight);
    }
}

template <int Tile, int V>
OVERTONE_INLINE void hidden_tile(const IntegerLayer& layer, int first, const IntVec (*inputs)[V],
                                 IntVec (*out)[V]) {
  UintVec sums[Tile][V];
  for (int o = 0; o < Tile; ++o)
    for (int v = 0; v < V; ++v) sums[o][v] = UintVec{} + layer.biases[first + o];
  accumulate<Tile, V>(layer.weights + first * layer.num_pairs, layer.num_pairs, inputs,
                      layer.num_pairs, sums);
  for (int o = 0; o < Tile; o += 2)
    for (int v = 0; v < V; ++v)
      out[(first + o) / 2][v] =
          pair_of(clamp((IntVec)sums[o][v] >> kWeightBits, 0, kLargestShort),
                  clamp((IntVec)sums[o + 1][v] >> kWeightBits, 0, kLargestShort));
}

// The outputs are an even number.
template <int V>
OVERTONE_INLINE void hidden_layer(const IntegerLayer& layer, const IntVec (*inputs)[V],
                                  IntVec (*out)[V]) {
  constexpr int kTile = kLanes == 16 ? 8 : 4;
  int o = 0;
  for (; o + kTile <= layer.num_outputs; o += kTile) hidden_tile<kTile, V>(layer, o, inputs, out);
  for (; o < layer.num_outputs; o += 2) hidden_tile<2, V>(layer, o, inputs, out);
}

template <int V>
OVERTONE_INLINE void predict_group(const IntegerContextNet& net, const ContextColumn& column,
                                   int at, std::int32_t* means, std::int32_t* scales) {
  Group<V> group;
  group.read(net, column, at);
  const IntVec(*inputs)[V] = group.context;
  for (int l = 0; l < net.num_layers; ++l) {
    hidden_layer<V>(net.hidden[l], inputs, group.units[l % 2]);
    inputs = group.units[l % 2];
  }
  UintVec sums[2][V];
  for (int o = 0; o < 2; ++o)
    for (int v = 0; v < V; ++v) sums[o][v] = UintVec{} + net.output.biases[o];
  const int num_hidden = net.hidden[0].num_outputs / 2, row_length = net.output.num_pairs;
  accumulate<2, V>(net.output.weights, row_length, inputs, num_hidden, sums);
  accumulate<2, V>(net.output.weights + num_hidden, row_length, group.context,
                   row_length - num_hidden, sums);
  for (int v = 0; v < V; ++v) {
    const IntVec mean = clamp((IntVec)sums[0][v] >> kMeanShift, -kLargestMean, kLargestMean);
    const IntVec scale =
        clamp(((IntVec)sums[1][v] >> kScaleShift) + kScaleOfOne, 0, kNumSymbolScales - 1);
    std::memcpy(means + at + v * kLanes, &mean, sizeof mean);
    std::memcpy(scales + at + v * kLanes, &scale, sizeof scale);
  }
}

void predict(const IntegerContextNet& net, const ContextColumn& column, std::int32_t* means,
             std::int32_t* scales) {
  int at = 0;
  for (; at + kLanes < column.count; at += 2 * kLanes)
    predict_group<2>(net, column, at, means, scales);
  if (at < column.count) predict_group<1>(net, column, at, means, scales);
}

void add_weighted(const std::int32_t* symbols, std::int32_t weight, std::uint32_t* sums,
                  int width) {
  for (int x = 0; x < width; ++x)
    sums[x] += static_cast<std::uint32_t>(weight) * static_cast<std::uint32_t>(symbols[x]);
}

}  // namespace

const ContextKernel context_kernel = {predict, add_weighted};

}  // namespace overtone::latent_file::OVERTONE_ISA

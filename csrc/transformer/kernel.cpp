// Compiled once per instruction set. Sums are made in one order for any number of rows and threads,
// so a list is drawn the same in any company.
#include "kernel.h"

#include <math.h>

#include "platform/vec.h"

namespace overtone::transformer::OVERTONE_ISA {
namespace {

using namespace simd::OVERTONE_ISA;

constexpr int kPanel = 2 * kLanes;
constexpr int kMostRows = kAccumulators / 2;  // of a tile, one panel wide
constexpr float kLog2E = 1.44269504f;
constexpr float kEpsilon = 1e-5f;  // of PyTorch's layer norm

// Weights of one panel and one input: two vectors.
OVERTONE_INLINE void load_pair(const float* panel, Vec& low, Vec& high) {
  low = load(panel);
  high = load(panel + kLanes);
}
OVERTONE_INLINE void load_pair(const std::uint32_t* panel, Vec& low, Vec& high) {
  IntVec both;
  std::memcpy(&both, panel, sizeof both);
  low = (Vec)(both << 16);
  high = (Vec)(both & (std::int32_t)0xffff0000);
}

template <class Weight>
constexpr std::size_t kWordsPerInput = kPanel;
template <>
constexpr std::size_t kWordsPerInput<std::uint32_t> = kLanes;  // two weights a word

// erf by Abramowitz and Stegun, 7.1.26, absolute error 1.5e-7; x (1 + erf(x / sqrt 2)) / 2.
OVERTONE_INLINE Vec gelu(Vec x) {
  const Vec z = abs(x) * 0.70710678f;
  const Vec t = 1.0f / (1.0f + 0.3275911f * z);
  Vec power = z * z * kLog2E;
  power = power < 126.0f ? power : splat(126.0f);
  Vec p = splat(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Vec erf = 1.0f - p * t * exp2(-power);
  return 0.5f * x * (1.0f + with_sign(erf, x));
}

OVERTONE_INLINE void finish(const Product& job, Vec sum, int row, int output) {
  float* to = job.output[row] + output;
  sum += load(job.linear->bias + output);
  if (job.epilogue == Epilogue::gelu) sum = gelu(sum);
  if (job.epilogue == Epilogue::gated_add) sum = load(to) + job.gate * sum;
  store(to, sum);
}

// Rows [row, row + R) times panels [panel, panel + P).
template <class Weight, int R, int P>
void multiply_tile(const Product& job, int row, int panel) {
  const int inputs = job.linear->inputs;
  const std::size_t panel_words = inputs * kWordsPerInput<Weight>;
  const Weight* weights = static_cast<const Weight*>(job.linear->panels) + panel * panel_words;
  const float* x = job.input[row];
  const std::size_t stride = job.input.stride;
  Vec sums[R][2 * P] = {};
  for (int k = 0; k < inputs; ++k) {
    Vec w[2 * P];
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
      load_pair(weights + p * panel_words + k * kWordsPerInput<Weight>, w[2 * p], w[2 * p + 1]);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const float value = x[r * stride + k];
#pragma GCC unroll 8
      for (int v = 0; v < 2 * P; ++v) sums[r][v] += value * w[v];
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; ++v) finish(job, sums[r][v], row + r, panel * kPanel + v * kLanes);
}

// All panels of the job for R rows, as many together as there are registers for.
template <class Weight, int R>
void multiply_rows(const Product& job, int row) {
  constexpr int kTogether = kMostRows / R < 1 ? 1 : kMostRows / R > 4 ? 4 : kMostRows / R;
  int panel = job.first_panel;
  for (; panel + kTogether <= job.last_panel; panel += kTogether)
    multiply_tile<Weight, R, kTogether>(job, row, panel);
  for (; panel < job.last_panel; ++panel) multiply_tile<Weight, R, 1>(job, row, panel);
}

template <class Weight, int R>
void multiply_rest(const Product& job, int row, int rest) {
  if (rest == R)
    multiply_rows<Weight, R>(job, row);
  else if constexpr (R > 1)
    multiply_rest<Weight, R - 1>(job, row, rest);
}

template <class Weight>
void multiply_all(const Product& job) {
  const int rest = job.num_rows % kMostRows, whole = job.num_rows - rest;
  // A panel stays in the cache while all rows pass.
  for (int panel = job.first_panel; whole > 0 && panel < job.last_panel; ++panel)
    for (int row = 0; row < whole; row += kMostRows)
      multiply_tile<Weight, kMostRows, 1>(job, row, panel);
  if (rest > 0) multiply_rest<Weight, kMostRows - 1>(job, whole, rest);
}

void multiply(const Product& job) {
  if (job.linear->is_bfloat16)
    multiply_all<std::uint32_t>(job);
  else
    multiply_all<float>(job);
}

void pack(const float* weights, const Linear& linear, void* panels) {
  const std::size_t inputs = linear.inputs;
  auto* to = static_cast<std::uint32_t*>(panels);
  for (int first = 0; first < linear.outputs; first += kPanel) {
    for (int lane = 0; lane < kPanel; ++lane) {
      const int output = first + lane;
      const float* from = output < linear.outputs ? weights + output * inputs : nullptr;
      for (std::size_t k = 0; k < inputs; ++k) {
        std::uint32_t bits = 0;
        if (from) std::memcpy(&bits, from + k, sizeof bits);
        if (!linear.is_bfloat16)
          to[k * kPanel + lane] = bits;
        else if (lane < kLanes)
          to[k * kLanes + lane] = bits >> 16;
        else
          to[k * kLanes + lane - kLanes] |= bits & 0xffff0000;
      }
    }
    to += inputs * (linear.is_bfloat16 ? kLanes : kPanel);
  }
}

OVERTONE_INLINE float sum_of(Vec v) {
  float lanes[kLanes], total = 0;
  store(lanes, v);
  for (int i = 0; i < kLanes; ++i) total += lanes[i];
  return total;
}

void normalise(Norm norm, int width, ConstRows x, Rows to, int num_rows) {
  const int whole = width - width % kLanes;
  const auto count = static_cast<float>(width);
  for (int row = 0; row < num_rows; ++row) {
    const float* from = x[row];
    Vec sums = {};
    float rest = 0;
    for (int i = 0; i < whole; i += kLanes) sums += load(from + i);
    for (int i = whole; i < width; ++i) rest += from[i];
    const float mean = (sum_of(sums) + rest) / count;
    Vec squares = {};
    rest = 0;
    for (int i = 0; i < whole; i += kLanes) {
      const Vec d = load(from + i) - mean;
      squares += d * d;
    }
    for (int i = whole; i < width; ++i) rest += (from[i] - mean) * (from[i] - mean);
    const float scale = 1.0f / sqrtf((sum_of(squares) + rest) / count + kEpsilon);
    float* out = to[row];
    for (int i = 0; i < whole; i += kLanes)
      store(out + i, (load(from + i) - mean) * scale * load(norm.weight + i) + load(norm.bias + i));
    for (int i = whole; i < width; ++i)
      out[i] = (from[i] - mean) * scale * norm.weight[i] + norm.bias[i];
  }
}

void add(const float* from, float* to, int width) {
  for (int i = 0; i < width; ++i) to[i] += from[i];
}

void append(const Heads& heads, const float* key, const float* value, const HeadCache& cache,
            int position) {
  const int size = heads.size;
  float* keys = cache.keys + position / kLanes * size * kLanes + position % kLanes;
  for (int i = 0; i < size; ++i) keys[i * kLanes] = key[i];
  float* to = cache.values + position * heads.padded_size;
  for (int i = 0; i < size; ++i) to[i] = value[i];
}

// Scores of one block of tokens.
OVERTONE_INLINE Vec score(const float* query, int size, const float* keys) {
  Vec sums[4] = {};
  int i = 0;
  for (; i + 4 <= size; i += 4)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[j] += query[i + j] * load(keys + (i + j) * kLanes);
  for (; i < size; ++i) sums[0] += query[i] * load(keys + i * kLanes);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Weighted sums of V vectors of features.
template <int V>
OVERTONE_INLINE void mix(const float* weights, int count, const float* values, std::size_t stride,
                         float scale, float* to) {
  Vec even[V] = {}, odd[V] = {};
  int s = 0;
  for (; s + 2 <= count; s += 2) {
    const float* row = values + s * stride;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      even[v] += weights[s] * load(row + v * kLanes);
      odd[v] += weights[s + 1] * load(row + stride + v * kLanes);
    }
  }
  if (s < count)
    for (int v = 0; v < V; ++v) even[v] += weights[s] * load(values + s * stride + v * kLanes);
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) store(to + v * kLanes, (even[v] + odd[v]) * scale);
}

void attend(const Heads& heads, const float* query, const HeadCache& cache, int count, float* to) {
  const int size = heads.size;
  float* scores = heads.scratch;
  float* scaled = scores + cache.capacity;
  float* mixed = scaled + heads.padded_size;
  const float factor = kLog2E / sqrtf(static_cast<float>(size));
  for (int i = 0; i < size; ++i) scaled[i] = query[i] * factor;
  int at = 0;
  for (; at < count; at += kLanes) store(scores + at, score(scaled, size, cache.keys + at * size));
  // Lanes beyond the last token hold anything.
  for (int i = count; i < at; ++i) scores[i] = -INFINITY;
  Vec highest = load(scores);
  for (int i = kLanes; i < count; i += kLanes) {
    const Vec x = load(scores + i);
    highest = x > highest ? x : highest;
  }
  float lanes[kLanes], most = -INFINITY;
  store(lanes, highest);
  for (int i = 0; i < kLanes; ++i) most = lanes[i] > most ? lanes[i] : most;
  Vec sums = {};
  for (int i = 0; i < count; i += kLanes) {
    Vec x = load(scores + i) - most;
    x = x > -126.0f ? x : splat(-126.0f);
    x = exp2(x);
    store(scores + i, x);
  }
  for (int i = count; i < at; ++i) scores[i] = 0;
  for (int i = 0; i < count; i += kLanes) sums += load(scores + i);
  const float scale = 1.0f / sum_of(sums);
  std::size_t v = 0;
  for (; v + 2 * kLanes <= heads.padded_size; v += 2 * kLanes)
    mix<2>(scores, count, cache.values + v, heads.padded_size, scale, mixed + v);
  for (; v < heads.padded_size; v += kLanes)
    mix<1>(scores, count, cache.values + v, heads.padded_size, scale, mixed + v);
  for (int i = 0; i < size; ++i) to[i] = mixed[i];
}

}  // namespace

const Kernel kernel = {kPanel, pack, multiply, normalise, add, append, attend};

}  // namespace overtone::transformer::OVERTONE_ISA

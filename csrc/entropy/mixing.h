// Adaptive bit prediction: counters chosen by contexts, mixed in the logistic domain.
// All integer arithmetic, so that every machine predicts the same (Mahoney's PAQ family:
// "Adaptive weighing of context models for lossless data compression", FIT CS-2005-16).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "arithmetic.h"

namespace overtone::entropy {

constexpr int kMaxInputs = 12;

// ln(p / (1 - p)) in 1/256 for p in 1/4096, and its inverse to 1/65536.
// The table is built from integers only (see squash_table), never from libm.
struct LogisticTables {
  std::array<std::int16_t, 4096> stretch;
  std::array<std::uint16_t, 4096> squash;
  std::array<float, 4097> cost_bits;  // encoder decisions only
  LogisticTables();
};
inline const LogisticTables kLogistic;

inline LogisticTables::LogisticTables() {
  // 1 / (1 + exp(-x)) at x = -8 .. 8 in steps of 1/2, in 1/65536; these numbers are the format.
  static constexpr int kKnots[33] = {22,    36,    60,    98,    162,   267,   440,   724,   1179,
                                     1921,  3108,  4971,  7812,  11952, 17625, 24743, 32768, 40793,
                                     47911, 53584, 57724, 60565, 62428, 63615, 64357, 64812, 65096,
                                     65269, 65374, 65438, 65476, 65500, 65514};
  for (int i = 0; i < 4096; ++i) {
    const int x = i - 2048;  // 1/256
    const int knot = std::min((x + 2048) / 128, 31);
    const int t = (x + 2048) - knot * 128;
    const int value = (kKnots[knot] * (128 - t) + kKnots[knot + 1] * t + 64) / 128;
    squash[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(value);
  }
  int next = 0;
  for (int i = 0; i < 4096; ++i) {
    const int target = squash[static_cast<std::size_t>(i)] >> 4;
    for (; next <= target; ++next)
      stretch[static_cast<std::size_t>(next)] = static_cast<std::int16_t>(i - 2048);
  }
  for (; next < 4096; ++next) stretch[static_cast<std::size_t>(next)] = 2047;
  for (int i = 0; i <= 4096; ++i) {
    cost_bits[static_cast<std::size_t>(i)] =
        -std::log2(std::max(static_cast<float>(i), 0.25f) / 4096.0f);
  }
}

// A probability that learns at 1 / (times seen + 1.5), down to a floor: 22 bits of
// probability over 10 bits of count.
struct Counter {
  std::uint32_t state = 1u << 31;

  int probability12() const { return static_cast<int>(state >> 20); }
  int count() const { return static_cast<int>(state & 1023u); }
  void update(int bit, int limit);
};

// 65536 / (n + 1.5)
inline constexpr auto kReciprocal = [] {
  std::array<std::int32_t, 1024> table{};
  for (int n = 0; n < 1024; ++n) table[static_cast<std::size_t>(n)] = 131072 / (2 * n + 3);
  return table;
}();

inline void Counter::update(int bit, int limit) {
  const int n = count();
  const std::int32_t p22 = static_cast<std::int32_t>(state >> 10);
  const std::int32_t target = bit ? (1 << 22) - 1 : 0;
  const std::int64_t step =
      static_cast<std::int64_t>(target - p22) * kReciprocal[static_cast<std::size_t>(n)];
  const std::int32_t p = p22 + static_cast<std::int32_t>(step / 65536);
  state = (static_cast<std::uint32_t>(p) << 10) | static_cast<std::uint32_t>(n < limit ? n + 1 : n);
}

struct Prior;

// One syntax element's predictor: `inputs` context-selected counters and two mixers.
struct Element {
  int inputs = 0;
  std::vector<Counter> counters;                     // all inputs' tables, one after another
  std::vector<std::uint32_t> offsets;                // start of each input's table
  std::array<std::vector<std::int32_t>, 2> weights;  // [set][selector * inputs + i], 16.16
  int limit = 400;
  int rate = 8;

  Element() = default;
  // Takes its part of the prior and moves on.
  void start_from(Prior& prior);
  Element(std::vector<std::uint32_t> table_sizes, int selectors0, int selectors1);
};

inline Element::Element(std::vector<std::uint32_t> table_sizes, int selectors0, int selectors1)
    : inputs(static_cast<int>(table_sizes.size()) + 1) {
  std::uint32_t total = 0;
  for (auto size : table_sizes) {
    offsets.push_back(total);
    total += size;
  }
  counters.resize(total);
  const std::int32_t start = 65536 * 10 / (8 * static_cast<std::int32_t>(table_sizes.size()));
  weights[0].assign(static_cast<std::size_t>(selectors0 * inputs), start);
  weights[1].assign(static_cast<std::size_t>(selectors1 * inputs), start);
}

// Where a model starts: what pictures taught it. Probabilities and confidences of all counters,
// then mixing weights, element after element.
struct Prior {
  const std::uint16_t* counters;  // probability in the upper 12 bits, confidence in the lower 4
  std::size_t num_counters;
  const std::int32_t* weights;
  std::size_t num_weights;
};

// Counts that the 16 confidences stand for.
inline constexpr std::uint16_t kConfidence[16] = {0,  1,  2,  3,  4,  6,  8,   12,
                                                  16, 24, 32, 48, 64, 96, 128, 192};

inline void Element::start_from(Prior& prior) {
  for (Counter& counter : counters) {
    const std::uint32_t packed = *prior.counters++;
    counter.state = ((packed & 0xfff0u) << 16) | (1u << 19) | kConfidence[packed & 15u];
  }
  for (auto& set : weights) {
    for (std::int32_t& weight : set) weight = *prior.weights++;
  }
}

// The contexts of one bit, resolved to counters and weight rows.
struct Query {
  Element* element;
  std::array<std::uint32_t, kMaxInputs> context;  // within each input's table
  int selector0;
  int selector1;
};

struct Prediction {
  Probability p_one;
  std::array<std::int32_t, kMaxInputs> stretched;
  std::array<std::int32_t, 2> mixed16;  // each mixer's own probability
};

inline Prediction predict(const Query& query) {
  const Element& element = *query.element;
  Prediction out;
  const int last = element.inputs - 1;
  for (int i = 0; i < last; ++i) {
    const auto& counter = element.counters[element.offsets[static_cast<std::size_t>(i)] +
                                           query.context[static_cast<std::size_t>(i)]];
    out.stretched[static_cast<std::size_t>(i)] =
        kLogistic.stretch[static_cast<std::size_t>(counter.probability12())];
  }
  out.stretched[static_cast<std::size_t>(last)] = 256;
  std::int64_t sum = 0;
  for (int set = 0; set < 2; ++set) {
    const int selector = set == 0 ? query.selector0 : query.selector1;
    const std::int32_t* w =
        element.weights[static_cast<std::size_t>(set)].data() + selector * element.inputs;
    std::int64_t dot = 0;
    for (int i = 0; i < element.inputs; ++i) {
      dot += static_cast<std::int64_t>(w[i]) * out.stretched[static_cast<std::size_t>(i)];
    }
    const auto x = std::clamp<std::int64_t>(dot >> 16, -2047, 2047);
    out.mixed16[static_cast<std::size_t>(set)] =
        kLogistic.squash[static_cast<std::size_t>(x + 2048)];
    sum += x;
  }
  const int p = kLogistic.squash[static_cast<std::size_t>(sum / 2 + 2048)];
  out.p_one = static_cast<Probability>(std::clamp(p, 16, 65536 - 16));
  return out;
}

inline void update(const Query& query, const Prediction& prediction, int bit) {
  Element& element = *query.element;
  for (int set = 0; set < 2; ++set) {
    const int selector = set == 0 ? query.selector0 : query.selector1;
    std::int32_t* w =
        element.weights[static_cast<std::size_t>(set)].data() + selector * element.inputs;
    const std::int32_t error =
        ((bit << 16) - prediction.mixed16[static_cast<std::size_t>(set)]) * element.rate;
    for (int i = 0; i < element.inputs; ++i) {
      w[i] += static_cast<std::int32_t>(
          (static_cast<std::int64_t>(error) * prediction.stretched[static_cast<std::size_t>(i)] +
           (1 << 17)) >>
          18);
    }
  }
  for (int i = 0; i + 1 < element.inputs; ++i) {
    element
        .counters[element.offsets[static_cast<std::size_t>(i)] +
                  query.context[static_cast<std::size_t>(i)]]
        .update(bit, element.limit);
  }
}

inline float cost_bits(Probability p_one, int bit) {
  const Probability p = bit ? p_one : 65536 - p_one;
  return kLogistic.cost_bits[p >> 4];
}

}  // namespace overtone::entropy

// Adaptive bit prediction: counters chosen by contexts, mixed in the logistic domain.
// All integer arithmetic, so that every machine predicts the same (Mahoney's PAQ family:
// "Adaptive weighing of context models for lossless data compression", FIT CS-2005-16).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "logistic.h"

namespace overtone::entropy {

// Numbers of the format.
inline constexpr int kMaxInputs = 12;       // counters of one bit and the bias
inline constexpr int kCountLimit = 400;     // observations after which a counter forgets
inline constexpr int kLearningRate = 8;     // of mixing weights
inline constexpr int kWeightOne = 1 << 16;  // mixing weights are 16.16
inline constexpr int kErrorShift = 18;      // error (1/65536) * rate * logit (1/256) -> 16.16
inline constexpr Probability kMinProbability = 16;

// A probability that learns at 1 / (times seen + 1.5), down to a floor: 22 bits of
// probability over 10 bits of count.
struct Counter {
  static constexpr int kCountBits = 10;
  static constexpr int kProbabilityBits = 22;
  std::uint32_t state = 1u << 31;

  int probability12() const { return static_cast<int>(state >> 20); }
  int count() const { return static_cast<int>(state & ((1u << kCountBits) - 1)); }
  void update(int bit);
};

// 65536 / (n + 1.5)
inline constexpr auto kReciprocal = [] {
  std::array<std::int32_t, 1 << Counter::kCountBits> table{};
  std::int32_t n = 0;
  for (std::int32_t& value : table) value = 131072 / (2 * n++ + 3);
  return table;
}();

inline void Counter::update(int bit) {
  const int n = count();
  const auto p = static_cast<std::int32_t>(state >> kCountBits);
  const std::int32_t target = bit ? (1 << kProbabilityBits) - 1 : 0;
  const std::int64_t step =
      std::int64_t{target - p} * kReciprocal[static_cast<std::size_t>(n)] / 65536;
  state = (static_cast<std::uint32_t>(p + static_cast<std::int32_t>(step)) << kCountBits) |
          static_cast<std::uint32_t>(n < kCountLimit ? n + 1 : n);
}

// One syntax element's predictor: `inputs` context-selected counters and two mixers.
struct Element {
  std::size_t inputs;                                // with the bias
  std::vector<Counter> counters;                     // all inputs' tables, one after another
  std::vector<std::uint32_t> offsets;                // start of each input's table
  std::array<std::vector<std::int32_t>, 2> weights;  // [set][selector * inputs + i], 16.16

  Element(const std::vector<std::uint32_t>& table_sizes,
          const std::array<std::uint32_t, 2>& selectors)
      : inputs(table_sizes.size() + 1) {
    std::uint32_t total = 0;
    for (const std::uint32_t size : table_sizes) {
      offsets.push_back(total);
      total += size;
    }
    counters.resize(total);
    // Together the counters start at 5/4 of their mean logit.
    const std::int32_t start = kWeightOne * 10 / (8 * static_cast<int>(table_sizes.size()));
    for (std::size_t set = 0; set < 2; ++set) weights[set].assign(selectors[set] * inputs, start);
  }
};

// The contexts of one bit, resolved to counters and weight rows.
struct Query {
  Element* element;
  std::array<std::uint32_t, kMaxInputs> context;  // within each input's table
  std::array<std::uint32_t, 2> selector;          // row of each set of mixing weights

  Counter& counter(std::size_t input) const {
    return element->counters[element->offsets[input] + context[input]];
  }
  std::int32_t* weights(std::size_t set) const {
    return element->weights[set].data() + selector[set] * element->inputs;
  }
};

struct Prediction {
  Probability p_one;
  std::array<std::int32_t, kMaxInputs> logits;
  std::array<std::int32_t, 2> mixed16;  // each mixer's own probability
};

inline Prediction predict(const Query& query) {
  const std::size_t inputs = query.element->inputs;
  Prediction out;
  for (std::size_t i = 0; i + 1 < inputs; ++i) {
    const int p = query.counter(i).probability12();
    out.logits[i] = kLogistic.stretch[static_cast<std::size_t>(p)];
  }
  out.logits[inputs - 1] = kLogitOne;
  std::int64_t sum = 0;
  for (std::size_t set = 0; set < 2; ++set) {
    const std::int32_t* w = query.weights(set);
    std::int64_t dot = 0;
    for (std::size_t i = 0; i < inputs; ++i) dot += std::int64_t{w[i]} * out.logits[i];
    const auto logit = std::clamp<std::int64_t>(dot >> 16, -kMaxLogit, kMaxLogit);
    out.mixed16[set] = kLogistic.squash_of(logit);
    sum += logit;
  }
  out.p_one = std::clamp(static_cast<Probability>(kLogistic.squash_of(sum / 2)), kMinProbability,
                         kProbabilityOne - kMinProbability);
  return out;
}

inline void update(const Query& query, const Prediction& prediction, int bit) {
  const std::size_t inputs = query.element->inputs;
  constexpr int kRound = 1 << (kErrorShift - 1);
  for (std::size_t set = 0; set < 2; ++set) {
    std::int32_t* w = query.weights(set);
    const std::int64_t error = ((bit << 16) - prediction.mixed16[set]) * kLearningRate;
    for (std::size_t i = 0; i < inputs; ++i) {
      w[i] += static_cast<std::int32_t>((error * prediction.logits[i] + kRound) >> kErrorShift);
    }
  }
  for (std::size_t i = 0; i + 1 < inputs; ++i) query.counter(i).update(bit);
}

}  // namespace overtone::entropy

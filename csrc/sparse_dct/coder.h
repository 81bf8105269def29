// All coefficients of a picture, coarse to fine, by one function for both directions.
//
// Order: groups of bands [0], [1..3], [4..15], [16..63] in zigzag order; in a group one component
// after the other; in a component band after band; in a band the blocks row by row.
#pragma once

#include <stdexcept>

#include "neighbourhood.h"

namespace overtone::sparse_dct {

inline constexpr int kGroupEnds[4] = {1, 4, 16, 64};
inline constexpr int kMaxExpected = 400000;  // of a forecast, in 1/16 levels

class Coder {
 public:
  Coder(Components& components, int count, const Prior& prior)
      : components_(components), count_(count), models_(prior) {}

  // Codes everything; `is_at_end()` is asked after each coefficient, and once it is true the
  // coefficient just read is forgotten and nothing more is read. `pulse()` is called before each
  // row of blocks.
  template <class Bits, class IsAtEnd, class Pulse>
  void run(Bits& bits, IsAtEnd is_at_end, Pulse pulse) {
    int begin = 0;
    for (const int end : kGroupEnds) {
      for (int c = 0; c < count_; ++c) {
        for (int k = begin; k < end; ++k) {
          // A prefix that ends in band 0 leaves the rest of it to the predictions.
          const bool is_complete = run_band(bits, is_at_end, pulse, c, k);
          if (k == 0) {
            close_dc(components_[c]);
          } else if (is_complete) {
            components_[c].add_band(k);
          } else {
            return;
          }
        }
      }
      begin = end;
    }
  }
  Models& models() { return models_; }

 private:
  // False when the stream has ended within the band, or before.
  template <class Bits, class IsAtEnd, class Pulse>
  bool run_band(Bits& bits, IsAtEnd is_at_end, Pulse& pulse, int c, int k) {
    Component& own = components_[c];
    for (int row = 0; row < own.height; ++row) {
      pulse();
      for (int column = 0; column < own.width; ++column) {
        if (is_over_ && k > 0) return false;
        code_coefficient(bits, is_at_end, c, k, own.at(row, column));
      }
    }
    return !is_over_;
  }

  template <class Bits, class IsAtEnd>
  void code_coefficient(Bits& bits, IsAtEnd is_at_end, int c, int k, std::ptrdiff_t here) {
    Component& own = components_[c];
    const auto kind = static_cast<std::size_t>(own.kind);
    const std::int32_t step = own.q_table[k];
    Predictor& predictor = models_.predictors[kind][k];
    const Inputs in = gather(components_, c, k, here);
    const std::int32_t predicted = predictor.predict(in);
    const std::int64_t expected16 = (std::int64_t{predicted} * 16) / step;
    // The level of a constant component is coded as a difference.
    const int base = k == 0 ? static_cast<int>((expected16 + 8) >> 4) : 0;
    Level& level = own.band(k)[here];
    if (is_over_) {
      level = static_cast<Level>(base);
      return;
    }
    Predictor& size_predictor = models_.size_predictors[kind][k];
    const std::int32_t luma = luma_energy(components_, own, here);
    const Inputs sizes = gather_sizes(components_, c, k, here, luma);
    const std::int32_t size = std::max(0, size_predictor.predict(sizes));
    const auto expected = static_cast<int>(
        std::clamp<std::int64_t>(expected16 - 16 * base, -kMaxExpected, kMaxExpected));
    const CausalNeighbourhood s = neighbourhood_of(components_, c, k, here, expected, size, luma);
    const int coded = base + code_level(bits, models_, s, level - base);
    if (is_at_end()) {
      is_over_ = true;
      if (k == 0) level = static_cast<Level>(base);
      return;
    }
    level = static_cast<Level>(std::clamp(coded, -kMaxLevel, kMaxLevel));
    const std::int32_t amplitude = own.amplitude(k, here);
    predictor.learn(in, amplitude - predicted, step);
    size_predictor.learn(sizes, std::abs(k == 0 ? amplitude - predicted : amplitude) - size, step);
  }

  // Beyond the edges the constant component goes on.
  static void close_dc(Component& own) {
    Level* band = own.band(0);
    for (int row = -kBorder; row < own.height + kBorder; ++row) {
      for (int column = -kBorder; column < own.width + kBorder; ++column) {
        const int y = std::clamp(row, 0, own.height - 1);
        const int x = std::clamp(column, 0, own.width - 1);
        band[own.at(row, column)] = band[own.at(y, x)];
      }
    }
  }

  Components& components_;
  int count_;
  bool is_over_ = false;
  Models models_;
};

}  // namespace overtone::sparse_dct

// The syntax of a coefficient and its adaptive models: for each kind of bit, tables of counters
// that contexts choose from.
#pragma once

#include "entropy/bits.h"
#include "entropy/classes.h"
#include "entropy/prior.h"
#include "prediction.h"

namespace overtone::sparse_dct {

using namespace overtone::entropy;

// Radices of the contexts' digits.
inline constexpr int kKinds = 3;
inline constexpr int kBandClasses = 12;
inline constexpr int kSizeClasses = 16;
inline constexpr int kFineClasses = 64;
inline constexpr int kSignedClasses = 19;
inline constexpr int kRuns = 16;       // zeros among lower bands, the last for all that are longer
inline constexpr int kNonzeros = 8;    // classes of how many lower bands are not zero
inline constexpr int kFlags = 10;      // of the magnitude, the last for all that follow
inline constexpr int kMostAhead = 20;  // levels by which the forecast is ahead of a magnitude
inline constexpr int kAheads = 2 * kMostAhead + 1;

inline constexpr MagnitudeLimits kLimits{.unary = 18, .escape_bits = 15, .largest = kMaxLevel};

// 0 .. 15, of an amount in 1/16 levels.
inline int size_class(std::int64_t x) {
  static constexpr int kEnds[kSizeClasses - 1] = {1,  2,  3,  5,  7,   10,  14, 19,
                                                  26, 37, 53, 78, 120, 200, 400};
  return class_of(x, kEnds);
}

// 0 .. 18, 9 is zero; of a signed amount in 1/16 levels.
inline int signed_class(std::int64_t x) {
  static constexpr int kEnds[kSignedClasses / 2] = {1, 3, 5, 8, 12, 18, 28, 50, 110};
  return signed_class_of(x, kEnds);
}

// 0 .. 63, six to an octave, of an amount in 1/16 levels.
inline int fine_class(std::int64_t x) {
  static constexpr auto kEnds = [] {
    std::array<std::int64_t, kFineClasses - 1> ends{};
    std::int64_t width = 1, end = 1;
    int c = 0;
    for (std::int64_t& entry : ends) {
      entry = end;
      if (++c % 6 == 0) width *= 2;
      end += width;
    }
    return ends;
  }();
  return static_cast<int>(std::upper_bound(kEnds.begin(), kEnds.end(), x) - kEnds.begin());
}

// Groups of bands that behave alike, by their place in zigzag order.
inline int band_class(int k) {
  static constexpr std::uint8_t kClass[kBands] = {
      0,  1,  1,  2,  3,  2,  4,  5,  5,  4,  6,  7,  7,  7,  6,  8,  8,  8,  8,  8,  8,  9,
      9,  9,  9,  9,  9,  9,  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11,
      11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11};
  return kClass[k];
}

using ZeroSyntax =
    Syntax<Digits<kKinds, kBands>, Digits<kKinds, kFineClasses>,
           Digits<kKinds, kBands, kSizeClasses>, Digits<kKinds, kBands, kSizeClasses>,
           Digits<kKinds, kBands, kSizeClasses>, Digits<kKinds, kBands, kSizeClasses>,
           Digits<kKinds, kBandClasses, kRuns, kNonzeros>,
           Digits<kKinds, kBandClasses, 4, 4, 3, 3, 3>,
           Digits<kKinds, kSizeClasses, kSizeClasses, kSizeClasses>,
           Digits<kKinds, kBands, kSizeClasses, 3>, Digits<kKinds, kBandClasses, kFineClasses>,
           Digits<kKinds, kBands, kFineClasses>>;

using MagnitudeSyntax =
    Syntax<Digits<kKinds, kFlags, kBandClasses>, Digits<kKinds, kAheads>,
           Digits<kKinds, kFlags, kBands>, Digits<kKinds, kFlags, kSizeClasses, kBandClasses>,
           Digits<kKinds, kFlags, kSizeClasses, kBandClasses>,
           Digits<kKinds, kFlags, kSizeClasses, kBandClasses>,
           Digits<kKinds, kFlags, kSignedClasses, kBandClasses>, Digits<kKinds, kFlags, 8, 8, 4>,
           Digits<kKinds, kFlags, kFineClasses>, Digits<kKinds, kAheads, kBandClasses>,
           Digits<kKinds, kLimits.unary, kFineClasses>>;

using SignSyntax =
    Syntax<Digits<kKinds, kBandClasses>, Digits<kKinds, kSignedClasses>,
           Digits<kKinds, kBands, kSignedClasses>, Digits<kKinds, kSignedClasses, kSigns, kSigns>,
           Digits<kKinds, kBands, kSigns, kSigns>,
           Digits<kKinds, kBandClasses, kSigns, kSigns, kSigns>,
           Digits<kKinds, 2, kSignedClasses, kSizeClasses>>;

using EscapeSyntax = Escape<kLimits, kLimits.escape_bits + 1>;

struct Models {
  Element zero = ZeroSyntax::element();
  Element magnitude = MagnitudeSyntax::element();
  Element sign = SignSyntax::element();
  Element escape = EscapeSyntax::element();
  std::array<std::array<Predictor, kBands>, kKinds> predictors{}, size_predictors{};

  Models() = default;
  // What the prior holds of the predictors follows the mixing weights.
  // Throws std::invalid_argument when the prior is of other models.
  explicit Models(const Prior& prior) {
    const auto own = predictor_weights();
    Prior rest = start_from(prior, elements(), own.size());
    for (std::int32_t* weight : own) *weight = *rest.weights++;
  }

  std::vector<std::int32_t*> predictor_weights() {
    std::vector<std::int32_t*> out;
    for (auto* set : {&predictors, &size_predictors}) {
      for (auto& kind : *set) {
        for (Predictor& predictor : kind) {
          for (std::int32_t& weight : predictor.weights) out.push_back(&weight);
        }
      }
    }
    return out;
  }
  std::array<Element*, 4> elements() { return {&zero, &magnitude, &sign, &escape}; }
};

}  // namespace overtone::sparse_dct

// The adaptive models: for each kind of bit, tables of counters that contexts choose from.
#pragma once

#include "entropy/mixing.h"
#include "prediction.h"

namespace overtone::sparse_dct {

using namespace overtone::entropy;

constexpr int kKinds = 3;
constexpr int kUnaryLevels = 18;  // magnitudes coded one flag at a time
constexpr int kUnaryClasses = 10;
constexpr int kMaxEscapeBits = 15;
constexpr int kBandClasses = 12;
constexpr int kSizeClasses = 16;
constexpr int kSignedClasses = 19;

// 0 .. 15, of an amount in 1/16 levels.
inline int size_class(std::int64_t x) {
  static constexpr int kEnds[15] = {1, 2, 3, 5, 7, 10, 14, 19, 26, 37, 53, 78, 120, 200, 400};
  int c = 0;
  while (c < 15 && x >= kEnds[c]) ++c;
  return c;
}

// 0 .. 18, 9 is zero; of a signed amount in 1/16 levels.
inline int signed_class(std::int64_t x) {
  static constexpr int kEnds[9] = {1, 3, 5, 8, 12, 18, 28, 50, 110};
  const std::int64_t m = x < 0 ? -x : x;
  int c = 0;
  while (c < 9 && m >= kEnds[c]) ++c;
  return x < 0 ? 9 - c : 9 + c;
}

// Groups of bands that behave alike, by their place in zigzag order.
inline int band_class(int k) {
  static constexpr std::uint8_t kClass[kBands] = {
      0,  1,  1,  2,  3,  2,  4,  5,  5,  4,  6,  7,  7,  7,  6,  8,  8,  8,  8,  8,  8,  9,
      9,  9,  9,  9,  9,  9,  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11,
      11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11};
  return kClass[k];
}

struct Models {
  Element zero{
      {kKinds * kBands * kSizeClasses, kKinds * kBands * kSizeClasses,
       kKinds * kBands * kSizeClasses, kKinds * kBands * kSizeClasses,
       kKinds * kBandClasses * 16 * 8, kKinds * kBandClasses * 4 * 4 * 3 * 3 * 3,
       kKinds * kSizeClasses * kSizeClasses * kSizeClasses, kKinds * kBands * kSizeClasses * 3,
       kKinds * kBandClasses * 64, kKinds * kBands * 64},
      kKinds * kBands,
      kKinds * 64};
  Element magnitude{
      {kKinds * kUnaryClasses * kBands, kKinds * kUnaryClasses * kSizeClasses * kBandClasses,
       kKinds * kUnaryClasses * kSizeClasses * kBandClasses,
       kKinds * kUnaryClasses * kSizeClasses * kBandClasses,
       kKinds * kUnaryClasses * kSignedClasses * kBandClasses, kKinds * kUnaryClasses * 8 * 8 * 4,
       kKinds * kUnaryClasses * 64, kKinds * 41 * kBandClasses, kKinds * kUnaryLevels * 64},
      kKinds * kUnaryClasses * kBandClasses,
      kKinds * 41};
  Element sign{
      {kKinds * kBands * kSignedClasses, kKinds * kSignedClasses * 3 * 3, kKinds * kBands * 3 * 3,
       kKinds * kBandClasses * 3 * 3 * 3, kKinds * 2 * kSignedClasses * kSizeClasses},
      kKinds * kBandClasses,
      kKinds * kSignedClasses};
  Element escape{{kMaxEscapeBits + 1, kMaxEscapeBits + 1}, 1, 1};
  std::array<std::array<Predictor, kBands>, kKinds> predictors{}, size_predictors{};

  Models() = default;
  // What the prior holds of the predictors follows the mixing weights.
  explicit Models(Prior prior) {
    for (Element* element : elements()) element->start_from(prior);
    for (std::int32_t* weight : predictor_weights()) *weight = *prior.weights++;
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

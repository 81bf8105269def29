// The syntax of a tile and its adaptive models, written once for both directions.
//
// Order: for each channel, the last-significant class (how many anti-diagonals are coded), then the
// coefficients diagonal by diagonal from low to high frequency; each is a zero flag, a
// magnitude and a sign. All contexts come from integers already coded.
#pragma once

#include <array>

#include "entropy/bits.h"
#include "entropy/classes.h"
#include "entropy/prior.h"
#include "levels.h"

namespace overtone::tiled_dct {

using namespace overtone::entropy;

// Radices of the contexts' digits.
inline constexpr int kShapes = 3;             // luma and alpha, first chroma, second chroma
inline constexpr int kFrequencyClasses = 12;  // of one axis
inline constexpr int kDiagonalClasses = 12;
inline constexpr int kLocalClasses = 12;    // magnitudes around it in the tile
inline constexpr int kBandClasses = 10;     // magnitudes of the same band in the tiles before
inline constexpr int kWiderClasses = 8;     // magnitudes farther away, or of luma
inline constexpr int kRecentClasses = 8;    // magnitudes on the last diagonals
inline constexpr int kMixedClasses = 24;    // local and wider, and whether the band is busy
inline constexpr int kBoundaryClasses = 7;  // magnitudes that a boundary asks for
inline constexpr int kSignedBoundaryClasses = 2 * kBoundaryClasses - 1;
inline constexpr int kAgreements = 9;          // how often chroma's signs were luma's
inline constexpr int kFlags = 8;               // of the magnitude, the last for all that follow
inline constexpr int kLastRadix = 32;          // room for last-significant classes
inline constexpr int kLastAhead = 64;          // steps beyond the neighbours' classes, from -32
inline constexpr int kTileSizes = kSizes + 1;  // of a neighbour: none, or one of the sizes

constexpr int shape_of(int channel) { return channel == 3 ? 0 : channel; }

inline constexpr MagnitudeLimits kLimits{.unary = 14, .escape_bits = 14, .largest = kMaxLevel};

using ZeroSyntax = Syntax<Digits<kShapes, kSizes, kDiagonalClasses>, Digits<kShapes, kLocalClasses>,
                          Digits<kShapes, kSizes, kFrequencyClasses, kFrequencyClasses>,
                          Digits<kShapes, kSizes, kLocalClasses, kBandClasses>,
                          Digits<kShapes, 4, 4, 3, 3, kDiagonalClasses>,
                          Digits<kShapes, kWiderClasses, kLocalClasses, kDiagonalClasses>,
                          Digits<kShapes, kSizes, kBandClasses, kDiagonalClasses>,
                          Digits<kShapes, kRecentClasses, kLocalClasses, kSizes>,
                          Digits<kShapes, kMixedClasses, kDiagonalClasses>,
                          Digits<kShapes, kFrequencyClasses, kFrequencyClasses, kBandClasses>,
                          Digits<kShapes, kBoundaryClasses, kBoundaryClasses, kDiagonalClasses>>;

using SignSyntax = Syntax<Digits<kShapes, kSizes>, Digits<kSignedBoundaryClasses>,
                          Digits<kShapes, kSignedBoundaryClasses, kSignedBoundaryClasses>,
                          Digits<kShapes, kSignedBoundaryClasses, 8, kSizes>,
                          Digits<kShapes, kSignedBoundaryClasses, 8, kSizes>,
                          Digits<kShapes, kSigns, kSigns, kAgreements>,
                          Digits<kShapes, kSignedBoundaryClasses, kSignedBoundaryClasses, 2, 2>>;

using MagnitudeSyntax =
    Syntax<Digits<kShapes, kFlags>, Digits<kLocalClasses>,
           Digits<kShapes, kFlags, kSizes, kDiagonalClasses>,
           Digits<kShapes, kFlags, kLocalClasses>, Digits<kShapes, kFlags, kBandClasses>,
           Digits<kShapes, kFlags, kWiderClasses>, Digits<kShapes, kFlags, kRecentClasses, kSizes>,
           Digits<kShapes, kFlags, 8, 8>,
           Digits<kShapes, kFlags, kBoundaryClasses, kBoundaryClasses>>;

using LastSyntax =
    Syntax<Digits<kShapes, kSizes>, Digits<kShapes>, Digits<kShapes, kSizes, kLastRadix>,
           Digits<kShapes, kLastRadix, kLastRadix>, Digits<kShapes, kLastRadix, kLastRadix>,
           Digits<kShapes, kLastRadix, kLastRadix>, Digits<kShapes, kLastAhead, 2>>;

using SplitSyntax = Syntax<Digits<kSizes>, Digits<>, Digits<kSizes, 2 * kTileSizes - 1>,
                           Digits<kSizes, 4, 4>, Digits<kSizes>>;

using EscapeSyntax = Escape<kLimits, 32>;

// Every adaptive model of the stream; a fresh one at each end.
struct Model {
  Element zero = ZeroSyntax::element();
  Element sign = SignSyntax::element();
  Element magnitude = MagnitudeSyntax::element();
  Element last = LastSyntax::element();
  Element split = SplitSyntax::element();
  Element escape = EscapeSyntax::element();

  std::array<Element*, 6> elements() { return {&zero, &sign, &magnitude, &last, &split, &escape}; }
  Model() = default;
  // Throws std::invalid_argument when the prior is of another model.
  explicit Model(const Prior& prior) { start_from(prior, elements()); }
};

// Unary choice of the last-significant class, each step a bit in its own context.
template <class Bits>
int code_last_class(Bits& bits, Model& model, const TileContext& tile, int channel, int last_class,
                    int previous_class) {
  const int shape = shape_of(channel), size = tile.size();
  const int left = tile.left ? tile.left->last_class[channel] : 0;
  const int above = tile.above ? tile.above->last_class[channel] : 0;
  const int count = num_last_classes(tile.log2n);
  int i = 0;
  while (i + 1 < count) {
    const int ahead = std::clamp(2 * i - left - above + kLastAhead / 2, 0, kLastAhead - 1);
    const Query query = LastSyntax::query(
        model.last, at(shape, size), at(shape), at(shape, size, i), at(shape, i, left),
        at(shape, i, above), at(shape, i, previous_class), at(shape, ahead, size > 1));
    if (!bits(query, last_class > i)) break;
    ++i;
  }
  return i;
}

template <class Bits>
int code_split(Bits& bits, Model& model, int log2n, const Profile* left, const Profile* above,
               int split) {
  const int l = left ? left->log2n - kMinLog2 + 1 : 0;
  const int a = above ? above->log2n - kMinLog2 + 1 : 0;
  const int size = log2n - kMinLog2;
  return bits(SplitSyntax::query(model.split, at(size), at(), at(size, l + a),
                                 at(size, std::min(l, 3), std::min(a, 3)), at(size)),
              split);
}

}  // namespace overtone::tiled_dct

// Contexts and binarisation of one coefficient: zero flag, magnitude, sign.
#pragma once

#include "boundary.h"
#include "syntax.h"

namespace overtone::tiled_dct {

namespace detail {

inline constexpr int kFrequencyEnds[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48};
inline constexpr int kDiagonalEnds[] = {1, 2, 3, 4, 6, 8, 12, 18, 26, 40, 64};
inline constexpr int kLocalEnds[] = {1, 2, 3, 4, 5, 7, 9, 12, 16, 23, 32};
inline constexpr int kBandEnds[] = {1, 3, 6, 11, 18, 30, 50, 90, 180};  // 1/16 magnitudes
inline constexpr int kWiderEnds[] = {1, 2, 3, 5, 8, 13, 24};            // also of recent ones, 1/8
inline constexpr int kBoundaryEnds[] = {150, 350, 700, 1300, 2600, 6000};  // 1/1024 levels
inline constexpr int kBusyBand = 16;                                       // 1/16 magnitudes

template <int kSize, std::size_t kCount>
constexpr std::array<std::uint8_t, kSize> classes_up_to(const int (&ends)[kCount]) {
  std::array<std::uint8_t, kSize> table{};
  int x = 0;
  for (std::uint8_t& entry : table) entry = static_cast<std::uint8_t>(class_of(x++, ends));
  return table;
}
inline constexpr auto kFrequencyClass = classes_up_to<kMaxTile>(kFrequencyEnds);
inline constexpr auto kDiagonalClass = classes_up_to<2 * kMaxTile - 1>(kDiagonalEnds);

}  // namespace detail

// Contexts of one coefficient, computed once and used for all its bits.
struct CoefficientContext {
  Query zero;
  int u, v;
  int diagonal, local, band, wider, recent;  // classes
  int neighbour;                             // larger magnitude of west and north, at most 7
  int left, above;                           // signed classes of what the boundaries ask for
  int left_size, above_size;                 // and their magnitudes
};

class CoefficientCoder {
 public:
  CoefficientCoder(Model& model, const TileContext& tile, int channel, const LevelBlock* blocks,
                   const BoundaryResidual& boundary)
      : model_(model), tile_(tile), channel_(channel), blocks_(blocks), boundary_(boundary),
        size_(tile.size()), shape_(shape_of(channel)) {}

  CoefficientContext context(int u, int v) const {
    using namespace detail;
    const std::int32_t* m = blocks_[channel_].at(u, v);
    const int west = m[-1], north = m[-kRow], north_west = m[-kRow - 1], south_west = m[kRow - 1];
    const int local = 2 * (west + north) + north_west + m[-2] + m[-2 * kRow] + south_west;
    const int wider = wider_magnitude(m, u, v), band = band_magnitude(u, v);
    CoefficientContext c;
    c.u = u;
    c.v = v;
    c.diagonal = kDiagonalClass[static_cast<std::size_t>(u + v)];
    c.local = class_of(local, kLocalEnds);
    c.band = class_of(band, kBandEnds);
    c.wider = class_of(wider, kWiderEnds);
    c.recent = class_of(recent_, kWiderEnds);
    c.neighbour = std::min(std::max(west, north), 7);
    add_boundaries(c);
    const int fu = kFrequencyClass[static_cast<std::size_t>(u)];
    const int fv = kFrequencyClass[static_cast<std::size_t>(v)];
    const int mixed =
        class_of(local + (wider + 1) / 2, kLocalEnds) + (band >= kBusyBand ? kMixedClasses / 2 : 0);
    c.zero = ZeroSyntax::query(
        model_.zero, at(shape_, size_, c.diagonal), at(shape_, c.local), at(shape_, size_, fv, fu),
        at(shape_, size_, c.local, c.band),
        at(shape_, std::min(west, 3), std::min(north, 3), std::min(north_west, 2),
           std::min(south_west, 2), c.diagonal),
        at(shape_, c.wider, c.local, c.diagonal), at(shape_, size_, c.band, c.diagonal),
        at(shape_, c.recent, c.local, size_), at(shape_, mixed, c.diagonal),
        at(shape_, fv, fu, c.band), at(shape_, c.left_size, c.above_size, c.diagonal));
    return c;
  }

  // `bits(query, bit)` codes one bit and returns it; a decoder ignores its argument.
  template <class Bits>
  int code_level(Bits& bits, const CoefficientContext& c, int level) const {
    if (!bits(c.zero, level != 0)) return 0;
    const int magnitude = EscapeSyntax::code_magnitude(
        bits, model_.escape, std::abs(level), [&](int m) { return magnitude_query(c, m); });
    return bits(sign_query(c), level < 0) ? -magnitude : magnitude;
  }

  // Tells the contexts how a chroma sign compared with luma's at the same place.
  void note_signs(int u, int v, int level) {
    if (!is_chroma()) return;
    const int luma = blocks_[0].level[(v << tile_.log2n) + u];
    if (level != 0 && luma != 0) agreement_ += (level > 0) == (luma > 0) ? 1 : -1;
  }

  // Mean magnitude on the last diagonals, in 1/8: the tile's own energy so far.
  void set_recent(int recent) { recent_ = recent; }

 private:
  static constexpr int kRow = LevelBlock::kStride;
  bool is_chroma() const { return channel_ == 1 || channel_ == 2; }

  // Of luma around a chroma coefficient; else of the channel itself, farther away.
  int wider_magnitude(const std::int32_t* m, int u, int v) const {
    if (!is_chroma()) {
      return m[kRow - 2] + m[2 * kRow - 2] + m[-2 * kRow - 1] + m[-kRow - 2] + m[-2 * kRow + 1];
    }
    const std::int32_t* y = blocks_[0].at(u, v);
    const int luma = 2 * y[0] + (y[1] + y[-1] + y[kRow] + y[-kRow] + 1) / 2;
    return channel_ == 1 ? luma : luma / 2 + 3 * *blocks_[1].at(u, v);
  }

  // Mean of the same band in the tiles to the left and above, in 1/16.
  int band_magnitude(int u, int v) const {
    const int row = v >> size_, column = u >> size_;
    int sum = 0;
    if (tile_.left) sum += tile_.left->band[channel_][row][column];
    if (tile_.above) sum += tile_.above->band[channel_][row][column];
    return tile_.left && tile_.above ? (sum + 1) / 2 : sum;
  }

  // The level each boundary asks for, if this coefficient alone had to explain what is left.
  void add_boundaries(CoefficientContext& c) const {
    const int left = boundary_.has_left ? boundary_.left[c.v] * inverse_norm16(size_, c.u) >> 4 : 0;
    const int above =
        boundary_.has_above ? boundary_.above[c.u] * inverse_norm16(size_, c.v) >> 4 : 0;
    c.left = signed_class_of(left, detail::kBoundaryEnds);
    c.above = signed_class_of(above, detail::kBoundaryEnds);
    c.left_size = std::abs(c.left - (kBoundaryClasses - 1));
    c.above_size = std::abs(c.above - (kBoundaryClasses - 1));
  }

  Query sign_query(const CoefficientContext& c) const {
    int luma_sign = kNoSign, first_sign = kNoSign, agreement = kAgreements / 2;
    if (is_chroma()) {
      const int place = (c.v << tile_.log2n) + c.u;
      luma_sign = sign_of(blocks_[0].level[place]);
      if (channel_ == 2) first_sign = sign_of(blocks_[1].level[place]);
      agreement = std::clamp(agreement_ + kAgreements / 2, 0, kAgreements - 1);
    }
    // Luma uses the lower rows, all others the upper ones.
    const int selector =
        std::max(c.left_size, c.above_size) + (channel_ > 0 ? kBoundaryClasses - 1 : 0);
    return SignSyntax::query(
        model_.sign, at(shape_, size_), at(selector), at(shape_, c.left, c.above),
        at(shape_, c.left, std::min(c.u, 7), size_), at(shape_, c.above, std::min(c.v, 7), size_),
        at(shape_, luma_sign, first_sign, agreement),
        at(shape_, c.left, c.above, c.u == 0, c.v == 0));
  }

  // Whether the magnitude exceeds m.
  Query magnitude_query(const CoefficientContext& c, int m) const {
    const int flag = std::min(m, kFlags) - 1;
    return MagnitudeSyntax::query(
        model_.magnitude, at(shape_, flag), at(c.local), at(shape_, flag, size_, c.diagonal),
        at(shape_, flag, c.local), at(shape_, flag, c.band), at(shape_, flag, c.wider),
        at(shape_, flag, c.recent, size_), at(shape_, flag, c.neighbour, std::min(c.local, 7)),
        at(shape_, flag, c.left_size, c.above_size));
  }

  Model& model_;
  const TileContext& tile_;
  int channel_;
  const LevelBlock* blocks_;
  const BoundaryResidual& boundary_;
  int size_;
  int shape_;
  int recent_ = 0;
  int agreement_ = 0;
};

}  // namespace overtone::tiled_dct

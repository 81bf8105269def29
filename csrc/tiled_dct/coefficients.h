// Contexts and binarisation of one coefficient: zero flag, magnitude, sign.
#pragma once

#include "entropy/bits.h"
#include "levels.h"

namespace overtone::tiled_dct {

// Contexts of one coefficient, computed once and used for all its bits.
struct CoefficientContext {
  Query zero;
  Query sign;
  int channel, size, local_class, band_class, wider_class, recent_class, diagonal, neighbour;
  int left_size, above_size;  // classes of the boundary predictions' magnitudes
};

class CoefficientCoder {
 public:
  CoefficientCoder(Model& model, const TileContext& tile, int channel, const LevelBlock* blocks,
                   const BoundaryResidual& boundary)
      : model_(model), tile_(tile), channel_(channel), blocks_(blocks), boundary_(boundary),
        size_(tile.log2n - kMinLog2), shape_(channel == 3 ? 0 : channel) {}

  CoefficientContext context(int u, int v) const {
    using namespace detail;
    const LevelBlock& block = blocks_[channel_];
    const std::int32_t* m = block.at(u, v);
    constexpr int s = LevelBlock::kStride;
    const int west = m[-1], north = m[-s], north_west = m[-s - 1];
    const int west2 = m[-2], north2 = m[-2 * s], south_west = m[s - 1];
    const int local = 2 * (west + north) + north_west + west2 + north2 + south_west;
    const int diagonal = u + v;
    int c = 0;
    if (channel_ > 0 && channel_ < 3) {
      const std::int32_t* y = blocks_[0].at(u, v);
      c = 2 * y[0] + (y[1] + y[-1] + y[s] + y[-s] + 1) / 2;
      if (channel_ == 2) c = c / 2 + 3 * *blocks_[1].at(u, v);
    } else {
      c = m[s - 2] + m[2 * s - 2] + m[-2 * s - 1] + m[-s - 2] + m[-2 * s + 1];
    }
    const int shift = tile_.log2n - kMinLog2;
    int b = 0;
    if (tile_.left) b += tile_.left->band[channel_][v >> shift][u >> shift];
    if (tile_.above) b += tile_.above->band[channel_][v >> shift][u >> shift];
    if (tile_.left && tile_.above) b = (b + 1) / 2;

    CoefficientContext out;
    out.channel = shape_;
    out.size = size_;
    out.diagonal = diagonal_class(diagonal);
    out.local_class = class12(local);
    out.band_class = class10(b);
    out.wider_class = class8(c);
    const int total = running_;
    out.recent_class = class8(total);
    out.neighbour = std::min(std::max(west, north), 7);
    const int fu = kFrequencyClass[static_cast<std::size_t>(u)];
    const int fv = kFrequencyClass[static_cast<std::size_t>(v)];
    const int mixed = std::min(23, class12(local + (c + 1) / 2) + (b >= 16 ? 12 : 0));
    Query& q = out.zero;
    q.element = &model_.zero;
    const int ch = shape_;
    auto at = [](std::initializer_list<std::pair<int, int>> digits) {
      int index = 0;
      for (const auto& [digit, base] : digits) index = index * base + digit;
      return static_cast<std::uint32_t>(index);
    };
    q.context[0] = at({{ch, 3}, {size_, 4}, {fv, 12}, {fu, 12}});
    q.context[1] = at({{ch, 3}, {size_, 4}, {out.local_class, 12}, {out.band_class, 10}});
    q.context[2] = at({{ch, 3},
                       {std::min(west, 3), 4},
                       {std::min(north, 3), 4},
                       {std::min(north_west, 2), 3},
                       {std::min(south_west, 2), 3},
                       {out.diagonal, 12}});
    q.context[3] = at({{ch, 3}, {out.wider_class, 8}, {out.local_class, 12}, {out.diagonal, 12}});
    q.context[4] = at({{ch, 3}, {size_, 4}, {out.band_class, 10}, {out.diagonal, 12}});
    q.context[5] = at({{ch, 3}, {out.recent_class, 8}, {out.local_class, 12}, {size_, 4}});
    q.context[6] = at({{ch, 3}, {mixed, 24}, {out.diagonal, 12}});
    q.context[7] = at({{ch, 3}, {fv, 12}, {fu, 12}, {out.band_class, 10}});
    // The level each boundary asks for, if this coefficient alone had to explain what is left.
    const int n = 1 << tile_.log2n;
    const int from_left = boundary_.has_left ? boundary_.left[v] * root(size_, u) >> 4 : 0;
    const int from_above = boundary_.has_above ? boundary_.above[u] * root(size_, v) >> 4 : 0;
    const int l = signed_class(from_left), a = signed_class(from_above);
    out.left_size = std::abs(l - 6);
    out.above_size = std::abs(a - 6);
    q.context[8] = at({{ch, 3}, {out.left_size, 7}, {out.above_size, 7}, {out.diagonal, 12}});
    Query& sg = out.sign;
    sg.element = &model_.sign;
    int luma_sign = 1, first_sign = 1, agree = 4;
    if (channel_ == 1 || channel_ == 2) {
      luma_sign = sign_of(blocks_[0].level[v * n + u]);
      if (channel_ == 2) first_sign = sign_of(blocks_[1].level[v * n + u]);
      agree = std::clamp(agreement_ + 4, 0, 8);
    }
    sg.context[0] = at({{ch, 3}, {l, 13}, {a, 13}});
    sg.context[1] = at({{ch, 3}, {l, 13}, {std::min(u, 7), 8}, {size_, 4}});
    sg.context[2] = at({{ch, 3}, {a, 13}, {std::min(v, 7), 8}, {size_, 4}});
    sg.context[3] = at({{ch, 3}, {luma_sign, 3}, {first_sign, 3}, {agree, 9}});
    sg.context[4] = at({{ch, 3}, {l, 13}, {a, 13}, {(u == 0) * 2 + (v == 0), 4}});
    sg.selector0 = ch * 4 + size_;
    sg.selector1 = std::max(out.left_size, out.above_size) + 6 * (channel_ > 0);
    q.selector0 = (ch * 4 + size_) * 12 + out.diagonal;
    q.selector1 = ch * 12 + out.local_class;
    return out;
  }

  Query magnitude_query(const CoefficientContext& c, int k) const {
    const int kk = std::min(k - 1, 7);
    Query q;
    q.element = &model_.magnitude;
    const auto u = [](int x) { return static_cast<std::uint32_t>(x); };
    q.context[0] = u(((c.channel * 8 + kk) * 4 + c.size) * 12 + c.diagonal);
    q.context[1] = u((c.channel * 8 + kk) * 12 + c.local_class);
    q.context[2] = u((c.channel * 8 + kk) * 10 + c.band_class);
    q.context[3] = u((c.channel * 8 + kk) * 8 + c.wider_class);
    q.context[4] = u(((c.channel * 8 + kk) * 8 + c.recent_class) * 4 + c.size);
    q.context[5] = u(((c.channel * 8 + kk) * 8 + c.neighbour) * 8 + std::min(c.local_class, 7));
    q.context[6] = u(((c.channel * 8 + kk) * 7 + c.left_size) * 7 + c.above_size);
    q.selector0 = c.channel * 8 + kk;
    q.selector1 = c.local_class;
    return q;
  }

  // `bits(query, bit)` codes one bit and returns it; a decoder ignores its argument.
  template <class Bits>
  int code_level(Bits& bits, const CoefficientContext& c, int level) const {
    const int magnitude = std::abs(level);
    if (!bits(c.zero, magnitude != 0)) return 0;
    int k = 1;
    while (k < kUnaryLevels && bits(magnitude_query(c, k), magnitude > k)) ++k;
    if (k == kUnaryLevels) {
      k = std::min(k + code_escape(bits, model_.escape, kMaxEscapeBits, magnitude - kUnaryLevels),
                   kMaxLevel);
    }
    return bits(c.sign, level < 0) ? -k : k;
  }

  // Tells the contexts how a chroma sign compared with luma's at the same place.
  void note_signs(int u, int v, int level) {
    if (channel_ != 1 && channel_ != 2) return;
    const int luma = blocks_[0].level[(v << tile_.log2n) + u];
    if (level != 0 && luma != 0) agreement_ += (level > 0) == (luma > 0) ? 1 : -1;
  }

  // Sums of magnitudes on the last diagonals: the tile's own energy so far.
  void set_running(int running) { running_ = running; }

 private:
  static int sign_of(int x) { return x > 0 ? 2 : x < 0 ? 0 : 1; }
  // 1 / norm of the coefficient's boundary value, in 1/16.
  static int root(int size, int k) {
    constexpr int kRoots[4][2] = {{45, 32}, {64, 45}, {91, 64}, {128, 91}};
    return kRoots[size][k > 0];
  }
  // 0 .. 12, 6 is zero; input in 1/1024 of a level.
  static int signed_class(int x) {
    const int m = std::abs(x);
    const int c = m < 150    ? 0
                  : m < 350  ? 1
                  : m < 700  ? 2
                  : m < 1300 ? 3
                  : m < 2600 ? 4
                  : m < 6000 ? 5
                             : 6;
    return x < 0 ? 6 - c : 6 + c;
  }

  Model& model_;
  const TileContext& tile_;
  int channel_;
  const LevelBlock* blocks_;
  const BoundaryResidual& boundary_;
  int size_;
  int shape_;
  int running_ = 0;
  int agreement_ = 0;
};

}  // namespace overtone::tiled_dct

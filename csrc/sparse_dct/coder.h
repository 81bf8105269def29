// All coefficients of a picture, coarse to fine, by one function for both directions.
//
// Order: groups of bands [0], [1..3], [4..15], [16..63] in zigzag order; in a group one component
// after the other; in a component band after band; in a band the blocks row by row.
#pragma once

#include <stdexcept>

#include "coefficient.h"

namespace overtone::sparse_dct {

constexpr int kGroupEnds[4] = {1, 4, 16, 64};

class Coder {
 public:
  Coder(std::array<Component, kMaxComponents>& components, int count, const Prior& prior)
      : components_(components), count_(count), models_(prior) {}

  // Codes everything; `is_at_end()` is asked after each coefficient, and once it is true the
  // coefficient just read is forgotten and nothing more is read.
  template <class Bits, class IsAtEnd>
  void run(Bits& bits, IsAtEnd is_at_end) {
    int begin = 0;
    for (const int end : kGroupEnds) {
      for (int c = 0; c < count_; ++c) {
        Component& component = components_[static_cast<std::size_t>(c)];
        for (int k = begin; k < end; ++k) {
          // A prefix that ends in band 0 leaves the rest of it to the predictions.
          const bool is_complete = run_band(bits, is_at_end, c, k);
          if (k == 0) {
            close_dc(component);
          } else if (is_complete) {
            component.add_band(k);
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
  template <class Bits, class IsAtEnd>
  bool run_band(Bits& bits, IsAtEnd is_at_end, int c, int k) {
    Component& own = components_[static_cast<std::size_t>(c)];
    const std::int32_t step = own.q_table[static_cast<std::size_t>(k)];
    Level* band = own.band(k);
    Predictor& predictor =
        models_.predictors[static_cast<std::size_t>(own.kind)][static_cast<std::size_t>(k)];
    for (int row = 0; row < own.height; ++row) {
      for (int column = 0; column < own.width; ++column) {
        const std::ptrdiff_t here = own.at(row, column);
        const Inputs in = gather(components_, c, k, row, column);
        const std::int32_t predicted = predictor.predict(in);
        const std::int64_t expected16 = (std::int64_t{predicted} * 16) / step;
        int base = 0;
        if (k == 0) {
          // The level of a constant component is coded as a difference.
          base = static_cast<int>((expected16 + 8) >> 4);
        }
        const Inputs sizes = gather_sizes(components_, c, k, here, luma_energy(own, here));
        Predictor& size_predictor =
            models_
                .size_predictors[static_cast<std::size_t>(own.kind)][static_cast<std::size_t>(k)];
        const std::int32_t size = std::max(0, size_predictor.predict(sizes));
        CausalNeighbourhood s = neighbourhood_of(
            c, k, here,
            static_cast<int>(std::clamp<std::int64_t>(expected16 - 16 * base, -400000, 400000)));
        s.regressed = fine_class(std::int64_t{size} * 32 / step);
        int level = base;
        if (is_over_ && k > 0) return false;
        if (!is_over_) {
          level = base + code_level(bits, models_, s, band[here] - base);
          level = std::clamp(level, -kMaxLevel, kMaxLevel);
          if (is_at_end()) {
            if (k > 0) return false;
            is_over_ = true;
            level = base;
          }
        }
        band[here] = static_cast<Level>(level);
        if (!is_over_) {
          predictor.learn(in, own.amplitude(k, here) - predicted, step);
          const std::int32_t was =
              k == 0 ? own.amplitude(0, here) - predicted : own.amplitude(k, here);
          size_predictor.learn(sizes, std::abs(was) - size, step);
        }
      }
    }
    return !is_over_;
  }

  CausalNeighbourhood neighbourhood_of(int c, int k, std::ptrdiff_t here, int expected) const {
    const Component& own = components_[static_cast<std::size_t>(c)];
    const std::ptrdiff_t stride = own.stride();
    const std::int32_t step = own.q_table[static_cast<std::size_t>(k)];
    const int u = kZigzag.u[static_cast<std::size_t>(k)],
              v = kZigzag.v[static_cast<std::size_t>(k)];
    const Level* band = own.band(k);
    CausalNeighbourhood s{};
    s.kind = static_cast<int>(own.kind);
    s.k = k;
    s.group = band_class(k);
    s.west = std::abs(band[here - 1]);
    s.north = std::abs(band[here - stride]);
    s.west_sign = sign_of(band[here - 1]);
    s.north_sign = sign_of(band[here - stride]);
    int around = 4 * (s.west + s.north) +
                 2 * (std::abs(band[here - stride - 1]) + std::abs(band[here - stride + 1])) +
                 std::abs(band[here - 2]) + std::abs(band[here - 2 * stride]);
    if (k == 0) {
      // Constant components are large everywhere; it is their differences that tell.
      const int corner = band[here - stride - 1];
      around = 4 * (std::abs(band[here - 1] - corner) + std::abs(band[here - stride] - corner) +
                    std::abs(band[here - stride] - band[here - stride + 1]));
      s.west = s.north = 0;
      s.west_sign = s.north_sign = 1;
    }
    s.expected = expected;
    s.predicted = size_class(std::abs(std::int64_t{expected}));
    const auto& e = own.energy;
    const auto energy = [&](std::ptrdiff_t d) {
      return std::int64_t{e[static_cast<std::size_t>(here + d)]};
    };
    const std::int64_t own16 = energy(0) * 2 / step;
    const std::int64_t near16 =
        (energy(-1) + energy(1) + energy(-stride) + energy(stride)) / (2 * step);
    s.same = size_class(around);
    s.own = size_class(own16);
    s.near_blocks = size_class(near16);
    const auto parent = [&](int row_band, int column_band) {
      if (row_band < 0 || column_band < 0) return 0;
      const int b =
          kZigzag.number[static_cast<std::size_t>(row_band)][static_cast<std::size_t>(column_band)];
      if (b == 0) return 0;
      return std::abs(own.amplitude(b, here)) / step;
    };
    s.parent_u = parent(v, u - 1);
    s.parent_v = parent(v - 1, u);
    s.parent_uv = parent(v - 1, u - 1);
    int run = 0, nonzero = 0;
    for (int b = k - 1; b >= 1; --b) {
      if (own.band(b)[here] != 0)
        ++nonzero;
      else if (nonzero == 0)
        ++run;
    }
    s.run = std::min(run, 15);
    s.nonzero = nonzero < 4 ? nonzero : nonzero < 6 ? 4 : nonzero < 10 ? 5 : nonzero < 18 ? 6 : 7;
    s.other_sign = 1;
    if (own.kind == Kind::second_chroma) {
      const Level other = components_[static_cast<std::size_t>(c - 1)].band(k)[here];
      s.other_size = std::abs(other);
      s.other_sign = sign_of(other);
    }
    if (own.kind != Kind::luma) s.luma_size = size_class(luma_energy(own, here) * 16 / step);
    const std::int64_t mixed = 3 * around + 2 * own16 + near16 +
                               2 * std::abs(std::int64_t{expected}) +
                               (s.other_size ? 16 * s.other_size : 0);
    s.combined = fine_class(mixed);
    return s;
  }

  // Energy of luma where a chroma block is.
  std::int32_t luma_energy(const Component& own, std::ptrdiff_t here) const {
    if (own.kind == Kind::luma) return 0;
    const Component& luma = components_[0];
    const std::ptrdiff_t row = here / own.stride() - kBorder,
                         column = here % own.stride() - kBorder;
    const int down = luma.height > own.height ? 2 : 1, across = luma.width > own.width ? 2 : 1;
    std::int64_t sum = 0;
    for (int i = 0; i < down; ++i) {
      for (int j = 0; j < across; ++j) {
        const std::ptrdiff_t y = std::min<std::ptrdiff_t>(row * down + i, luma.height - 1);
        const std::ptrdiff_t x = std::min<std::ptrdiff_t>(column * across + j, luma.width - 1);
        sum += luma.energy[static_cast<std::size_t>(
            luma.at(static_cast<int>(y), static_cast<int>(x)))];
      }
    }
    return static_cast<std::int32_t>(sum / (16 * down * across));
  }

  static int fine_class(std::int64_t x) {
    int c = 0;
    std::int64_t width = 1, end = 1;
    while (c < 63 && x >= end) {
      ++c;
      if (c % 6 == 0) width *= 2;
      end += width;
    }
    return c;
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

  std::array<Component, kMaxComponents>& components_;
  int count_;
  bool is_over_ = false;
  Models models_;
};

}  // namespace overtone::sparse_dct

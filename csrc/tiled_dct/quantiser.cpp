#include "quantiser.h"

#include <cmath>

namespace overtone::tiled_dct {

namespace {

constexpr float kSignificant = 0.6f;  // smaller coefficients do not lengthen what is coded

struct Spread {
  double energy = 0;
  int last_diagonal = -1;  // with a coefficient that may be worth a level
};

Spread spread_of(const float* x, int n) {
  Spread out;
  for (int v = 0; v < n; ++v) {
    for (int u = 0; u < n; ++u) {
      const float a = std::abs(x[v * n + u]);
      out.energy += a * a;
      if (a > kSignificant) out.last_diagonal = std::max(out.last_diagonal, u + v);
    }
  }
  return out;
}

// Sets what the class does not cover to zero.
void cut(LevelBlock& block, int diagonals, int n) {
  for (int v = 0; v < n; ++v) {
    for (int u = std::max(0, diagonals - v); u < n; ++u) {
      block.level[v * n + u] = 0;
      *block.at(u, v) = 0;
    }
  }
}

}  // namespace

double Quantiser::quantise(const TileContext& tile, int channel, const float* x,
                           BoundaryResidual& boundary, int* last_classes) {
  const int n = 1 << tile.log2n, count = num_last_classes(tile.log2n);
  blocks_[channel].clear(n);
  auto [energy, last_diagonal] = spread_of(x, n);  // of everything not yet coded
  float class_bits[kNumLastClasses + 1];
  for (int k = 0; k < count; ++k) {
    CountBits one;
    code_last_class(one, model_, tile, channel, k, channel > 0 ? last_classes[0] : 0);
    class_bits[k] = one.total;
  }
  const double w = settings_.rd_weight;
  double best = energy + w * class_bits[0], coded = 0;
  int best_class = 0, cls = 0;
  CoefficientCoder coder(model_, tile, channel, blocks_, boundary);
  DiagonalEnergy recent;
  for (int d = 0; d <= last_diagonal; ++d) {
    code_diagonal(coder, channel, tile.log2n, d, x, boundary, recent, energy, coded);
    while (cls + 1 < count && diagonals_of_class(cls, tile.log2n) < d + 1) ++cls;
    if (diagonals_of_class(cls, tile.log2n) == d + 1) {
      const double total = coded + energy + w * class_bits[cls];
      if (total < best) {
        best = total;
        best_class = cls;
      }
    } else if (d == last_diagonal) {
      last_diagonal = std::min(last_diagonal + 1, 2 * n - 2);
    }
  }
  last_classes[channel] = best_class;
  cut(blocks_[channel], diagonals_of_class(best_class, tile.log2n), n);
  return best;
}

void Quantiser::code_diagonal(CoefficientCoder& coder, int channel, int log2n, int d,
                              const float* x, BoundaryResidual& boundary, DiagonalEnergy& recent,
                              double& energy, double& coded) {
  const int n = 1 << log2n, first = std::max(0, d - n + 1), last = std::min(d, n - 1);
  LevelBlock& block = blocks_[channel];
  coder.set_recent(recent.mean8());
  int sum = 0;
  for (int u = first; u <= last; ++u) {
    const int v = d - u;
    const float value = x[v * n + u];
    const CoefficientContext context = coder.context(u, v);
    energy -= value * value;
    const int magnitude = choose_magnitude(coder, context, value, d == 0, coded);
    Level& level = block.level[v * n + u];
    level = static_cast<Level>(value < 0 ? -magnitude : magnitude);
    *block.at(u, v) = magnitude;
    if (magnitude) {
      boundary.explain(u, v, level, log2n - kMinLog2);
      coder.note_signs(u, v, level);
    }
    sum += magnitude;
  }
  recent.push(sum, last - first + 1);
}

int Quantiser::choose_magnitude(const CoefficientCoder& coder, const CoefficientContext& context,
                                float value, bool is_dc, double& coded) const {
  const int top = std::min(static_cast<int>(std::abs(value) + 0.5f), kMaxLevel);
  int chosen = 0;
  double best = 1e300;
  const auto consider = [&](int magnitude) {
    const double cost = level_cost(coder, context, value, magnitude, is_dc);
    if (cost < best) {
      best = cost;
      chosen = magnitude;
    }
  };
  consider(top);
  if (top >= 1) consider(top - 1);
  if (top == 2) consider(0);
  coded += best;
  return chosen;
}

double Quantiser::level_cost(const CoefficientCoder& coder, const CoefficientContext& context,
                             float value, int magnitude, bool is_dc) const {
  CountBits count;
  coder.code_level(count, context, value < 0 ? -magnitude : magnitude);
  const double offset = is_dc || magnitude == 0 ? 0.0
                        : magnitude == 1        ? settings_.reconstruction_offset_one
                                                : settings_.reconstruction_offset;
  const double error = std::abs(value) - (magnitude - offset);
  return error * error + settings_.rd_weight * count.total;
}

}  // namespace overtone::tiled_dct

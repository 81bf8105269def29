// The symbols of all grids, coded coarse to fine, each grid in waves that run down its rows.
#pragma once

#include <vector>

#include "features.h"

namespace overtone::latent_file {

class SymbolCoder {
 public:
  SymbolCoder(const Shapes& shapes, const IntegerNets& nets, const Laplace& laplace, Isa isa);

  // Symbols of all grids, in the order of the shapes; what is read is written there, and was zero.
  // Ends where `is_over()` says so after a symbol; `pulse()` is called between waves.
  template <class Bits, class IsOver, class Pulse>
  void run(Bits& bits, std::int8_t* symbols, IsOver is_over, Pulse pulse) {
    const std::vector<Grid>& grids = shapes_.grids();
    for (std::size_t g = grids.size(); g-- > 0;) {
      start(grids[g], symbols);
      if (!run_grid(bits, grids[g], symbols + grids[g].offset, is_over, pulse)) return;
    }
  }

 private:
  static constexpr int kNumWaves = 16;  // that contexts reach back to, and the current one
  static constexpr int kRowsAbove = 4, kRowsBelow = 2 * kMaxLanes;

  // Rows first ... last of a wave.
  struct Rows {
    int first, last;
  };

  void start(const Grid& grid, const std::int8_t* symbols);
  std::int16_t* wave(int time) {  // the number of row 0
    return waves_.data() + static_cast<std::size_t>(time % kNumWaves) * stride_ + kRowsAbove;
  }
  // Clears the wave that is begun, and predicts its symbols.
  Rows predict(const Grid& grid, int time);

  template <class Bits, class IsOver, class Pulse>
  bool run_grid(Bits& bits, const Grid& grid, std::int8_t* symbols, IsOver is_over, Pulse pulse) {
    const int num_waves = grid.width + lag_ * (grid.height - 1);
    for (int time = 0; time < num_waves; ++time) {
      pulse();
      const Rows rows = predict(grid, time);
      std::int16_t* to = wave(time);
      for (int y = rows.first; y <= rows.last; ++y) {
        std::int8_t& own = symbols[std::ptrdiff_t{y} * grid.width + time - lag_ * y];
        const auto at = static_cast<std::size_t>(y - rows.first);
        const int found = laplace_.code(bits, scales_[at], means_[at], own, kLargestSymbol);
        if (is_over()) return false;
        own = static_cast<std::int8_t>(found);
        to[y] = static_cast<std::int16_t>(found * (1 << kSymbolBits));
      }
    }
    return true;
  }

  const Shapes& shapes_;
  const IntegerNets& nets_;
  const Laplace& laplace_;
  const ContextKernel& kernel_;
  Features features_;
  const int lag_;  // waves from a row to the next
  std::size_t stride_ = 0;
  std::vector<std::int16_t> waves_;
  Rows written_[kNumWaves];
  std::vector<std::int32_t> feature_rows_[kMaxFeatures / 2];
  std::vector<std::int32_t> means_, scales_;
  bool has_features_ = false;
};

}  // namespace overtone::latent_file

// Rows of the picture on demand: each is made of rows of coarser levels, which are made when they
// are needed and kept as long as their successors need them.
#pragma once

#include <memory>
#include <vector>

#include "platform/isa.h"
#include "synthesis.h"
#include "weights.h"

namespace overtone::latent_file {

// The networks of the picture, in floating point.
class SynthesisNets {
 public:
  SynthesisNets(const Shapes& shapes, const Weights& weights);
  SynthesisNets(const SynthesisNets&) = delete;
  SynthesisNets& operator=(const SynthesisNets&) = delete;

  const Synthesis& trunk() const { return trunk_; }
  const float* double_taps(int level) const { return values_of(doubles_, level); }
  const float* smooth_taps(int level) const { return values_of(smooths_, level); }
  const float* residual_weights(int layer) const { return values_of(residual_weights_, layer); }
  const float* residual_biases(int layer) const { return values_of(residual_biases_, layer); }

 private:
  const float* values_of(const std::vector<const Tensor*>& tensors, int index) const {
    return values_.data() + tensors[static_cast<std::size_t>(index)]->offset;
  }
  std::vector<float> values_;
  std::vector<const Tensor*> doubles_, smooths_, residual_weights_, residual_biases_;
  Synthesis trunk_{};
};

// Rows of several numbers a column, of which the last few are kept.
class RowCache {
 public:
  static constexpr int kNumRows = 8;

  RowCache(int count, int width);
  bool has(int y) const { return numbers_[y % kNumRows] == y; }
  // Rows of row y, whose former contents they lose where it was another one.
  float* const* rows(int y) const { return rows_.data() + (y % kNumRows) * count_; }
  void mark(int y) { numbers_[y % kNumRows] = y; }

 private:
  int count_;
  std::vector<float> memory_;
  std::vector<float*> rows_;
  int numbers_[kNumRows];
};

class RowMaker {
 public:
  RowMaker(const Shapes& shapes, const SynthesisNets& nets, const std::int8_t* symbols, Isa isa);

  // Of each grid, at the size of a level.
  const float* const* features(int level, int y);
  // Colours after so many residual layers.
  float* const* colours(int layer, int y);
  float* const* colours(int y) { return colours(shapes_.spec().num_residual_layers, y); }
  const SynthesisKernel& kernel() const { return kernel_; }
  const Shapes& shapes() const { return shapes_; }
  const SynthesisNets& nets() const { return nets_; }

 private:
  const float* symbols_row(int level, int y);

  const Shapes& shapes_;
  const SynthesisNets& nets_;
  const std::int8_t* symbols_;
  const SynthesisKernel& kernel_;
  std::vector<RowCache> symbol_rows_, features_, colours_;
  std::vector<float> zeros_, scratch_;
};

}  // namespace overtone::latent_file

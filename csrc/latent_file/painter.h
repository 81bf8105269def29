// A view of the picture in 8 bits.
#pragma once

#include <vector>

#include "rows.h"

namespace overtone::latent_file {

// Output pixels along one axis as weighted sums of the picture's pixels.
class Axis {
 public:
  // Output pixel i is centred at start + (i + 0.5) * length / count, in a picture of `size` pixels.
  Axis(double start, double length, int count, int size);

  struct Sum {
    int first, end;  // among the indices and weights
  };
  int count() const { return static_cast<int>(sums_.size()); }
  Sum sum(int i) const { return sums_[static_cast<std::size_t>(i)]; }
  int index(int tap) const { return indices_[static_cast<std::size_t>(tap)]; }
  float weight(int tap) const { return weights_[static_cast<std::size_t>(tap)]; }
  // Whether output pixels are at most as wide as those of the picture.
  bool is_fine() const { return is_fine_; }
  // Whether they are pixels of the picture.
  bool is_aligned() const { return is_aligned_; }

 private:
  void add_cubic(double position, int size);
  void add_mean(double start, double end, int size);

  bool is_fine_, is_aligned_;
  std::vector<Sum> sums_;
  std::vector<int> indices_;
  std::vector<float> weights_;
};

struct View {
  Axis across, down;
};

// Paints rows of a view; one painter for each thread, each in rows that follow one another best.
class Painter {
 public:
  Painter(const Shapes& shapes, const SynthesisNets& nets, const std::int8_t* symbols,
          const View& view, Isa isa);

  // Row `y` of the view, interleaved.
  void paint(int y, std::uint8_t* out);

 private:
  // Rows of floats, as many as there are features and colours.
  class Planes {
   public:
    Planes(int count, int width);
    float* const* rows() const { return rows_.data(); }
    void clear();

   private:
    std::vector<float> memory_;
    std::vector<float*> rows_;
  };

  void add(const float* const* rows, float weight, int first, int count);
  // Along a row, from sums to the view.
  void resample(int count);
  void paint_fine(int y, float* const* out);
  void paint_coarse(int y, float* const* out);

  RowMaker maker_;
  const View& view_;
  const bool is_fine_;
  const int num_features_, channels_, width_, out_width_;
  Planes sums_, resampled_, colours_;
};

}  // namespace overtone::latent_file

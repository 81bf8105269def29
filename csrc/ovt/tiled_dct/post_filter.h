// The post-filter: a Fourier layer on the differences of the series to its neighbours, in quantiser
// steps.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "fourier/net.h"
#include "ovt/context.h"

namespace overtone::ovt::tiled_dct {

// Where the layer looks: (dy, dx) in source pixels.
inline constexpr int kNeighbours[8][2] = {{0, 1}, {0, -1},  {1, 0},  {-1, 0},
                                          {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
inline constexpr int kNumNeighbours = 8;

// Weights of the first plane, and of the others.
struct PostFilterWeights : Data {
  std::array<std::vector<float>, 2> sets;
};

// Which set refines a plane: 0 for luma and alpha, 1 for chroma.
constexpr int set_of_plane(int channel) { return channel == 1 || channel == 2; }

// One plane of a strip: rows of `width` values, and those of its neighbours.
struct Surroundings {
  const float* centre;
  std::array<const float*, kNumNeighbours> neighbours;
  std::ptrdiff_t row_stride;  // of all of them, in floats
};

class PostFilter {
 public:
  PostFilter(std::shared_ptr<const PostFilterWeights> weights, double step, int num_threads,
             Isa isa);

  // Refined values of a plane into `to`, rows without a gap.
  void refine(int channel, const Surroundings& from, std::size_t rows, std::size_t width,
              float* to);

 private:
  std::shared_ptr<const PostFilterWeights> weights_;
  float step_, scale_;
  fourier::Runner runner_;
  std::vector<float> inputs_, outputs_;
};

}  // namespace overtone::ovt::tiled_dct

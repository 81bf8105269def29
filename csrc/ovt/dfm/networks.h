// The networks of a file: which they are (section 0), and their weights (section 1).
#pragma once

#include <vector>

#include "fourier/net.h"
#include "ovt/codec.h"

namespace overtone::ovt::dfm {

// One side of the picture cut into equal tiles. Positions are in source pixels. A tile's domain is
// its own part and `margin` more beyond each inner border; its network sees the domain as 0..1.
struct TileAxis {
  int length, count, margin;

  double border(int index) const {
    return static_cast<double>(std::int64_t{index} * length) / count;
  }
  double local(int index, double position) const;
  // Share of a tile at a position; the shares of all tiles add up to one.
  double share(int index, double position) const;
};

struct Plan {
  bool is_quantised;
  fourier::NetSpec spec;
  TileAxis horizontal, vertical;

  std::size_t num_tiles() const {
    return static_cast<std::size_t>(horizontal.count) * static_cast<std::size_t>(vertical.count);
  }
};

struct Networks {
  Plan plan;
  std::size_t num_weights;     // of a tile
  std::vector<float> weights;  // of every tile, row by row
  std::vector<float> means;    // colour of every tile, on [0, 1]; zero for weights kept as float32

  const float* weights_of(std::size_t tile) const { return weights.data() + tile * num_weights; }
  const float* mean_of(std::size_t tile) const {
    return means.data() + tile * static_cast<std::size_t>(plan.spec.num_outputs);
  }
};

Networks read_networks(const Work& work);

}  // namespace overtone::ovt::dfm

// What the contexts of a grid know of the coarser grids: linear maps of their symbols, at half of
// the grid's size.
#pragma once

#include <vector>

#include "integer_nets.h"

namespace overtone::latent_file {

class Features {
 public:
  Features(const Shapes& shapes, const IntegerNets& nets, const ContextKernel& kernel)
      : shapes_(shapes), nets_(nets), kernel_(kernel) {}

  // Of the grid at level `fine`; all coarser ones are known.
  void make(int fine, const std::int8_t* symbols);
  // Pairs of the features over a symbol.
  const std::int32_t* at(int y, int x) const {
    return pairs_.data() +
           (static_cast<std::size_t>(y / 2) * width_ + static_cast<std::size_t>(x / 2)) *
               static_cast<std::size_t>(nets_.num_feature_pairs());
  }

 private:
  using Sums = std::vector<std::uint32_t>;  // [feature][row][column], kWeightBits after the point

  // Adds the part of `level` to the sums of one row, [feature][column].
  void add_row(int fine, int level, int first_input, int y, const std::int8_t* symbols,
               std::uint32_t* sums, int width);
  void store_row(int y, const std::uint32_t* sums, int width);

  const Shapes& shapes_;
  const IntegerNets& nets_;
  const ContextKernel& kernel_;
  std::vector<std::int32_t> row_, pairs_;
  std::size_t width_ = 0;
};

}  // namespace overtone::latent_file

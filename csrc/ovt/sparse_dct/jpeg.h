// Pixels as libjpeg shows them of a JPEG file with the same coefficients, to the last bit.
#pragma once

#include <vector>

#include "coefficients.h"

namespace overtone::ovt::sparse_dct {

// From the first to before the last.
struct Span {
  int start, stop;
  int size() const { return stop - start; }
};

// Samples of 8 bits.
struct Plane {
  int rows = 0, columns = 0;
  std::vector<std::uint8_t> samples;

  Plane() = default;
  Plane(int rows, int columns)
      : rows(rows), columns(columns),
        samples(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns)) {}
  std::uint8_t* row(int y) { return samples.data() + std::ptrdiff_t{y} * columns; }
  const std::uint8_t* row(int y) const { return samples.data() + std::ptrdiff_t{y} * columns; }
};

// Rows and columns of pixels, interleaved, of which only the blocks that they need are transformed.
std::vector<std::uint8_t> pixels_of(const Coefficients& from, Span rows, Span columns);

}  // namespace overtone::ovt::sparse_dct

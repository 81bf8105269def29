// What the decoder must know besides the coefficients: the head of the codec's section, and the
// sizes of the components that follow from it.
#pragma once

#include <array>
#include <vector>

#include "ovt/container.h"
#include "sparse_dct/planes.h"

namespace overtone::ovt::sparse_dct {

inline constexpr int kBands = ::overtone::sparse_dct::kBands;
inline constexpr int kBlock = ::overtone::sparse_dct::kSide;
using Table = std::array<std::uint16_t, kBands>;  // quantiser steps, zigzag order

struct Header {
  int quality = 0;           // of the standard tables; 0 if the file has tables of its own
  int down = 1, across = 1;  // rows and columns of pixels a sample of chroma
  bool is_prefix = false;    // whether the coefficients are the beginning of a longer stream
  std::vector<Table> tables;
  std::vector<int> table_of;  // of each component

  // Steps of a component of a picture of so many channels.
  Table steps(int component, int channels) const;
};

Header read_header(Reader& reader, int channels);

// A picture cut into components: Y, Cb, Cr, alpha, or gray, alpha.
struct Sampling {
  int height, width, channels, down, across;

  bool is_chroma(int component) const {
    return channels >= 3 && (component == 1 || component == 2);
  }
  int rows(int component) const {
    return is_chroma(component) ? (height + down - 1) / down : height;
  }
  int columns(int component) const {
    return is_chroma(component) ? (width + across - 1) / across : width;
  }
  int down_of(int component) const { return is_chroma(component) ? down : 1; }
  int across_of(int component) const { return is_chroma(component) ? across : 1; }
};

constexpr int num_blocks(int samples) { return (samples + kBlock - 1) / kBlock; }

}  // namespace overtone::ovt::sparse_dct

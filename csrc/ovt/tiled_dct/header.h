// What the decoder must know besides the coefficients: the head of the codec's section.
#pragma once

#include <array>

#include "ovt/reader.h"
#include "tiled_dct/render.h"

namespace overtone::ovt::tiled_dct {

struct Header {
  int step_index = 0;
  bool has_color = false;
  std::array<int, 3> angles{};  // rotation of RGB, in 1/256 turn
  int overlap_tenths = 0;
  int offset_one = 0, offset = 0;  // hundredths of a step
  int blend_eighths = 0;
  bool refines[2] = {};  // whether the post-filter refines the first plane, and the colour planes

  double step() const;
  ::overtone::tiled_dct::Reconstruction reconstruction() const;
  // Row c, column k: what plane k adds to colour c.
  std::array<std::array<float, 3>, 3> colours_of_planes() const;
};

Header read_header(Reader& reader, bool has_color);

}  // namespace overtone::ovt::tiled_dct

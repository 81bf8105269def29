// The coefficients of a file, all of which are decoded before the first pixel.
#pragma once

#include "header.h"
#include "ovt/codec.h"

namespace overtone::ovt::sparse_dct {

struct Coefficients {
  Sampling sampling;
  ::overtone::sparse_dct::Components components;  // in the order in which they are coded

  // Y, Cb, Cr, alpha, or gray, alpha.
  const ::overtone::sparse_dct::Component& component(int c) const {
    return components[static_cast<std::size_t>(sampling.is_chroma(c) ? 3 - c : c)];
  }
};

// Of a prefix, what it says, and zero or a prediction for the rest.
Coefficients read_coefficients(const Work& work, const Header& header, Bytes stream);

}  // namespace overtone::ovt::sparse_dct

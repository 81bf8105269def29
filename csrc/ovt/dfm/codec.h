// The codec dfm: weights of deep Fourier networks; see docs/design/dfm-codec.md.
#pragma once

#include "ovt/codec.h"

namespace overtone::ovt::dfm {

std::unique_ptr<Strips> open(const Work& work);

}  // namespace overtone::ovt::dfm

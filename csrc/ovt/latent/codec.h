// The codec dfm-latent: grids of integers under a machine of their own; see
// docs/design/dfm-latent-file.md.
#pragma once

#include "ovt/codec.h"

namespace overtone::ovt::latent {

std::unique_ptr<Strips> open(const Work& work);

}  // namespace overtone::ovt::latent

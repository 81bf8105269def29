// The codec dfm-latent: grids of integers under a machine of their own; see
// docs/design/dfm-latent-file.md.
#pragma once

#include "ovt/codec.h"

namespace overtone::ovt::latent {

inline constexpr const char* kStarts = "dfm-latent/starts";

std::shared_ptr<const Data> load_starts(Bytes bytes);

inline constexpr DataPart kData[] = {{kStarts, load_starts}};

std::unique_ptr<Strips> open(const Work& work);

}  // namespace overtone::ovt::latent

// The codec sparse-dct: levels of a JPEG picture, coarse to fine; see
// docs/design/sparse-dct-codec.md.
#pragma once

#include "ovt/codec.h"

namespace overtone::ovt::sparse_dct {

inline constexpr const char* kContextState = "sparse-dct/context_state";

std::shared_ptr<const Data> load_context_state(Bytes bytes);
std::unique_ptr<Strips> open(const Work& work);

inline constexpr DataPart kData[] = {{kContextState, load_context_state}};

}  // namespace overtone::ovt::sparse_dct

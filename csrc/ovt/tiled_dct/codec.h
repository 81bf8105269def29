// The codec tiled-dct: series on tiles, post-filter, colour; see docs/design/tiled-dct-codec.md.
#pragma once

#include "ovt/codec.h"

namespace overtone::ovt::tiled_dct {

inline constexpr const char* kContextState = "tiled-dct/context_state";
inline constexpr const char* kPostFilter = "tiled-dct/post_filter";

std::shared_ptr<const Data> load_context_state(Bytes bytes);
std::shared_ptr<const Data> load_post_filter(Bytes bytes);
std::unique_ptr<Strips> open(const Work& work);

inline constexpr DataPart kData[] = {{kContextState, load_context_state},
                                     {kPostFilter, load_post_filter}};

}  // namespace overtone::ovt::tiled_dct

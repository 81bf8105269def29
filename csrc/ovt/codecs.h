// The table of codecs.
#pragma once

#include "codec.h"

namespace overtone::ovt {

std::span<const Codec> codecs();
// NULL for an id that is not in the table.
const Codec* codec_of(std::uint32_t id);

}  // namespace overtone::ovt

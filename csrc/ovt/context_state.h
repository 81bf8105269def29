// The initial context state of a codec, as the files context_state.bin hold it.
#pragma once

#include <cstdint>
#include <vector>

#include "context.h"
#include "entropy/prior.h"

namespace overtone::ovt {

struct ContextState : Data {
  std::vector<std::uint16_t> counters;
  std::vector<std::int32_t> weights;

  entropy::Prior prior() const {
    return {counters.data(), counters.size(), weights.data(), weights.size()};
  }
};

// Of a zlib stream of little-endian integers: numbers of counters and weights (32 bits), the
// counters (16 bits), the weights (32 bits). Throws OVT_CORRUPT, with the name of the data.
std::shared_ptr<ContextState> unpack_context_state(Bytes packed, const char* name);

}  // namespace overtone::ovt

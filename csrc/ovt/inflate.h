// Deflate streams (RFC 1951), raw or in a zlib wrapper (RFC 1950). Metadata and the data of codecs
// are small, so this is small rather than quick.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reader.h"

namespace overtone::ovt {

enum class Inflated {
  complete,
  cut,       // the bytes end before the stream does
  invalid,   // they are no deflate stream
  too_long,  // it unpacks to more than allowed
};

struct Inflation {
  Inflated result;
  const char* reason;               // why it is invalid
  std::vector<std::uint8_t> bytes;  // what was unpacked
  std::size_t num_used;             // bytes of the input
};

Inflation inflate(Bytes packed, std::size_t max_bytes);

// The contents of a zlib stream; throws Failure with OVT_CORRUPT and `what` it was.
std::vector<std::uint8_t> unpack_zlib(Bytes packed, std::size_t max_bytes, const std::string& what);

}  // namespace overtone::ovt

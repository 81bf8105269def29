// The checksums of containers (CRC-32) and of zlib streams (Adler-32).
#pragma once

#include <cstdint>

#include "reader.h"

namespace overtone::ovt {

std::uint32_t crc32(Bytes data);
std::uint32_t adler32(Bytes data);

}  // namespace overtone::ovt

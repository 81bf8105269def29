#include "checksum.h"

#include <algorithm>
#include <array>

namespace overtone::ovt {
namespace {

constexpr int kSlices = 8;  // bytes that are looked up at a time

// Table s holds what a byte does to the checksum s bytes later. Made when the program starts: 8 kB
// that do not compress would be a twentieth of the module that a browser fetches.
struct Tables {
  std::array<std::array<std::uint32_t, 256>, kSlices> of;
  Tables() {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t value = byte;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xedb88320u : 0);
      of[0][byte] = value;
    }
    for (std::size_t s = 1; s < kSlices; ++s) {
      for (std::size_t byte = 0; byte < 256; ++byte) {
        const std::uint32_t before = of[s - 1][byte];
        of[s][byte] = (before >> 8) ^ of[0][before & 0xff];
      }
    }
  }
};
const Tables kTables;

}  // namespace

std::uint32_t crc32(Bytes data) {
  std::uint32_t value = 0xffffffffu;
  std::size_t i = 0;
  for (; i + kSlices <= data.size(); i += kSlices) {
    std::uint32_t next = 0;
    for (std::size_t s = 0; s < kSlices; ++s) {
      const std::uint32_t own = s < 4 ? (value >> (8 * s)) & 0xff : 0;
      next ^= kTables.of[kSlices - 1 - s][data[i + s] ^ own];
    }
    value = next;
  }
  for (; i < data.size(); ++i) value = (value >> 8) ^ kTables.of[0][(value ^ data[i]) & 0xff];
  return ~value;
}

std::uint32_t adler32(Bytes data) {
  constexpr std::uint32_t kModulus = 65521;
  constexpr std::size_t kRun = 5552;  // sums of so many bytes fit in 32 bits
  std::uint32_t low = 1, high = 0;
  for (std::size_t start = 0; start < data.size(); start += kRun) {
    for (const std::uint8_t byte : data.subspan(start, std::min(kRun, data.size() - start))) {
      low += byte;
      high += low;
    }
    low %= kModulus;
    high %= kModulus;
  }
  return high << 16 | low;
}

}  // namespace overtone::ovt

#include "reader.h"

namespace overtone::ovt {

Bytes Reader::take(std::uint64_t count, const std::string& what) {
  if (count > remaining()) {
    fail(OVT_TRUNCATED,
         what + " needs " + std::to_string(count) + " bytes but only " +
             std::to_string(remaining()) + " are left in the " + name_ + "; the file was cut short",
         offset());
  }
  const Bytes taken = data_.subspan(position_, static_cast<std::size_t>(count));
  position_ += taken.size();
  return taken;
}

std::uint32_t Reader::uint32(const std::string& what) {
  const Bytes bytes = take(4, what);
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

std::uint64_t Reader::varint(const std::string& what, int max_bits) {
  const std::int64_t start = offset();
  const auto too_long = [&] {
    fail_corrupt(what + " has more than " + std::to_string(max_bits) + " bits", start);
  };
  std::uint64_t value = 0;
  int shift = 0;
  while (true) {
    const std::uint8_t byte = take(1, what)[0];
    const std::uint64_t low = byte & 0x7fu;
    // Bits that would go beyond 64.
    if (shift > 57 && (low >> (64 - shift)) != 0) too_long();
    value |= low << shift;
    if (max_bits < 64 && (value >> max_bits) != 0) too_long();
    if (byte < 0x80) {
      if (shift > 0 && byte == 0) fail_corrupt(what + " is not in its shortest form", start);
      return value;
    }
    shift += 7;
    if (shift > max_bits) too_long();
  }
}

void Reader::finish() const {
  if (remaining() > 0) {
    fail_corrupt(std::to_string(remaining()) + " bytes follow the end of the " + name_, offset());
  }
}

int Field::read(Reader& reader) const {
  const std::int64_t start = reader.offset();
  const std::uint64_t value = reader.varint(name, 64);
  const auto refuse = [&](const std::string& got) {
    fail_corrupt(std::string(name) + " must be in " + std::to_string(low) + ".." +
                     std::to_string(high) + ", got " + got,
                 start);
  };
  if (low >= 0) {
    if (value < static_cast<std::uint64_t>(low) || value > static_cast<std::uint64_t>(high))
      refuse(std::to_string(value));
    return static_cast<int>(value);
  }
  const auto half = static_cast<std::int64_t>(value >> 1);
  const std::int64_t found = value % 2 == 0 ? half : -half - 1;
  if (found < low || found > high) refuse(std::to_string(found));
  return static_cast<int>(found);
}

}  // namespace overtone::ovt

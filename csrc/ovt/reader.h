// A cursor over bytes that checks every read and knows its position in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "failure.h"

namespace overtone::ovt {

using Bytes = std::span<const std::uint8_t>;

class Reader {
 public:
  // `offset` is the position of data[0] in the file; `name` is what `data` is, for messages.
  explicit Reader(Bytes data, std::size_t offset = 0, std::string name = "file")
      : data_(data), base_(offset), name_(std::move(name)) {}

  std::int64_t offset() const { return static_cast<std::int64_t>(base_ + position_); }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return data_.size() - position_; }

  // The next `count` bytes; OVT_TRUNCATED where fewer are left.
  Bytes take(std::uint64_t count, const std::string& what);
  std::uint32_t uint32(const std::string& what);
  // An unsigned LEB128 integer of at most `max_bits` (up to 64) in its shortest form.
  std::uint64_t varint(const std::string& what, int max_bits = 32);
  // Checks that nothing is left.
  void finish() const;

 private:
  Bytes data_;
  std::size_t base_;
  std::string name_;
  std::size_t position_ = 0;
};

// An integer of a header in low..high, stored as a varint, in zigzag order (0, -1, 1, -2, ...) if
// `low` is negative.
struct Field {
  const char* name;
  std::int64_t low, high;

  int read(Reader& reader) const;
};

}  // namespace overtone::ovt

#include "inflate.h"

#include <algorithm>
#include <array>

#include "checksum.h"

namespace overtone::ovt {
namespace {

constexpr int kMaxLength = 15;  // bits of a code
constexpr std::size_t kNumLiterals = 288, kNumDistances = 30, kNumLengths = 19;
constexpr std::size_t kMaxDistanceCodes = 32;

struct Stop {  // thrown at the end of what can be read
  Inflated result;
  const char* reason = "";
};

class BitReader {
 public:
  explicit BitReader(Bytes data) : data_(data) {}

  std::uint32_t bits(int count) {
    while (num_held_ < count) {
      if (position_ == data_.size()) throw Stop{Inflated::cut};
      held_ |= std::uint32_t{data_[position_++]} << num_held_;
      num_held_ += 8;
    }
    const std::uint32_t value = held_ & ((1u << count) - 1);
    held_ >>= count;
    num_held_ -= count;
    return value;
  }
  // The rest of a byte is left; whole bytes never are.
  Bytes bytes(std::size_t count) {
    held_ = 0;
    num_held_ = 0;
    if (count > data_.size() - position_) throw Stop{Inflated::cut};
    const Bytes taken = data_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  std::size_t num_used() const { return position_; }

 private:
  Bytes data_;
  std::size_t position_ = 0;
  std::uint32_t held_ = 0;
  int num_held_ = 0;
};

// A canonical Huffman code: how many codes there are of each length, and their symbols in order.
class Huffman {
 public:
  Huffman(std::span<const std::uint8_t> lengths, bool may_be_single, const char* reason) {
    for (const std::uint8_t length : lengths) ++count_[length];
    count_[0] = 0;
    int left = 1, total = 0;
    for (int length = 1; length <= kMaxLength; ++length) {
      left = 2 * left - count_[length];
      total += count_[length];
      if (left < 0) throw Stop{Inflated::invalid, reason};
    }
    // Only a code of no symbol, or of one with one bit, may leave bits without a meaning.
    if (left > 0 && total > 0 && !(may_be_single && total == 1 && count_[1] == 1))
      throw Stop{Inflated::invalid, reason};
    std::array<std::uint16_t, kMaxLength + 2> start{};
    for (int length = 1; length <= kMaxLength; ++length)
      start[length + 1] = static_cast<std::uint16_t>(start[length] + count_[length]);
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] != 0)
        symbols_[start[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
    }
  }

  int read(BitReader& in, const char* reason) const {
    int code = 0, first = 0, index = 0;
    for (int length = 1; length <= kMaxLength; ++length) {
      code |= static_cast<int>(in.bits(1));
      const int count = count_[length];
      if (code - first < count) return symbols_[static_cast<std::size_t>(index + code - first)];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw Stop{Inflated::invalid, reason};
  }

 private:
  std::array<std::uint16_t, kMaxLength + 1> count_{};
  std::array<std::uint16_t, kNumLiterals> symbols_{};
};

constexpr const char* kBadLengths = "invalid code lengths set";
constexpr const char* kBadLiterals = "invalid literal/lengths set";
constexpr const char* kBadDistances = "invalid distances set";

struct Codes {
  Huffman literals, distances;
};

Codes fixed_codes() {
  std::array<std::uint8_t, kNumLiterals> lengths;
  for (std::size_t i = 0; i < kNumLiterals; ++i)
    lengths[i] = static_cast<std::uint8_t>(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
  std::array<std::uint8_t, kMaxDistanceCodes> distances;
  distances.fill(5);
  return {Huffman(lengths, false, kBadLiterals), Huffman(distances, false, kBadDistances)};
}

Codes read_codes(BitReader& in) {
  static constexpr std::uint8_t kOrder[kNumLengths] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
  const std::size_t num_literals = in.bits(5) + 257, num_distances = in.bits(5) + 1;
  const std::size_t num_lengths = in.bits(4) + 4;
  if (num_literals > 286 || num_distances > kNumDistances)
    throw Stop{Inflated::invalid, "too many length or distance symbols"};
  std::array<std::uint8_t, kNumLengths> own{};
  for (std::size_t i = 0; i < num_lengths; ++i)
    own[kOrder[i]] = static_cast<std::uint8_t>(in.bits(3));
  const Huffman code(own, false, kBadLengths);
  std::array<std::uint8_t, kNumLiterals + kMaxDistanceCodes> lengths{};
  for (std::size_t i = 0; i < num_literals + num_distances;) {
    const int symbol = code.read(in, kBadLengths);
    if (symbol < 16) {
      lengths[i++] = static_cast<std::uint8_t>(symbol);
      continue;
    }
    if (symbol == 16 && i == 0) throw Stop{Inflated::invalid, "invalid bit length repeat"};
    const std::uint8_t value = symbol == 16 ? lengths[i - 1] : std::uint8_t{0};
    std::size_t repeats = symbol == 16   ? 3 + in.bits(2)
                          : symbol == 17 ? 3 + in.bits(3)
                                         : 11 + in.bits(7);
    if (repeats > num_literals + num_distances - i)
      throw Stop{Inflated::invalid, "invalid bit length repeat"};
    for (; repeats > 0; --repeats) lengths[i++] = value;
  }
  if (lengths[256] == 0) throw Stop{Inflated::invalid, "missing end-of-block"};
  const std::span<const std::uint8_t> all(lengths);
  return {Huffman(all.first(num_literals), true, kBadLiterals),
          Huffman(all.subspan(num_literals, num_distances), true, kBadDistances)};
}

void put(std::vector<std::uint8_t>& out, std::uint8_t byte, std::size_t max_bytes) {
  if (out.size() >= max_bytes) throw Stop{Inflated::too_long};
  out.push_back(byte);
}

void read_block(BitReader& in, const Codes& codes, std::vector<std::uint8_t>& out,
                std::size_t max_bytes) {
  static constexpr std::uint16_t kLengths[29] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                 15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static constexpr std::uint8_t kLengthBits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static constexpr std::uint16_t kDistances[kNumDistances] = {
      1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
      193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  while (true) {
    const int symbol = codes.literals.read(in, "invalid literal/length code");
    if (symbol == 256) return;
    if (symbol < 256) {
      put(out, static_cast<std::uint8_t>(symbol), max_bytes);
      continue;
    }
    const auto place = static_cast<std::size_t>(symbol - 257);
    if (place >= 29) throw Stop{Inflated::invalid, "invalid literal/length code"};
    std::size_t length = kLengths[place] + in.bits(kLengthBits[place]);
    const auto code = static_cast<std::size_t>(codes.distances.read(in, "invalid distance code"));
    if (code >= kNumDistances) throw Stop{Inflated::invalid, "invalid distance code"};
    const int extra = code < 2 ? 0 : static_cast<int>(code / 2) - 1;
    const std::size_t distance = kDistances[code] + in.bits(extra);
    if (distance > out.size()) throw Stop{Inflated::invalid, "invalid distance too far back"};
    for (; length > 0; --length) put(out, out[out.size() - distance], max_bytes);
  }
}

void read_stored(BitReader& in, std::vector<std::uint8_t>& out, std::size_t max_bytes) {
  const Bytes head = in.bytes(4);
  const unsigned length = head[0] | head[1] << 8, complement = head[2] | head[3] << 8;
  if ((length ^ complement) != 0xffff)
    throw Stop{Inflated::invalid, "invalid stored block lengths"};
  for (const std::uint8_t byte : in.bytes(length)) put(out, byte, max_bytes);
}

}  // namespace

Inflation inflate(Bytes packed, std::size_t max_bytes) {
  Inflation out{Inflated::complete, "", {}, 0};
  BitReader in(packed);
  try {
    bool is_last = false;
    while (!is_last) {
      is_last = in.bits(1) != 0;
      switch (in.bits(2)) {
        case 0:
          read_stored(in, out.bytes, max_bytes);
          break;
        case 1:
          read_block(in, fixed_codes(), out.bytes, max_bytes);
          break;
        case 2:
          read_block(in, read_codes(in), out.bytes, max_bytes);
          break;
        default:
          throw Stop{Inflated::invalid, "invalid block type"};
      }
    }
  } catch (const Stop& stop) {
    out.result = stop.result;
    out.reason = stop.reason;
  }
  out.num_used = in.num_used();
  return out;
}

std::vector<std::uint8_t> unpack_zlib(Bytes packed, std::size_t max_bytes,
                                      const std::string& what) {
  constexpr std::size_t kHead = 2, kTail = 4;
  const auto refuse = [&](const char* why) {
    fail_corrupt(what + " is not a zlib stream: " + why);
  };
  if (packed.size() < kHead + kTail || (packed[0] & 0x0f) != 8 || (packed[1] & 0x20) != 0 ||
      (packed[0] * 256 + packed[1]) % 31 != 0)
    refuse("incorrect header");
  const Bytes body = packed.subspan(kHead, packed.size() - kHead - kTail);
  Inflation found = inflate(body, max_bytes);
  if (found.result != Inflated::complete || found.num_used != body.size())
    refuse(found.result == Inflated::invalid ? found.reason : "it is cut, or too long");
  const Bytes tail = packed.last(kTail);
  const std::uint32_t expected = std::uint32_t{tail[0]} << 24 | std::uint32_t{tail[1]} << 16 |
                                 std::uint32_t{tail[2]} << 8 | std::uint32_t{tail[3]};
  if (adler32(found.bytes) != expected) refuse("incorrect checksum");
  return std::move(found.bytes);
}

}  // namespace overtone::ovt

#include "range_decoder.h"

#include <algorithm>

namespace overtone::ovt::dfm {
namespace {

constexpr int kPlaceBits = 24, kWordBits = 32;
constexpr std::uint32_t kPlaces = std::uint32_t{1} << kPlaceBits;
constexpr int kMaxMagnitudeBits = 24;
constexpr int kChunkBits = 12;  // low bits of an escape per uniform symbol

}  // namespace

SymbolDecoder::SymbolDecoder(Bytes data) : data_(data) {
  point_ = std::uint64_t{next_word()} << kWordBits;
  point_ |= next_word();
}

// Zeros follow the last byte.
std::uint32_t SymbolDecoder::next_word() {
  std::uint32_t word = 0;
  for (int shift = 0; shift < kWordBits && position_ < data_.size(); shift += 8)
    word |= std::uint32_t{data_[position_++]} << shift;
  return word;
}

std::uint32_t SymbolDecoder::place() const {
  const std::uint64_t found = (point_ - low_) / (range_ >> kPlaceBits);
  if (found >= kPlaces) {
    fail_corrupt(std::to_string(data_.size()) +
                 " coded bytes are not a valid range code: they do not fit the probabilities");
  }
  return static_cast<std::uint32_t>(found);
}

void SymbolDecoder::narrow(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t scale = range_ >> kPlaceBits;
  low_ += scale * low;
  range_ = scale * (high - low);
  if (range_ >> kWordBits == 0) {
    low_ <<= kWordBits;
    range_ <<= kWordBits;
    point_ = point_ << kWordBits | next_word();
  }
}

const SymbolDecoder::Model& SymbolDecoder::model(int table) {
  Model& own = models_[static_cast<std::size_t>(table)];
  if (own.bounds.empty()) {
    const Table made = make_table(table);
    const auto size = static_cast<std::uint32_t>(made.counts.size());
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < size; ++i) {
      own.bounds.push_back(static_cast<std::uint32_t>(sum * (kPlaces - size) >> kTotalBits) + i);
      sum += made.counts[i];
    }
    own.bounds.push_back(kPlaces);
    own.max_level = made.max_level;
  }
  return own;
}

void SymbolDecoder::read(std::span<std::int32_t> levels, int table) {
  const Model& own = model(table);
  const std::int32_t escaped = own.max_level + 1;  // the level of no symbol but the escape
  for (std::int32_t& level : levels) {
    const auto after = std::upper_bound(own.bounds.begin(), own.bounds.end(), place());
    narrow(after[-1], after[0]);
    level = static_cast<std::int32_t>(after - own.bounds.begin()) - 1 - own.max_level;
  }
  for (std::int32_t& level : levels)
    if (level == escaped) level = escape(own.max_level);
}

std::uint32_t SymbolDecoder::uniform(int width) {
  const int shift = kPlaceBits - width;
  const std::uint32_t value = place() >> shift;
  narrow(value << shift, (value + 1) << shift);
  return value;
}

std::int32_t SymbolDecoder::escape(int max_level) {
  const auto num_bits = static_cast<int>(uniform(5));
  if (num_bits < 1 || num_bits > kMaxMagnitudeBits) {
    fail_corrupt("an escaped level has " + std::to_string(num_bits) + " bits, expected 1.." +
                 std::to_string(kMaxMagnitudeBits));
  }
  const bool is_negative = uniform(1) == 1;
  std::int32_t excess = 1 << (num_bits - 1);
  for (int shift = 0; shift < num_bits - 1; shift += kChunkBits) {
    const int width = std::min(kChunkBits, num_bits - 1 - shift);
    excess |= static_cast<std::int32_t>(uniform(width)) << shift;
  }
  return is_negative ? -(excess + max_level) : excess + max_level;
}

void SymbolDecoder::finish() const {
  // All words are read, and what is held of them could be the zeros that follow.
  constexpr std::uint64_t kHeld = (std::uint64_t{1} << (kWordBits + 1)) - 1;
  const bool is_over =
      position_ == data_.size() && (range_ == ~std::uint64_t{0} || point_ - low_ < kHeld);
  if (!is_over) {
    fail_corrupt(std::to_string(data_.size()) + " coded bytes hold more than the symbols asked");
  }
}

}  // namespace overtone::ovt::dfm

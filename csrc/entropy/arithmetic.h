// Binary range coder over 16-bit integer probabilities: no float touches a bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace overtone::entropy {

// Probability that the bit is 1, in 1/65536, always within [1, 65535].
using Probability = std::uint32_t;
inline constexpr Probability kProbabilityOne = 1u << 16;

class BinaryEncoder {
 public:
  void encode(int bit, Probability p_one) {
    const std::uint32_t range = high_ - low_;
    const std::uint32_t middle =
        low_ + static_cast<std::uint32_t>((static_cast<std::uint64_t>(range) * p_one) >> 16);
    if (bit) {
      high_ = middle;
    } else {
      low_ = middle + 1;
    }
    while (((low_ ^ high_) & 0xff000000u) == 0) {
      bytes_.push_back(static_cast<std::uint8_t>(high_ >> 24));
      low_ <<= 8;
      high_ = (high_ << 8) | 0xffu;
    }
  }

  // The fewest bytes that identify the interval; the decoder reads zeros past the end.
  std::vector<std::uint8_t> finish() {
    if (low_ != 0) {
      // The shortest byte string whose zero-padded value lies in [low, high].
      for (int keep = 1; keep <= 4; ++keep) {
        const int drop = 32 - 8 * keep;
        const std::uint64_t step = std::uint64_t{1} << drop;
        const std::uint64_t up = (std::uint64_t{low_} + step - 1) / step * step;
        if (up <= high_) {
          for (int i = 0; i < keep; ++i) {
            bytes_.push_back(static_cast<std::uint8_t>(up >> (24 - 8 * i)));
          }
          break;
        }
      }
    }
    return std::move(bytes_);
  }

  std::size_t size_bytes() const { return bytes_.size(); }

 private:
  std::uint32_t low_ = 0;
  std::uint32_t high_ = 0xffffffffu;
  std::vector<std::uint8_t> bytes_;
};

class BinaryDecoder {
 public:
  BinaryDecoder(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {
    for (std::size_t i = 0; i < kLookAhead; ++i) code_ = (code_ << 8) | next();
  }

  int decode(Probability p_one) {
    const std::uint32_t range = high_ - low_;
    const std::uint32_t middle =
        low_ + static_cast<std::uint32_t>((static_cast<std::uint64_t>(range) * p_one) >> 16);
    const int bit = code_ <= middle;
    if (bit) {
      high_ = middle;
    } else {
      low_ = middle + 1;
    }
    while (((low_ ^ high_) & 0xff000000u) == 0) {
      low_ <<= 8;
      high_ = (high_ << 8) | 0xffu;
      code_ = (code_ << 8) | next();
    }
    return bit;
  }

  // Whether the stream has ended: bytes past its end have been read, as zeros.
  bool is_past_end() const { return position_ > size_; }
  // Whether it has ended too early, for the coder looks four bytes ahead.
  bool is_cut() const { return position_ > size_ + kLookAhead; }
  bool consumed_all() const { return position_ >= size_; }

 private:
  std::uint32_t next() {
    const std::uint32_t byte = position_ < size_ ? data_[position_] : 0;
    ++position_;
    return byte;
  }

  static constexpr std::size_t kLookAhead = 4;
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t position_ = 0;
  std::uint32_t low_ = 0;
  std::uint32_t high_ = 0xffffffffu;
  std::uint32_t code_ = 0;
};

}  // namespace overtone::entropy

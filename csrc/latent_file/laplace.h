// Integers under a Laplace distribution, as binary decisions whose probabilities are integers too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "entropy/arithmetic.h"
#include "laplace_ratios.h"
#include "limits.h"

namespace overtone::latent_file {

// Two ways to run the syntax: write bits, or read them.
struct EncodeBits {
  entropy::BinaryEncoder& encoder;
  int operator()(int bit, entropy::Probability p_one) {
    encoder.encode(bit, p_one);
    return bit;
  }
};

struct DecodeBits {
  entropy::BinaryDecoder& decoder;
  int operator()(int, entropy::Probability p_one) { return decoder.decode(p_one); }
};

template <class Bits>
std::uint32_t code_even(Bits& bits, std::uint32_t value, int count) {
  std::uint32_t out = 0;
  for (int i = count - 1; i >= 0; --i)
    out = out * 2 + static_cast<std::uint32_t>(
                        bits(static_cast<int>((value >> i) & 1), entropy::kProbabilityOne / 2));
  return out;
}

class Laplace {
 public:
  Laplace();

  // An integer of -limit ... limit; its mean is in 1/64. One that was read beyond is the limit.
  template <class Bits>
  int code(Bits& bits, int scale, int mean, int value, int limit) const {
    const int centre = (mean + kMeanOne / 2) >> kMeanBits, fraction = mean - centre * kMeanOne;
    const Scale& own = scales_[static_cast<std::size_t>(scale)];
    const int size = std::abs(fraction), offset = value - centre;
    if (!bits(offset != 0, own.elsewhere[size])) return std::clamp(centre, -limit, limit);
    const bool leans_up = fraction >= 0;
    const bool is_up = (bits((offset > 0) == leans_up, own.nearer[size]) != 0) == leans_up;
    const std::int64_t distance = 1 + code_excess(bits, own, std::abs(offset) - 1);
    const std::int64_t found = is_up ? centre + distance : centre - distance;
    return static_cast<int>(std::clamp<std::int64_t>(found, -limit, limit));
  }

 private:
  static constexpr int kMaxOnes = 20, kEscapeBits = 18, kMaxLowBits = 20;

  struct Scale {
    std::uint16_t elsewhere[kMeanOne / 2 + 1];  // not at the integer that is nearest to the mean
    std::uint16_t nearer[kMeanOne / 2 + 1];     // on the side of it where the mean is
    std::uint16_t more;                         // one more multiple of 2^num_low_bits
    std::uint16_t low_bits[kMaxLowBits];
    int num_low_bits;
  };
  static Scale scale_of(std::uint64_t ratio);

  // Geometric: a run of ones, then the lowest bits, each independent of the others.
  template <class Bits>
  static std::int64_t code_excess(Bits& bits, const Scale& own, int excess) {
    const int high = excess >> own.num_low_bits;
    std::int64_t found = 0;
    while (found < kMaxOnes && bits(high > found, own.more)) ++found;
    if (found == kMaxOnes)
      found += code_even(bits, static_cast<std::uint32_t>(high - kMaxOnes), kEscapeBits);
    for (int i = own.num_low_bits - 1; i >= 0; --i)
      found = 2 * found + bits((excess >> i) & 1, own.low_bits[i]);
    return found;
  }

  std::vector<Scale> scales_;
};

}  // namespace overtone::latent_file

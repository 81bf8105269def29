#include "laplace.h"

namespace overtone::latent_file {
namespace {

__extension__ typedef unsigned __int128 Wide;

// Numbers of 0 ... 1 are in 1/2^64, one being the largest.
std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((static_cast<Wide>(a) * b) >> 64);
}

std::uint16_t probability(std::uint64_t value) {  // of 1/65536
  return static_cast<std::uint16_t>(std::clamp<std::uint64_t>(value, 1, 65535));
}

}  // namespace

Laplace::Laplace() {
  for (const std::uint64_t ratio : kLaplaceRatios) scales_.push_back(scale_of(ratio));
}

Laplace::Scale Laplace::scale_of(std::uint64_t ratio) {
  std::uint64_t powers[kMeanOne + 1];
  powers[0] = ~std::uint64_t{0};
  for (int i = 0; i < kMeanOne; ++i) powers[i + 1] = product(powers[i], ratio);
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 32;
  Scale scale{};
  for (int size = 0; size <= kMeanOne / 2; ++size) {
    const std::uint64_t near = powers[kMeanOne / 2 - size], far = powers[kMeanOne / 2 + size];
    scale.elsewhere[size] = probability(((near >> 1) + (far >> 1)) >> 48);
    scale.nearer[size] = probability((kHalf << 16) / (kHalf + (powers[2 * size] >> 32)));
  }
  std::uint64_t power = powers[kMeanOne];
  for (; power >= std::uint64_t{1} << 63; power = product(power, power))
    scale.low_bits[scale.num_low_bits++] =
        probability(((power >> 32) << 16) / (kHalf + (power >> 32)));
  scale.more = probability(power >> 48);
  return scale;
}

}  // namespace overtone::latent_file

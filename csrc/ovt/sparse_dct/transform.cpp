#include "transform.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace overtone::ovt::sparse_dct {
namespace {

constexpr int kPassBits = 2;                    // kept between the passes
constexpr int kScaleBits = 3;                   // the two matrices together are 8 times orthonormal
constexpr std::int64_t kMostFor32Bits = 30000;  // of the sum of magnitudes, see below
constexpr int kMidLevel = 128;

std::int32_t constant(double value) {
  return static_cast<std::int32_t>(std::nearbyint(value * (1 << kConstantBits)));
}

template <class Int>
Int descale(Int value, int bits) {  // rounded to the nearest, halves up
  return (value + (Int{1} << (bits - 1))) >> bits;
}

std::uint8_t to_sample(std::int64_t value) {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value + kMidLevel, 0, 255));
}

template <class Int>
void transform(const Matrix& matrix, const std::int32_t (&coefficients)[kBands], std::uint8_t* to,
               std::ptrdiff_t row_stride) {
  bool is_used[kBlock];
  for (int v = 0; v < kBlock; ++v) {
    is_used[v] = std::any_of(coefficients + v * kBlock, coefficients + (v + 1) * kBlock,
                             [](std::int32_t c) { return c != 0; });
  }
  for (std::size_t y = 0; y < kBlock; ++y) {
    Int column[kBlock] = {};
    for (std::size_t v = 0; v < kBlock; ++v) {
      if (!is_used[v]) continue;
      for (std::size_t u = 0; u < kBlock; ++u)
        column[u] += Int{matrix[v][y]} * coefficients[v * kBlock + u];
    }
    Int row[kBlock] = {};
    for (std::size_t u = 0; u < kBlock; ++u) {
      const Int value = descale(column[u], kConstantBits - kPassBits);
      for (std::size_t x = 0; x < kBlock; ++x) row[x] += value * matrix[u][x];
    }
    for (std::size_t x = 0; x < kBlock; ++x)
      to[x] = to_sample(descale(row[x], kConstantBits + kPassBits + kScaleBits));
    to += row_stride;
  }
}

}  // namespace

Matrix integer_matrix() {
  double c[kBlock];
  for (int k = 0; k < kBlock; ++k)
    c[k] = std::sqrt(2.0) * std::cos(k * 3.14159265358979323846 / 16);
  Matrix matrix{};
  const std::int32_t one = constant(1);
  matrix[0].fill(one);
  matrix[4] = {one, -one, -one, one, one, -one, -one, one};
  // Even part: one rotation by 6 pi / 16.
  const std::int32_t common = constant(c[6]), plus = constant(c[2] - c[6]);
  const std::int32_t minus = constant(c[2] + c[6]);
  const std::int32_t second[4] = {common + plus, common, -common, -common - plus};
  const std::int32_t sixth[4] = {common, common - minus, minus - common, -common};
  for (std::size_t x = 0; x < 4; ++x) {
    matrix[2][x] = matrix[2][7 - x] = second[x];
    matrix[6][x] = matrix[6][7 - x] = sixth[x];
  }
  // Odd part: products of x3-x4, x2-x5, x1-x6, x0-x7, of sums of two and of all four of them.
  const std::int32_t single[4] = {
      constant(-c[1] + c[3] + c[5] - c[7]), constant(c[1] + c[3] - c[5] + c[7]),
      constant(c[1] + c[3] + c[5] - c[7]), constant(c[1] + c[3] - c[5] - c[7])};
  const std::int32_t all_four = constant(c[3]);
  struct Pair {
    std::size_t first, second;
    std::int32_t weight;
  };
  const Pair pairs[4] = {{0, 3, -constant(c[3] - c[7])},
                         {1, 2, -constant(c[1] + c[3])},
                         {0, 2, -constant(c[3] + c[5])},
                         {1, 3, -constant(c[3] - c[5])}};
  for (std::size_t own = 0; own < 4; ++own) {
    const std::size_t k = 7 - 2 * own;
    std::int32_t row[4] = {all_four, all_four, all_four, all_four};
    row[own] += single[own];
    for (const Pair& pair : pairs) {
      if (own != pair.first && own != pair.second) continue;
      row[pair.first] += pair.weight;
      row[pair.second] += pair.weight;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      matrix[k][3 - i] = row[i];
      matrix[k][4 + i] = -row[i];
    }
  }
  return matrix;
}

void inverse_transform(const Matrix& matrix, const std::int32_t (&coefficients)[kBands],
                       std::uint8_t* to, std::ptrdiff_t row_stride) {
  std::int64_t total = 0;
  for (const std::int32_t c : coefficients) total += std::abs(std::int64_t{c});
  // An entry is below 11400, so after the first pass no sum of magnitudes is above
  // 5.6 total + 8, and after the second none above 64000 total: below 2^31 for a total of 30000.
  if (total == std::abs(std::int64_t{coefficients[0]})) {
    const std::int64_t once =
        descale(std::int64_t{matrix[0][0]} * coefficients[0], kConstantBits - kPassBits);
    const std::uint8_t sample = to_sample(
        descale(std::int64_t{matrix[0][0]} * once, kConstantBits + kPassBits + kScaleBits));
    for (int y = 0; y < kBlock; ++y) std::fill_n(to + y * row_stride, kBlock, sample);
  } else if (total <= kMostFor32Bits) {
    transform<std::int32_t>(matrix, coefficients, to, row_stride);
  } else {
    transform<std::int64_t>(matrix, coefficients, to, row_stride);
  }
}

}  // namespace overtone::ovt::sparse_dct

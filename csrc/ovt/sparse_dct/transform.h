// libjpeg's accurate inverse transform ("islow") of blocks of 8, in integers.
#pragma once

#include <array>
#include <cstdint>

#include "header.h"

namespace overtone::ovt::sparse_dct {

inline constexpr int kConstantBits = 13;

// 2^13 sqrt(8) times the orthonormal matrix [frequency][place], with the rounded constants of the
// fast algorithm: an entry is the sum of the constants on its path.
using Matrix = std::array<std::array<std::int32_t, kBlock>, kBlock>;
Matrix integer_matrix();

// Samples 0..255 of a block of coefficients [v][u] (levels times steps).
void inverse_transform(const Matrix& matrix, const std::int32_t (&coefficients)[kBands],
                       std::uint8_t* to, std::ptrdiff_t row_stride);

}  // namespace overtone::ovt::sparse_dct

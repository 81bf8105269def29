// Coefficients of a picture as planes, one for each band of each component, with a border of
// zeros so that neighbours can be read without asking whether they exist.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

namespace overtone::sparse_dct {

constexpr int kMaxComponents = 4;
constexpr int kSide = 8;
constexpr int kBands = kSide * kSide;
constexpr int kBorder = 2;
constexpr int kMaxLevel = 32767;
constexpr int kMaxAmplitude = 32767;

using Level = std::int16_t;

// Zigzag number of band (v, u), and back.
struct Zigzag {
  std::uint8_t number[kSide][kSide] = {};  // [v][u]
  std::uint8_t u[kBands] = {}, v[kBands] = {};
  constexpr Zigzag() {
    int at = 0;
    for (int sum = 0; sum < 2 * kSide - 1; ++sum) {
      for (int i = 0; i <= sum; ++i) {
        // Odd diagonals run down and to the left, even ones up and to the right.
        const int row = sum % 2 ? i : sum - i, column = sum - row;
        if (row >= kSide || column >= kSide) continue;
        number[row][column] = static_cast<std::uint8_t>(at);
        v[at] = static_cast<std::uint8_t>(row);
        u[at] = static_cast<std::uint8_t>(column);
        ++at;
      }
    }
  }
};
inline constexpr Zigzag kZigzag;

// What a component is to the models: luma and alpha, the first chroma coded, the second.
enum class Kind { luma = 0, first_chroma = 1, second_chroma = 2 };

// Of one of `count` components, in the order in which they are coded.
inline Kind kind_of(int component, int count) {
  if (count < 3 || component == 0 || component == 3) return Kind::luma;
  return component == 1 ? Kind::first_chroma : Kind::second_chroma;
}

struct Component {
  int width = 0, height = 0;  // blocks
  Kind kind = Kind::luma;
  std::int32_t q_table[kBands] = {};  // zigzag order
  std::vector<Level> levels;          // [band][row][column], with borders
  std::vector<std::int32_t> energy;   // [row][column]: recent amplitudes, see add_band

  int stride() const { return width + 2 * kBorder; }
  std::ptrdiff_t at(int row, int column) const {
    return static_cast<std::ptrdiff_t>(row + kBorder) * stride() + column + kBorder;
  }
  std::ptrdiff_t plane_size() const {
    return static_cast<std::ptrdiff_t>(height + 2 * kBorder) * stride();
  }
  Level* band(int k) { return levels.data() + k * plane_size(); }
  const Level* band(int k) const { return levels.data() + k * plane_size(); }
  std::int32_t energy_at(std::ptrdiff_t place) const {
    return energy[static_cast<std::size_t>(place)];
  }
  // Level times step, bounded so that sums of products stay far inside 64 bits.
  std::int32_t amplitude(int k, std::ptrdiff_t place) const {
    const std::int64_t value = std::int64_t{band(k)[place]} * q_table[k];
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(value, -kMaxAmplitude - 1, kMaxAmplitude));
  }

  void allocate() {
    // Where addresses have 32 bits, the largest picture has more levels than they count.
    const std::uint64_t count = static_cast<std::uint64_t>(plane_size()) * kBands;
    if (count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(Level)) throw std::bad_alloc();
    levels.assign(static_cast<std::size_t>(count), 0);
    energy.assign(static_cast<std::size_t>(plane_size()), 0);
  }
  // Once a band is known: energy = 3/4 energy + 4 |amplitude|, in quarter amplitudes.
  void add_band(int k) {
    for (std::ptrdiff_t i = 0; i < plane_size(); ++i) {
      auto& e = energy[static_cast<std::size_t>(i)];
      e = e - (e >> 2) + 4 * std::abs(amplitude(k, i));
    }
  }
};

// One or more: luma alone or with chroma, then alpha.
using Components = std::array<Component, kMaxComponents>;

}  // namespace overtone::sparse_dct

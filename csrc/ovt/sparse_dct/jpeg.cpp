#include "jpeg.h"

#include <algorithm>
#include <array>

#include "transform.h"

namespace overtone::ovt::sparse_dct {
namespace {

namespace coding = ::overtone::sparse_dct;

constexpr int kReach = 2;   // samples of chroma beside those of a part
constexpr int kNarrow = 2;  // chroma columns up to which libjpeg repeats samples
constexpr int kFractionBits = 16;

constexpr std::int32_t fixed(double value) {
  return static_cast<std::int32_t>(value * (1 << kFractionBits) + 0.5);
}

// Samples of a component that pixels of a side depend on. Interpolation looks one sample further;
// another one tells a part from a narrow component.
Span needed(Span pixels, int factor, int limit) {
  const int further = factor > 1 ? kReach : 0;
  return {std::max(0, pixels.start / factor - further),
          std::min(limit, (pixels.stop + factor - 1) / factor + further)};
}

// The coefficients of a block of a component, raster order.
void gather(const coding::Component& own, int row, int column, std::int32_t (&to)[kBands]) {
  const std::ptrdiff_t at = own.at(row, column);
  for (int k = 0; k < kBands; ++k) {
    // At most 32767 * 65535, so 32 bits hold it.
    to[coding::kZigzag.v[k] * kBlock + coding::kZigzag.u[k]] = own.band(k)[at] * own.q_table[k];
  }
}

// Samples of a component in whole blocks, then cut.
Plane part_plane(const coding::Component& own, Span rows, Span columns) {
  const Matrix matrix = integer_matrix();
  const int top = rows.start / kBlock, left = columns.start / kBlock;
  const int right = num_blocks(columns.stop);
  Plane plane(rows.size(), columns.size());
  Plane line(kBlock, (right - left) * kBlock);
  std::int32_t block[kBands];
  for (int row = top; row < num_blocks(rows.stop); ++row) {
    for (int column = left; column < right; ++column) {
      gather(own, row, column, block);
      inverse_transform(matrix, block, line.row(0) + (column - left) * kBlock, line.columns);
    }
    const int first = std::max(rows.start, row * kBlock);
    for (int y = first; y < std::min(rows.stop, (row + 1) * kBlock); ++y) {
      std::copy_n(line.row(y - row * kBlock) + columns.start - left * kBlock, columns.size(),
                  plane.row(y - rows.start));
    }
  }
  return plane;
}

// libjpeg's triangle interpolation by 1 or 2 along each axis.
Plane enlarged(const Plane& from, int down, int across) {
  if (down == 1 && across == 1) return from;
  Plane to(down * from.rows, across * from.columns);
  if (across == 2 && from.columns <= kNarrow) {
    for (int y = 0; y < to.rows; ++y)
      for (int x = 0; x < to.columns; ++x) to.row(y)[x] = from.row(y / down)[x / across];
    return to;
  }
  std::vector<std::int32_t> line(static_cast<std::size_t>(from.columns));
  for (int y = 0; y < to.rows; ++y) {
    const std::uint8_t* near = from.row(y / down);
    if (down == 2) {
      const int other = std::clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, from.rows - 1);
      const std::uint8_t* far = from.row(other);
      for (int x = 0; x < from.columns; ++x)
        line[static_cast<std::size_t>(x)] = 3 * near[x] + far[x];
    } else {
      std::copy_n(near, from.columns, line.begin());
    }
    std::uint8_t* out = to.row(y);
    if (across == 1) {  // vertical only: a quarter, rounded down and up in turn
      for (int x = 0; x < from.columns; ++x)
        out[x] = static_cast<std::uint8_t>((line[static_cast<std::size_t>(x)] + 1 + y % 2) >> 2);
      continue;
    }
    const int low = down == 2 ? 8 : 1, high = down == 2 ? 7 : 2, bits = down == 2 ? 4 : 2;
    for (int x = 0; x < from.columns; ++x) {
      const std::int32_t* here = line.data() + x;
      const std::int32_t left = x > 0 ? here[-1] : here[0];
      const std::int32_t right = x + 1 < from.columns ? here[1] : here[0];
      out[2 * x] = static_cast<std::uint8_t>((3 * here[0] + left + low) >> bits);
      out[2 * x + 1] = static_cast<std::uint8_t>((3 * here[0] + right + high) >> bits);
    }
  }
  return to;
}

// RGB of full-range YCbCr samples, clipped (JFIF, ITU-T T.871).
void write_rgb(int luma, int blue_diff, int red_diff, std::uint8_t* to) {
  constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);
  constexpr int kCentre = 128;
  const int blue = blue_diff - kCentre, red = red_diff - kCentre;
  const auto clipped = [](int value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
  };
  to[0] = clipped(luma + ((fixed(1.402) * red + kHalf) >> kFractionBits));
  to[1] =
      clipped(luma + ((-fixed(0.34414) * blue - fixed(0.71414) * red + kHalf) >> kFractionBits));
  to[2] = clipped(luma + ((fixed(1.772) * blue + kHalf) >> kFractionBits));
}

}  // namespace

std::vector<std::uint8_t> pixels_of(const Coefficients& from, Span rows, Span columns) {
  const Sampling& sampling = from.sampling;
  const auto channels = static_cast<std::size_t>(sampling.channels);
  std::array<Plane, coding::kMaxComponents> planes;
  int top[coding::kMaxComponents], left[coding::kMaxComponents];  // of the pixels in each plane
  for (int c = 0; c < sampling.channels; ++c) {
    const int down = sampling.down_of(c), across = sampling.across_of(c);
    const Span tall = needed(rows, down, sampling.rows(c));
    const Span wide = needed(columns, across, sampling.columns(c));
    planes[static_cast<std::size_t>(c)] =
        enlarged(part_plane(from.component(c), tall, wide), down, across);
    top[c] = rows.start - down * tall.start;
    left[c] = columns.start - across * wide.start;
  }
  const auto width = static_cast<std::size_t>(columns.size());
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(rows.size()) * width * channels);
  std::uint8_t* to = pixels.data();
  for (int y = 0; y < rows.size(); ++y) {
    const std::uint8_t* line[coding::kMaxComponents] = {};
    for (std::size_t c = 0; c < channels; ++c) line[c] = planes[c].row(top[c] + y) + left[c];
    for (std::size_t x = 0; x < width; ++x, to += channels) {
      std::size_t c = 0;
      if (channels >= 3) {
        write_rgb(line[0][x], line[1][x], line[2][x], to);
        c = 3;
      }
      for (; c < channels; ++c) to[c] = line[c][x];
    }
  }
  return pixels;
}

}  // namespace overtone::ovt::sparse_dct

#include "features.h"

#include <algorithm>

namespace overtone::latent_file {

void Features::make(int fine, const std::int8_t* symbols) {
  const Spec& spec = shapes_.spec();
  const auto num_features = static_cast<std::size_t>(spec.num_features);
  std::vector<int> first_inputs;
  int num_inputs = 0;
  for (int level = fine + 1; level < spec.num_grids; ++level) {
    first_inputs.push_back(num_inputs);
    for (const Source& source : shapes_.sources(fine, level)) num_inputs += source.num_inputs();
  }
  Sums coarser;
  int coarser_height = 0, coarser_width = 0;
  for (int level = spec.num_grids - 1; level > fine; --level) {
    const int height = shapes_.grid_at(level).height, width = shapes_.grid_at(level).width;
    const bool is_last = level == fine + 1;
    const std::size_t row_size = num_features * static_cast<std::size_t>(width);
    // Rows one after the other; of the last level one is enough.
    Sums sums(row_size * static_cast<std::size_t>(is_last ? 1 : height));
    if (is_last) {
      width_ = static_cast<std::size_t>(width);
      pairs_.assign(static_cast<std::size_t>(nets_.num_feature_pairs()) * width_ *
                        static_cast<std::size_t>(height),
                    0);
    }
    for (int y = 0; y < height; ++y) {
      std::uint32_t* row = sums.data() + (is_last ? 0 : static_cast<std::size_t>(y) * row_size);
      for (std::size_t f = 0; f < num_features; ++f) {
        std::uint32_t* own = row + f * static_cast<std::size_t>(width);
        if (coarser_height == 0) {
          std::fill_n(own, width, 0u);
          continue;
        }
        const std::uint32_t* from =
            coarser.data() + (static_cast<std::size_t>(y / 2) * num_features + f) *
                                 static_cast<std::size_t>(coarser_width);
        for (int x = 0; x < width; ++x) own[x] = from[x / 2];
      }
      add_row(fine, level, first_inputs[static_cast<std::size_t>(level - fine - 1)], y, symbols,
              row, width);
      if (is_last) store_row(y, row, width);
    }
    coarser = std::move(sums);
    coarser_height = height;
    coarser_width = width;
  }
}

void Features::add_row(int fine, int level, int first_input, int y, const std::int8_t* symbols,
                       std::uint32_t* sums, int width) {
  const std::vector<std::int32_t>& weights = nets_.feature_weights(fine);
  const int num_features = shapes_.spec().num_features;
  const std::size_t row_length = weights.size() / static_cast<std::size_t>(num_features);
  auto input = static_cast<std::size_t>(first_input);
  for (const Source& source : shapes_.sources(fine, level)) {
    const Grid& grid = shapes_.grids()[static_cast<std::size_t>(source.grid)];
    const int reach = source.side / 2;
    row_.assign(static_cast<std::size_t>(width + 2 * reach), 0);
    for (int dy = -reach; dy <= reach; ++dy) {
      const bool is_inside = y + dy >= 0 && y + dy < grid.height;
      if (is_inside) {
        const std::int8_t* from =
            symbols + grid.offset +
            static_cast<std::size_t>(y + dy) * static_cast<std::size_t>(width);
        std::copy_n(from, width, row_.begin() + reach);
      }
      for (int dx = -reach; dx <= reach; ++dx, ++input) {
        if (!is_inside) continue;
        for (int f = 0; f < num_features; ++f) {
          const std::int32_t weight = weights[static_cast<std::size_t>(f) * row_length + input];
          if (weight != 0)
            kernel_.add_weighted(row_.data() + reach + dx, weight, sums + std::ptrdiff_t{f} * width,
                                 width);
        }
      }
    }
  }
  if (level != fine + 1) return;
  const std::vector<std::int32_t>& biases = nets_.feature_biases(fine);
  for (int f = 0; f < num_features; ++f)
    for (int x = 0; x < width; ++x)
      sums[std::ptrdiff_t{f} * width + x] +=
          static_cast<std::uint32_t>(biases[static_cast<std::size_t>(f)]);
}

void Features::store_row(int y, const std::uint32_t* sums, int width) {
  const int num_features = shapes_.spec().num_features, num_pairs = nets_.num_feature_pairs();
  constexpr int kShift = kWeightBits - kSymbolBits;
  const auto number = [&](int f, int x) -> std::uint32_t {
    if (f >= num_features) return 0;
    const auto sum = static_cast<std::int32_t>(sums[std::ptrdiff_t{f} * width + x]);
    const std::int32_t value = std::clamp(sum >> kShift, -kLargestShort, kLargestShort);
    return static_cast<std::uint16_t>(value);
  };
  std::int32_t* to =
      pairs_.data() + static_cast<std::size_t>(y) * width_ * static_cast<std::size_t>(num_pairs);
  for (int x = 0; x < width; ++x)
    for (int p = 0; p < num_pairs; ++p, ++to)
      *to = static_cast<std::int32_t>(number(2 * p, x) | number(2 * p + 1, x) << 16);
}

}  // namespace overtone::latent_file

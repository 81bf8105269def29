#include "symbols.h"

#include <algorithm>

namespace overtone::latent_file {
namespace {

// The least with which all neighbours are in earlier waves.
int lag_of(int num_neighbours) {
  int lag = 1;
  for (int n = 0; n < num_neighbours; ++n) {
    const Neighbour& own = kNeighbours[n];
    while (own.dx + lag * own.dy >= 0) ++lag;
  }
  return lag;
}

}  // namespace

SymbolCoder::SymbolCoder(const Shapes& shapes, const IntegerNets& nets, const Laplace& laplace,
                         Isa isa)
    : shapes_(shapes), nets_(nets), laplace_(laplace), kernel_(context_kernel_of(isa)),
      features_(shapes, nets, kernel_), lag_(lag_of(shapes.spec().num_neighbours)) {}

void SymbolCoder::start(const Grid& grid, const std::int8_t* symbols) {
  const auto padded = static_cast<std::size_t>(grid.height + kRowsBelow);
  stride_ = padded + kRowsAbove;
  waves_.assign(kNumWaves * stride_, 0);
  std::fill_n(written_, kNumWaves, Rows{0, -1});
  means_.assign(padded, 0);
  scales_.assign(padded, 0);
  for (int p = 0; p < nets_.num_feature_pairs(); ++p) feature_rows_[p].assign(padded, 0);
  has_features_ = shapes_.has_features(grid);
  if (has_features_) features_.make(grid.level, symbols);
}

SymbolCoder::Rows SymbolCoder::predict(const Grid& grid, int time) {
  const int first = time < grid.width ? 0 : (time - grid.width) / lag_ + 1;
  const Rows rows{first, std::min(grid.height - 1, time / lag_)};
  Rows& written = written_[time % kNumWaves];
  if (written.first <= written.last)
    std::fill_n(wave(time) + written.first, written.last - written.first + 1, std::int16_t{0});
  written = rows;
  if (rows.first > rows.last) return rows;
  ContextColumn column{};
  column.count = rows.last - rows.first + 1;
  for (int n = 0; n < nets_.context().num_neighbours; ++n) {
    // Waves before the first are empty, as those that have not been written are.
    const int back = kNeighbours[n].dx + lag_ * kNeighbours[n].dy;
    column.neighbours[n] = wave(time + kNumWaves + back) + rows.first + kNeighbours[n].dy;
  }
  const int num_pairs = nets_.num_feature_pairs();
  for (int p = 0; p < num_pairs; ++p) column.features[p] = feature_rows_[p].data();
  for (int y = rows.first; has_features_ && y <= rows.last; ++y) {
    const std::int32_t* from = features_.at(y, time - lag_ * y);
    for (int p = 0; p < num_pairs; ++p)
      feature_rows_[p][static_cast<std::size_t>(y - rows.first)] = from[p];
  }
  kernel_.predict(nets_.context(), column, means_.data(), scales_.data());
  return rows;
}

}  // namespace overtone::latent_file

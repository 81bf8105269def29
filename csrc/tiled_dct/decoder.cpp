#include "decoder.h"

#include <stdexcept>

namespace overtone::tiled_dct {

namespace {

constexpr std::size_t kKeptRows = 3;  // what an evaluation can reach

}  // namespace

RowDecoder::RowDecoder(const std::uint8_t* data, std::size_t size, const Geometry& geometry,
                       const Prior& prior)
    : geometry_(geometry), near_(geometry), model_(std::make_unique<Model>(prior)),
      decoder_(data, size), bits_{decoder_}, blocks_(std::make_unique<LevelBlock[]>(kMaxChannels)) {
}

void RowDecoder::decode_row(const std::function<void()>& pulse) {
  TileRow row(row_);
  row.levels.assign(static_cast<std::size_t>(geometry_.channels) * kMaxTile *
                        static_cast<std::size_t>(geometry_.width),
                    0);
  for (int x = 0; x < geometry_.width; x += kMaxTile) {
    pulse();
    decode_square(row, x, row_, kMaxLog2);
    if (decoder_.is_cut()) throw std::runtime_error("coefficients end too early");
  }
  row_ += kMaxTile;
  rows_.push_back(std::move(row));
  if (rows_.size() > kKeptRows) rows_.pop_front();
}

void RowDecoder::decode_square(TileRow& row, int x, int y, int log2n) {
  if (x >= geometry_.width || y >= geometry_.height) return;
  bool is_split = !geometry_.fits(x, y, log2n);
  if (!is_split && log2n > kMinLog2) {
    is_split = code_split(bits_, *model_, log2n, near_.at(x - 1, y), near_.at(x, y - 1), 0);
  }
  if (!is_split) {
    decode_tile(row, x, y, log2n);
    return;
  }
  const int half = 1 << (log2n - 1);
  for (int q = 0; q < 4; ++q) {
    decode_square(row, x + (q & 1) * half, y + (q >> 1) * half, log2n - 1);
  }
}

void RowDecoder::decode_tile(TileRow& row, int x, int y, int log2n) {
  const int n = 1 << log2n;
  const TileContext context = near_.context(x, y, log2n, geometry_.channels);
  int last_classes[kMaxChannels] = {}, dc_levels[kMaxChannels] = {};
  BoundaryResidual boundaries[kMaxChannels];
  for (int c = 0; c < geometry_.channels; ++c) {
    blocks_[c].clear(n);
    boundaries[c] = near_.boundary(x, y, log2n, c);
  }
  code_tile(bits_, *model_, context, blocks_.get(), last_classes, boundaries, dc_levels);
  Tile tile{x, y, log2n, {}};
  for (int c = 0; c < geometry_.channels; ++c) {
    const Level* level = blocks_[c].level;
    const int diagonals = diagonals_of_class(last_classes[c], log2n);
    tile.diagonals[c] = std::max(1, diagonals);
    near_.place_edges(x, y, log2n, c, level, dc_levels[c], diagonals);
    Level* to = row.levels_at(geometry_, c, x, y);
    for (int v = 0; v < std::min(n, diagonals); ++v) {
      std::copy_n(level + v * n, n, to + std::ptrdiff_t{v} * geometry_.width);
    }
    to[0] = static_cast<Level>(dc_levels[c]);
  }
  Profile profile;
  describe_tile(context, blocks_.get(), last_classes, profile);
  near_.place(x, y, profile);
  row.tiles.push_back(tile);
}

}  // namespace overtone::tiled_dct

// Reads the coefficient stream row by row of superblocks.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "tile.h"
#include "tiling.h"

namespace overtone::tiled_dct {

// One row of superblocks, decoded.
class TileRow {
 public:
  explicit TileRow(int top) : y(top) {}

  int y;
  std::vector<Tile> tiles;
  std::vector<Level> levels;  // [channel][row within][x], each tile's levels at its place

  const Level* levels_at(const Geometry& geometry, int channel, int x, int row) const {
    return levels.data() + offset(geometry, channel, x, row);
  }
  Level* levels_at(const Geometry& geometry, int channel, int x, int row) {
    return levels.data() + offset(geometry, channel, x, row);
  }

 private:
  std::ptrdiff_t offset(const Geometry& geometry, int channel, int x, int row) const {
    return (std::ptrdiff_t{channel} * kMaxTile + row - y) * geometry.width + x;
  }
};

class RowDecoder {
 public:
  // `data` must outlive the decoder.
  RowDecoder(const std::uint8_t* data, std::size_t size, const Geometry& geometry,
             const Prior& prior);
  // Decodes the next row of superblocks, forgetting all but the last three.
  // Throws std::runtime_error when the bytes end before the picture does. `pulse` is called before
  // each superblock; when it throws, the decoder cannot go on.
  void decode_row(const std::function<void()>& pulse);
  int rows_decoded() const { return row_ / kMaxTile; }
  bool is_done() const { return row_ >= geometry_.height; }
  bool has_leftover() const { return !decoder_.consumed_all(); }
  const std::deque<TileRow>& rows() const { return rows_; }
  const Geometry& geometry() const { return geometry_; }

 private:
  void decode_square(TileRow& row, int x, int y, int log2n);
  void decode_tile(TileRow& row, int x, int y, int log2n);

  Geometry geometry_;
  Neighbourhood near_;
  std::unique_ptr<Model> model_;
  BinaryDecoder decoder_;
  DecodeBits bits_;
  std::unique_ptr<LevelBlock[]> blocks_;
  std::deque<TileRow> rows_;
  int row_ = 0;
};

}  // namespace overtone::tiled_dct

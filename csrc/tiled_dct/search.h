// Rate-distortion optimised choice of tiles and levels, coded as they are chosen.
#pragma once

#include <memory>
#include <vector>

#include "neighbourhood.h"
#include "quantiser.h"

namespace overtone::tiled_dct {

// Rows of the planes: float32 (channel, row, x), from row `top` of the picture down.
struct Strip {
  const float* data;
  int top, rows;
};

class PictureEncoder {
 public:
  PictureEncoder(const Geometry& geometry, const EncodeSettings& settings, const Prior& prior);
  ~PictureEncoder();
  // The rows of the picture that the next call of `encode_row` reads: a row of superblocks and what
  // blends with it.
  int first_row() const;
  int end_row() const;
  void encode_row(const Strip& strip);  // one row of superblocks, which the strip must cover
  std::vector<std::uint8_t> finish();
  std::size_t size_bytes() const;  // so far
  Model& model();                  // as learned so far

 private:
  class Search;
  std::unique_ptr<Search> search_;
};

}  // namespace overtone::tiled_dct

// Rate-distortion optimised choice of tiles and levels, coded as they are chosen.
#pragma once

#include <memory>
#include <vector>

#include "neighbourhood.h"
#include "quantiser.h"

namespace overtone::tiled_dct {

class PictureEncoder {
 public:
  // `planes` (channel, y, x) must outlive the encoder.
  PictureEncoder(const float* planes, const Geometry& geometry, const EncodeSettings& settings,
                 const Prior& prior);
  ~PictureEncoder();
  bool encode_row();  // one row of superblocks; false when it was the last
  std::vector<std::uint8_t> finish();
  std::size_t size_bytes() const;  // so far
  Model& model();                  // as learned so far

 private:
  class Search;
  std::unique_ptr<Search> search_;
};

}  // namespace overtone::tiled_dct

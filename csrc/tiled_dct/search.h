// Rate-distortion optimised choice of tiles and levels, coded as they are chosen.
#pragma once

#include <memory>

#include "stream.h"

namespace overtone::tiled_dct {

struct EncodeSettings {
  double step;                       // quantiser step of the orthonormal coefficients, pixel units
  double rd_weight;                  // cost = distortion / step^2 + rd_weight * bits
  double overlap;                    // of facing tiles, pixels
  double reconstruction_offset_one;  // a level of magnitude 1 stands for 1 -
                                     // reconstruction_offset_one,
  double reconstruction_offset;      // a larger one q for q - reconstruction_offset
  int min_log2;                      // smallest and largest tile tried
  int max_log2;
};

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

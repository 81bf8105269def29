// Rate-distortion optimised choice of the levels of one channel of a tile.
#pragma once

#include "tile.h"

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

class Quantiser {
 public:
  // References outlive it; `blocks` has one for each channel.
  Quantiser(Model& model, LevelBlock* blocks, const EncodeSettings& settings)
      : model_(model), blocks_(blocks), settings_(settings) {}

  // Chooses the levels of coefficients x (row v, column u, in quantiser steps), which it leaves in
  // the channel's block, and the channel's last-significant class. Returns the cost.
  double quantise(const TileContext& tile, int channel, const float* x, BoundaryResidual& boundary,
                  int* last_classes);

 private:
  // Levels of one anti-diagonal; takes the energy of its coefficients from `energy` and adds the
  // cost of its levels to `coded`.
  void code_diagonal(CoefficientCoder& coder, int channel, int log2n, int d, const float* x,
                     BoundaryResidual& boundary, DiagonalEnergy& recent, double& energy,
                     double& coded);
  int choose_magnitude(const CoefficientCoder& coder, const CoefficientContext& context,
                       float value, bool is_dc, double& coded) const;
  double level_cost(const CoefficientCoder& coder, const CoefficientContext& context, float value,
                    int magnitude, bool is_dc) const;

  Model& model_;
  LevelBlock* blocks_;
  const EncodeSettings& settings_;
};

}  // namespace overtone::tiled_dct

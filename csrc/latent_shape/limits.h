// How large a latent machine may be; plain data only, for the kernels.
#pragma once

namespace overtone::latent_shape {

inline constexpr int kMaxSide = 65535;         // pixels
inline constexpr int kMaxSynthesisGrids = 10;  // that reach the pixels
inline constexpr int kMaxChannels = 4;
inline constexpr int kMaxNeighbours = 20;
inline constexpr int kMaxFeatures = 16;
inline constexpr int kMaxContextLayers = 3;
inline constexpr int kMaxHidden = 128;  // units of a rectified trunk
inline constexpr int kMaxFactors = 7;   // of a trunk of products
inline constexpr int kMaxResidualLayers = 3;

enum class Trunk : int { linear, rectified, fourier, products };

// A symbol of a context, from the one that is predicted.
struct Neighbour {
  int dy, dx;
};
// Nearest first, so that a smaller context is the beginning of a larger one.
inline constexpr Neighbour kNeighbours[kMaxNeighbours] = {
    {0, -1},  {-1, 0}, {-1, -1}, {-1, 1},  {0, -2}, {-2, 0}, {-3, 0}, {0, -3}, {-1, -2}, {-2, 1},
    {-2, -1}, {-1, 2}, {-2, -2}, {-1, -3}, {-2, 2}, {-3, 1}, {0, -4}, {-1, 3}, {-2, -3}, {-2, 3}};

}  // namespace overtone::latent_shape

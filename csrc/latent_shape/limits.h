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

}  // namespace overtone::latent_shape

// Numbers that all parts of the file agree on; plain data only, for the kernels.
#pragma once

#include <cstdint>

#include "latent_shape/limits.h"

namespace overtone::latent_file {

using namespace latent_shape;

// Of the distributions of integers.
inline constexpr int kNumScales = 256;        // exp((index - 80) / 16)
inline constexpr int kScaleOfOne = 80;        // index of the scale 1
inline constexpr int kNumSymbolScales = 161;  // those of symbols; weights may have all
inline constexpr int kMeanBits = 6;           // of the fraction of a mean
inline constexpr int kMeanOne = 1 << kMeanBits;
inline constexpr int kLargestMean = 8191;  // 128, in 1/64
inline constexpr int kLargestSymbol = 127;
inline constexpr int kLargestWeight = 1 << 17;  // an integer in front of its step

// Of the network that predicts symbols.
inline constexpr int kSymbolBits = 8;   // of the fraction of inputs and hidden units
inline constexpr int kWeightBits = 10;  // of the fraction of weights
inline constexpr int kSumBits = 18;     // of the fraction of their sums, which are modulo 2^32
inline constexpr int kLargestShort = 32767;
inline constexpr int kMeanShift = kSumBits - kMeanBits;
inline constexpr int kScaleShift = 14;     // from sums to 1/16 of a log scale
inline constexpr int kLogScaleOffset = 4;  // subtracted from the network's log scale

}  // namespace overtone::latent_file

// The network that predicts a symbol, in integers that are the same on every machine. Plain data
// only, because a template of the standard library in a kernel would be emitted with that kernel's
// instructions.
#pragma once

#include <cstdint>

#include "limits.h"
#include "platform/isa.h"
#include "platform/variants.h"

namespace overtone::latent_file {

inline constexpr int kMaxLanes = 16;  // of a vector on any processor
// Numbers of 16 bits come in pairs: the first in the lower half of 32 bits. Neighbours, features
// and hidden units are each filled up to an even number.
inline constexpr int kMaxContextPairs = kMaxNeighbours / 2 + kMaxFeatures / 2;
inline constexpr int kMaxUnits = 2 * kMaxContextPairs;

// sums = biases + weights of each output's pairs.
struct IntegerLayer {
  int num_outputs, num_pairs;
  const std::int32_t* weights;  // [output][pair]
  const std::uint32_t* biases;
};

struct IntegerContextNet {
  int num_neighbours, num_feature_pairs, num_layers;
  IntegerLayer hidden[kMaxContextLayers];
  IntegerLayer output;  // of the last hidden units, then the context: mean, log scale
};

// Symbols one below the other, whose contexts are known; each pointer is that of the first one.
struct ContextColumn {
  const std::int16_t* neighbours[kMaxNeighbours];  // times 2^kSymbolBits
  const std::int32_t* features[kMaxFeatures / 2];  // pairs
  int count;
};

struct ContextKernel {
  // Means in 1/64 and scale indices; beyond the last symbol up to 2 kMaxLanes numbers are read and
  // written.
  void (*predict)(const IntegerContextNet& net, const ContextColumn& column, std::int32_t* means,
                  std::int32_t* scales);
  // sums[x] += weight * symbols[x], modulo 2^32.
  void (*add_weighted)(const std::int32_t* symbols, std::int32_t weight, std::uint32_t* sums,
                       int width);
};

OVERTONE_DECLARE_VARIANTS(extern const ContextKernel context_kernel)

inline const ContextKernel& context_kernel_of(Isa isa) {
  return OVERTONE_VARIANT(isa, context_kernel);
}

}  // namespace overtone::latent_file

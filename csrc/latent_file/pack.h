// The section of a file that holds a latent machine: head, networks, symbols.
#pragma once

#include <cstdint>
#include <vector>

#include "platform/isa.h"
#include "weights.h"

namespace overtone::latent_file {

// Integers are coded as differences from `start`, if it is not NULL, which must fit the shapes.
// Symbols of all grids are in the order of the shapes, rows one after the other, and at most
// kLargestSymbol. Throws std::invalid_argument where something is out of its range.
std::vector<std::uint8_t> pack(const Shapes& shapes, const Weights& weights, const Start* start,
                               const std::int8_t* symbols, Isa isa);

}  // namespace overtone::latent_file

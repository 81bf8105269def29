// How facing tiles blend. With internal linkage, because the kernels include it, too.
#pragma once

#include <math.h>

namespace overtone::tiled_dct {

static constexpr double kPi = 3.14159265358979323846;

// Weight of a tile at signed distance d inside its edge (negative outside), in pixels.
// Two facing tiles sum to one.
static inline double edge_weight(double d, double overlap) {
  if (d >= overlap) return d >= 0 ? 1.0 : 0.0;
  if (d <= -overlap) return 0.0;
  return 0.5 * (1.0 + sin(kPi / 2 * d / overlap));
}

}  // namespace overtone::tiled_dct

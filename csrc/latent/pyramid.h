// Grids doubled again and again until they meet the pixels, and the gradients on the way back.
#pragma once

#include <vector>

#include "latents.h"
#include "networks.h"
#include "team.h"

namespace overtone::latent {

// At each level the features are its own grid, smoothed, then those of the next coarser level,
// doubled. The finest level is not kept: its rows are made when they are needed.
class Pyramid {
 public:
  explicit Pyramid(const Shapes& shapes);

  // Features of all levels but the finest.
  void make(Team& team, const Networks& networks, const Latents& latents);
  // The features of one row of a level; `rows` has one for each grid.
  void make_row(Team& team, const Networks& networks, const Latents& latents, int level, int y,
                int thread, float* const* rows) const;
  // Takes the gradient by one row of a level, except what finer rows share.
  void take_row(Team& team, const Networks& networks, const Latents& latents, int level, int y,
                int thread, const float* const* gradients);
  // Gradients of the latents, once all rows of the finest level were taken.
  void finish(Team& team, const Networks& networks, const Latents& latents);

 private:
  Plane feature(const Latents& latents, int level, int index) const;
  void merge(Team& team, const Networks& networks, const Latents& latents, int level);

  const Shapes& shapes_;
  std::vector<Planes> features_, gradients_;  // by level
  std::vector<Planes> smoothed_, doubled_;    // gradients of rows that were filtered between rows
};

}  // namespace overtone::latent

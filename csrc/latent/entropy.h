// Rate of all symbols and its gradients: features of coarser grids, then contexts, then back.
#pragma once

#include <vector>

#include "latents.h"
#include "networks.h"
#include "team.h"

namespace overtone::latent {

// What a bit costs, and which rows of the grids with features are coded: y + phase is a multiple of
// the stride; each stands for as many.
struct Coding {
  float rate_weight;
  int stride, phase;
};

class Entropy {
 public:
  Entropy(const Shapes& shapes, int num_threads);

  // Fills the bits of the workers; with `has_gradient` adds the gradients of rate_weight * bits to
  // the latents' and to the workers' sums.
  void run(Team& team, const Networks& networks, const Latents& latents, const Coding& coding,
           bool has_gradient);

 private:
  // Rows of the inputs of a level's features, in the order of their weights.
  struct Inputs {
    const float* rows[kMaxRows];
    int size = 0;
  };
  Inputs inputs(const FeatureMap& map, const Latents& latents, int y) const;
  const Planes& features(int fine, int level) const { return features_[fine][level - fine - 1]; }
  const Planes& gradients(int fine, int level) const { return gradients_[fine][level - fine - 1]; }

  void make_features(Team& team, const Networks& networks, const Latents& latents);
  void code(Team& team, const Networks& networks, const Latents& latents, const Coding& coding,
            bool has_gradient);
  void add_seams(Team& team, const Latents& latents) const;
  void features_back(Team& team, const Networks& networks, const Latents& latents);

  const Shapes& shapes_;
  std::vector<std::vector<Planes>> features_, gradients_;  // by finer grid, then by coarser level
  std::vector<std::vector<Planes>> seams_;  // by thread, then by grid: rows above a thread's first
};

}  // namespace overtone::latent

// Pixels from features, their squared error, and its gradients.
#pragma once

#include <vector>

#include "pyramid.h"

namespace overtone::latent {

class Painter {
 public:
  explicit Painter(const Shapes& shapes);

  // Channel-last pixels in [0, 1].
  void set_picture(const float* pixels);
  // Adds the squared errors to the workers'; gradients are those of their mean over channels.
  void run(Team& team, const Networks& networks, const Latents& latents, Pyramid& pyramid,
           bool has_gradient, bool is_rounded);
  // Channel-last, not cut to [0, 1]; of the last run.
  std::vector<float> pixels() const;

 private:
  // Of one row.
  void make_error(const SynthesisKernel& kernel, Worker& worker, int y, bool has_gradient,
                  bool is_rounded);
  void back(Team& team, const Networks& networks, int layer);

  const Shapes& shapes_;
  Planes targets_;
  std::vector<Planes> values_;     // inputs of each residual layer, then the result
  std::vector<Planes> gradients_;  // of the same
};

}  // namespace overtone::latent

// Fitting one network to the pixels of one tile, whole steps in compiled code.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "fourier/net.h"
#include "optimizer.h"
#include "rate_model.h"

namespace overtone::fit {

// Learning rate: up linearly over `warmup_steps`, then constant, or down along a half cosine to
// `final_fraction` of the peak at `total_steps`.
struct Schedule {
  float peak = 1e-3f;
  long warmup_steps = 0;
  long total_steps = 1;
  bool cosine = false;
  float final_fraction = 0.0f;
  float at(long step) const;
};

struct Settings {
  bool soap = false;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  int refresh_every = 16;    // steps between turns of SOAP's basis
  float clip_factor = 0.0f;  // times the running mean of the gradient's norm; 0: no clipping
  size_t batch_size = 1 << 14;
  uint64_t seed = 0;
  Schedule schedule;
};

// Planar float32: positions (axes, count), targets (channels, count).
struct Pixels {
  size_t count;
  const float* positions;
  const float* targets;
};

struct Progress {
  double mean_squared_error;  // over samples, of the steps just made, as the weights were seen
  double bits;                // the rate model's estimate at the last step
};

class Fitter {
 public:
  Fitter(const fourier::NetSpec& spec, const Pixels& pixels, std::vector<float> weights,
         RateModel rate_model, const Settings& settings);

  // Minimises mean squared error + rate_weight * bits; `step_rate` is the learning rate of the
  // logarithms of the quantiser steps, relative to the schedule (0 freezes them).
  Progress run(long num_steps, Quantiser mode, double rate_weight, float step_rate);

  // Mean squared error of given weights over all pixels.
  double evaluate(const float* weights);

  std::vector<float>& weights() { return weights_; }
  RateModel& rate_model() { return rate_model_; }
  size_t num_weights() const { return net_.num_weights(); }
  long steps_done() const { return step_; }

 private:
  size_t next_batch();
  void shuffle();
  void clip();

  fourier::Net net_;
  fourier::Runner runner_;
  Settings settings_;
  size_t count_, axes_, channels_;
  std::vector<float> positions_, targets_;  // in the order of the current epoch
  std::vector<float> weights_, seen_, gradient_;
  RateModel rate_model_;
  std::variant<Adam, std::vector<Soap>> optimizer_;
  Adam step_optimizer_;
  uint64_t state_;
  size_t cursor_;
  long step_ = 0;
  double mean_norm_ = 0.0;
};

}  // namespace overtone::fit

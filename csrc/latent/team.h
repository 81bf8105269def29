// Threads with memory of their own, and the kernels of the processor.
#pragma once

#include <functional>
#include <vector>

#include "kernels.h"
#include "latent_shape/shapes.h"
#include "memory.h"
#include "networks.h"
#include "platform/isa.h"
#include "platform/pool.h"

namespace overtone::latent {

struct Worker {
  Floats sums;               // of gradients of the networks
  Floats scratch;            // of kernels
  Floats rows;               // features of one row of pixels, and their gradients
  std::vector<double> bits;  // by grid
  double squared_error = 0;
};

class Team {
 public:
  Team(const Shapes& shapes, const Networks& networks, int num_threads, Isa isa);

  int size() const { return pool_.size(); }
  Isa isa() const { return isa_; }
  Worker& worker(int thread) { return workers_[static_cast<std::size_t>(thread)]; }
  const std::vector<Worker>& workers() const { return workers_; }

  // The first row at `level` of a thread; `thread` may be their number.
  int first_row(int level, int thread) const;
  // Calls work(thread, row) for the rows of `level` that belong to each thread.
  template <class F>
  void for_rows(int level, F&& work) {
    pool_.run([&](int thread) {
      const int end = first_row(level, thread + 1);
      for (int y = first_row(level, thread); y < end; ++y) work(thread, y);
    });
  }
  void run(const std::function<void(int)>& work) { pool_.run(work); }

  const EntropyKernel& entropy;
  const UpsamplingKernel& upsampling;
  const SynthesisKernel& synthesis;
  const LatentKernel& latent;

 private:
  const Shapes& shapes_;
  Isa isa_;
  std::vector<Worker> workers_;
  Pool pool_;
};

}  // namespace overtone::latent

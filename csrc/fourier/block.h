// One thread's passage over a range of pixels, block by block: the copies between the caller's
// arrays and the rows of the scratch, the loss, and the kernel calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "kernel.h"
#include "layout.h"
#include "net.h"

namespace overtone::fourier {

struct FreeAligned {
  void operator()(float* p) const { ::operator delete[](p, std::align_val_t{64}); }
};
using Floats = std::unique_ptr<float[], FreeAligned>;

// What one call asks of every block of one network.
struct Task {
  const Samples* samples;
  Plane<const float> targets = {};     // squared-error loss against them,
  Plane<const float> cotangents = {};  // or gradient of sum(values * cotangents), or neither
  Plane<float> values = {};
  Plane<float> input_gradient = {};
  std::uint8_t* pixels = nullptr;
  float low = 0, high = 1;  // values that become 0 and 255
  bool has_gradient() const { return targets || cotangents; }
};

class Worker {
 public:
  // References outlive the worker.
  Worker(const Net& net, const Plan& plan, const Kernel& kernel);

  // Pixels [first, last): values and pixels as the task asks, gradients and loss added to ours.
  void run(const Task& task, const float* packed, std::size_t first, std::size_t last);

  void clear();  // zeroes loss and gradient

  Floats packed;    // room for the weights of one network
  Floats gradient;  // by the packed weights
  double loss = 0;

 private:
  float* row(std::size_t index) { return scratch_.get() + index * plan_.row_stride; }
  void read_inputs(const Samples& samples, std::size_t first, int count, int padded);
  void write_values(const Task& task, std::size_t first, int count);
  void read_delta(const Task& task, std::size_t first, int count, int padded);
  void write_input_gradient(const Task& task, std::size_t first, int count);

  const Net& net_;
  const Plan& plan_;
  const Kernel& kernel_;
  Floats scratch_;
};

}  // namespace overtone::fourier

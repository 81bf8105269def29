// A deep Fourier network: what it is, and the calls that evaluate and differentiate it.
//
// A layer with m inputs and n outputs (thesis, eq. 4.5), k over {0,1}^m:
//
//     y = sum_k A[k] cos(2 pi k.x) + B[k] sin(2 pi k.x)      (+ x where m == n and residual)
//
// Weights of a network are one float32 array. Layer after layer it holds A, then B, each
// (2^m, n) row-major; bit j of the row number k is k_j. The sine row of k = 0 has no effect and
// gets a zero gradient; it is kept so that the sizes are the published ones.
//
// Nothing here needs Python. A Runner allocates on construction only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "platform/isa.h"

namespace overtone::fourier {

inline constexpr int kMaxWidth = 10;   // inputs of any layer: 2^10 frequencies
inline constexpr int kMaxOutputs = 4;  // gray, gray + alpha, RGB, RGBA

enum class Output { linear, tanh };  // applied to the last layer

struct NetSpec {
  int num_axes = 2;
  // The first layer sees every axis once per scale, axis by axis: {0.5, 1, 2} gives the
  // octave inputs (x, 2x, 4x)/2 and 3 * num_axes inputs.
  std::vector<float> input_scales = {1.0f};
  std::vector<int> hidden;  // widths, 1..10 each; may be empty
  int num_outputs = 3;
  bool residual = true;  // in hidden layers whose sizes agree; never in the first and last one
  Output output = Output::linear;
};

struct Layer {
  int inputs;
  int outputs;
  bool residual;
  std::size_t offset;  // of A in the weights, in floats; B starts (2^inputs) * outputs later
  std::size_t rows() const { return std::size_t{1} << inputs; }
  std::size_t size() const { return 2 * rows() * static_cast<std::size_t>(outputs); }
};

class Net {
 public:
  explicit Net(NetSpec spec);  // throws std::invalid_argument
  const NetSpec& spec() const { return spec_; }
  const std::vector<Layer>& layers() const { return layers_; }
  std::size_t num_weights() const { return num_weights_; }

 private:
  NetSpec spec_;
  std::vector<Layer> layers_;
  std::size_t num_weights_ = 0;
};

// A read-only or writable table of (channels, pixels) floats with free strides, in floats.
// Planar: channel_stride = number of pixels, pixel_stride = 1.
template <class T>
struct Plane {
  T* data = nullptr;
  std::ptrdiff_t channel_stride = 0;
  std::ptrdiff_t pixel_stride = 1;
  T& at(int channel, std::size_t pixel) const {
    return data[channel * channel_stride + static_cast<std::ptrdiff_t>(pixel) * pixel_stride];
  }
  explicit operator bool() const { return data != nullptr; }
};

// Regular positions, row by row: pixel (i, j) is at axis 0 = x0 + i * dx, axis 1 = y0 + j * dy.
struct Grid {
  double x0 = 0, dx = 0, y0 = 0, dy = 0;
  std::size_t width = 0, height = 0;
};

// Where the network is evaluated: explicit positions (num_axes channels), or a grid (two axes).
struct Samples {
  std::size_t count = 0;
  Plane<const float> positions;
  Grid grid;
  static Samples at(Plane<const float> positions, std::size_t count) {
    return {count, positions, {}};
  }
  static Samples on(const Grid& grid) { return {grid.width * grid.height, {}, grid}; }
};

// From one network of a batch to the next, in floats.
struct BatchStrides {
  std::ptrdiff_t values = 0;
  std::ptrdiff_t positions = 0;
};

// Evaluates one network, or many of one shape, on a fixed number of threads.
//
// Results depend on the number of threads (each adds up its own fixed range of pixels; the sums
// are then added in thread order) and on nothing else about them. A Runner is used by one caller
// at a time; num_threads = 1 starts no thread. Gradients overwrite what was there.
class Runner {
 public:
  Runner(const Net& net, int num_threads, Isa isa = Isa::automatic);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  const Net& net() const;
  Isa isa() const;  // the one in use

  // Values of the network; `values` has num_outputs channels.
  void forward(const float* weights, const Samples& samples, Plane<float> values);

  // Sum of squared errors over pixels and channels, and its gradient by the weights.
  // `values` may be empty; otherwise it receives what forward() would.
  double loss_gradient(const float* weights, const Samples& samples, Plane<const float> targets,
                       float* gradient, Plane<float> values = {});

  // Gradient of sum(values * cotangents) by the weights and, if `input_gradient` is not empty,
  // by the positions (num_axes channels).
  void vjp(const float* weights, const Samples& samples, Plane<const float> cotangents,
           float* gradient, Plane<float> input_gradient = {});

  // 8-bit interleaved pixels: `low` maps to 0 and `high` to 255, clipped, rounded to nearest.
  void render(const float* weights, const Samples& samples, float low, float high,
              std::uint8_t* pixels);

  // The same for `batch` networks. Weights and gradients of network b start at b * num_weights;
  // values, targets and cotangents at b * strides.values; positions and their gradients at
  // b * strides.positions, where 0 means common samples. Each network is handled by one thread,
  // so results do not depend on the number of threads.
  void forward_batch(std::size_t batch, const float* weights, const Samples& samples,
                     Plane<float> values, BatchStrides strides);
  void loss_gradient_batch(std::size_t batch, const float* weights, const Samples& samples,
                           Plane<const float> targets, BatchStrides strides, float* gradients,
                           double* losses);
  void vjp_batch(std::size_t batch, const float* weights, const Samples& samples,
                 Plane<const float> cotangents, BatchStrides strides, float* gradients,
                 Plane<float> input_gradients = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace overtone::fourier

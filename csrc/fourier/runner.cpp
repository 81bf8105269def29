// Drives the kernels: blocks of pixels, threads, loss, and the copies between the caller's arrays
// and the rows of the scratch.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "kernel.h"
#include "layout.h"
#include "net.h"
#include "pool.h"

namespace overtone::fourier {
namespace {

const Kernel& kernel_of(Isa isa) {
#ifdef OVERTONE_X86
  if (isa == Isa::avx512) return avx512::kernel;
  if (isa == Isa::avx2) return avx2::kernel;
#endif
  return baseline::kernel;
}

struct FreeAligned {
  void operator()(float* p) const { ::operator delete[](p, std::align_val_t{64}); }
};
using Floats = std::unique_ptr<float[], FreeAligned>;

Floats allocate(std::size_t count) {
  void* p = ::operator new[](count * sizeof(float), std::align_val_t{64});
  std::memset(p, 0, count * sizeof(float));
  return Floats(static_cast<float*>(p));
}

// What one call asks of every block. Exactly one network; batches make one per network.
struct Task {
  const Samples* samples;
  Plane<const float> targets = {};     // squared-error loss against them,
  Plane<const float> cotangents = {};  // or gradient of sum(values * cotangents), or neither
  Plane<float> values = {};
  Plane<float> input_gradient = {};
  std::uint8_t* pixels = nullptr;
  float low = 0, high = 1;
};

struct Worker {
  Floats scratch, packed, gradient;
  double loss = 0;
};

template <class T>
Plane<T> shifted(Plane<T> plane, std::ptrdiff_t offset) {
  if (plane) plane.data += offset;
  return plane;
}

}  // namespace

struct Runner::Impl {
  Impl(const Net& net, int num_threads, Isa isa)
      : net(net), owner(this->net), plan(owner.plan()), isa(resolve(isa)),
        kernel(kernel_of(this->isa)), pool(num_threads), workers(num_threads) {
    for (Worker& worker : workers) {
      worker.scratch = allocate(owner.scratch_size());
      worker.packed = allocate(this->net.num_weights());
      worker.gradient = allocate(this->net.num_weights());
    }
  }

  float* rows(Worker& worker, std::size_t row) const {
    return worker.scratch.get() + row * plan.row_stride;
  }

  // Input rows of the first layer; pixels beyond `count` repeat the last one.
  void read_inputs(Worker& worker, const Samples& samples, std::size_t first, int count,
                   int padded) const {
    const std::vector<float>& scales = net.spec().input_scales;
    float* row = rows(worker, plan.layers[0].input_rows);
    for (int axis = 0; axis < net.spec().num_axes; ++axis) {
      float* positions = row;
      if (samples.positions) {
        for (int i = 0; i < count; ++i) positions[i] = samples.positions.at(axis, first + i);
      } else {
        const Grid& grid = samples.grid;
        for (int i = 0; i < count; ++i) {
          const std::size_t pixel = first + i;
          const double at = axis == 0 ? grid.x0 + grid.dx * static_cast<double>(pixel % grid.width)
                                      : grid.y0 + grid.dy * static_cast<double>(pixel / grid.width);
          positions[i] = static_cast<float>(at);
        }
      }
      std::fill(positions + count, positions + padded, positions[count - 1]);
      for (std::size_t s = scales.size(); s-- > 0;)
        for (int i = 0; i < padded; ++i) row[s * plan.row_stride + i] = positions[i] * scales[s];
      row += scales.size() * plan.row_stride;
    }
  }

  void write_values(Worker& worker, const Task& task, std::size_t first, int count) const {
    const int channels = net.spec().num_outputs;
    for (int c = 0; c < channels; ++c) {
      const float* row = rows(worker, plan.output_rows + c);
      if (task.values)
        for (int i = 0; i < count; ++i) task.values.at(c, first + i) = row[i];
      if (task.pixels) {
        const float scale = 255.0f / (task.high - task.low);
        std::uint8_t* out = task.pixels + first * channels + c;
        for (int i = 0; i < count; ++i) {
          const float level = (row[i] - task.low) * scale;  // a NaN becomes 0
          out[static_cast<std::ptrdiff_t>(i) * channels] = static_cast<std::uint8_t>(
              level > 0.0f ? std::min(level, 255.0f) + 0.5f : 0.0f);
        }
      }
    }
  }

  // Output rows -> delta rows, zero beyond `count`; adds to the loss.
  void read_delta(Worker& worker, const Task& task, std::size_t first, int count,
                  int padded) const {
    const bool has_tanh = net.spec().output == Output::tanh;
    double loss = 0;
    for (int c = 0; c < net.spec().num_outputs; ++c) {
      const float* value = rows(worker, plan.output_rows + c);
      float* delta = rows(worker, plan.delta_rows + c);
      if (task.targets) {
        for (int i = 0; i < count; ++i) delta[i] = value[i] - task.targets.at(c, first + i);
        for (int i = 0; i < count; ++i) loss += static_cast<double>(delta[i]) * delta[i];
        for (int i = 0; i < count; ++i) delta[i] += delta[i];
      } else {
        for (int i = 0; i < count; ++i) delta[i] = task.cotangents.at(c, first + i);
      }
      if (has_tanh)
        for (int i = 0; i < count; ++i) delta[i] *= 1.0f - value[i] * value[i];
      std::fill(delta + count, delta + padded, 0.0f);
    }
    worker.loss += loss;
  }

  // Delta rows now hold the gradient by the first layer's inputs.
  void write_input_gradient(Worker& worker, const Task& task, std::size_t first,
                            int count) const {
    const std::vector<float>& scales = net.spec().input_scales;
    const float* row = rows(worker, plan.delta_rows);
    for (int axis = 0; axis < net.spec().num_axes; ++axis)
      for (int i = 0; i < count; ++i) {
        float total = 0;
        for (std::size_t s = 0; s < scales.size(); ++s)
          total += scales[s] * row[(axis * scales.size() + s) * plan.row_stride + i];
        task.input_gradient.at(axis, first + i) = total;
      }
  }

  // Pixels [first, last) of one network; gradients add to worker.gradient.
  void run_range(Worker& worker, const Task& task, const float* packed, std::size_t first,
                 std::size_t last) const {
    const bool has_tanh = net.spec().output == Output::tanh;
    const int unit = static_cast<int>(kMaxStripFloats);
    for (; first < last; first += plan.block) {
      const int count = static_cast<int>(std::min<std::size_t>(plan.block, last - first));
      const int padded = (count + unit - 1) / unit * unit;
      float* scratch = worker.scratch.get();
      read_inputs(worker, *task.samples, first, count, padded);
      kernel.forward(plan, packed, scratch, padded);
      if (has_tanh)
        for (int c = 0; c < net.spec().num_outputs; ++c)
          kernel.tanh_row(rows(worker, plan.output_rows + c), padded);
      write_values(worker, task, first, count);
      if (!task.targets && !task.cotangents) continue;
      read_delta(worker, task, first, count, padded);
      const bool wants_inputs = static_cast<bool>(task.input_gradient);
      kernel.backward(plan, packed, worker.gradient.get(), scratch, padded, wants_inputs);
      if (wants_inputs) write_input_gradient(worker, task, first, count);
    }
  }

  // One network, its pixels spread over all threads. Returns the loss.
  double run_one(const float* weights, const Task& task, float* gradient) {
    const std::size_t count = task.samples->count, size = net.num_weights();
    const std::size_t units = (count + kMaxStripFloats - 1) / kMaxStripFloats;
    const float* packed = workers[0].packed.get();
    pack_weights(net, weights, workers[0].packed.get());
    pool.run([&](int index) {
      Worker& worker = workers[index];
      worker.loss = 0;
      if (gradient) std::fill_n(worker.gradient.get(), size, 0.0f);
      const auto bound = [&](std::size_t t) {
        return std::min(count, t * units / workers.size() * kMaxStripFloats);
      };
      run_range(worker, task, packed, bound(index), bound(index + 1));
    });
    if (gradient) {
      float* total = workers[0].gradient.get();
      for (std::size_t t = 1; t < workers.size(); ++t)
        for (std::size_t i = 0; i < size; ++i) total[i] += workers[t].gradient[i];
      unpack_gradient(net, total, gradient);
    }
    double loss = 0;
    for (const Worker& worker : workers) loss += worker.loss;
    return loss;
  }

  // Many networks, each on one thread.
  void run_batch(std::size_t batch, const float* weights, const Task& task,
                 std::ptrdiff_t batch_stride, float* gradients, double* losses) {
    const std::size_t size = net.num_weights();
    pool.run([&](int index) {
      Worker& worker = workers[index];
      const std::size_t end = (index + 1) * batch / workers.size();
      for (std::size_t b = index * batch / workers.size(); b < end; ++b) {
        const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(b) * batch_stride;
        Task own = task;
        own.values = shifted(task.values, offset);
        own.targets = shifted(task.targets, offset);
        own.cotangents = shifted(task.cotangents, offset);
        worker.loss = 0;
        if (gradients) std::fill_n(worker.gradient.get(), size, 0.0f);
        pack_weights(net, weights + b * size, worker.packed.get());
        run_range(worker, own, worker.packed.get(), 0, task.samples->count);
        if (gradients) unpack_gradient(net, worker.gradient.get(), gradients + b * size);
        if (losses) losses[b] = worker.loss;
      }
    });
  }

  const Net net;
  const PlanOwner owner;
  const Plan& plan;
  const Isa isa;
  const Kernel& kernel;
  Pool pool;
  std::vector<Worker> workers;
};

namespace {

int checked_threads(int num_threads) {
  if (num_threads < 1 || num_threads > 256)
    throw std::invalid_argument("num_threads must be in 1..256, got " +
                                std::to_string(num_threads));
  return num_threads;
}

}  // namespace

Runner::Runner(const Net& net, int num_threads, Isa isa)
    : impl_(std::make_unique<Impl>(net, checked_threads(num_threads), isa)) {}
Runner::~Runner() = default;

const Net& Runner::net() const { return impl_->net; }
Isa Runner::isa() const { return impl_->isa; }

void Runner::forward(const float* weights, const Samples& samples, Plane<float> values) {
  impl_->run_one(weights, {.samples = &samples, .values = values}, nullptr);
}

double Runner::loss_gradient(const float* weights, const Samples& samples,
                             Plane<const float> targets, float* gradient, Plane<float> values) {
  return impl_->run_one(weights, {.samples = &samples, .targets = targets, .values = values},
                        gradient);
}

void Runner::vjp(const float* weights, const Samples& samples, Plane<const float> cotangents,
                 float* gradient, Plane<float> input_gradient) {
  const Task task{
      .samples = &samples, .cotangents = cotangents, .input_gradient = input_gradient};
  impl_->run_one(weights, task, gradient);
}

void Runner::render(const float* weights, const Samples& samples, float low, float high,
                    std::uint8_t* pixels) {
  impl_->run_one(weights, {.samples = &samples, .pixels = pixels, .low = low, .high = high},
                 nullptr);
}

void Runner::forward_batch(std::size_t batch, const float* weights, const Samples& samples,
                           Plane<float> values, std::ptrdiff_t batch_stride) {
  const Task task{.samples = &samples, .values = values};
  impl_->run_batch(batch, weights, task, batch_stride, nullptr, nullptr);
}

void Runner::loss_gradient_batch(std::size_t batch, const float* weights, const Samples& samples,
                                 Plane<const float> targets, std::ptrdiff_t batch_stride,
                                 float* gradients, double* losses) {
  const Task task{.samples = &samples, .targets = targets};
  impl_->run_batch(batch, weights, task, batch_stride, gradients, losses);
}

void Runner::vjp_batch(std::size_t batch, const float* weights, const Samples& samples,
                       Plane<const float> cotangents, std::ptrdiff_t batch_stride,
                       float* gradients) {
  const Task task{.samples = &samples, .cotangents = cotangents};
  impl_->run_batch(batch, weights, task, batch_stride, gradients, nullptr);
}

}  // namespace overtone::fourier

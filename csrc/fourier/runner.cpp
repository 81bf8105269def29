// Shares the work among threads: pixels of one network, or networks of a batch.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "block.h"
#include "kernel.h"
#include "layout.h"
#include "net.h"
#include "platform/pool.h"

namespace overtone::fourier {
namespace {

template <class T>
Plane<T> shifted(Plane<T> plane, std::ptrdiff_t offset) {
  if (plane) plane.data += offset;
  return plane;
}

}  // namespace

struct Runner::Impl {
  Impl(const Net& net, int num_threads, Isa isa)
      : net(net), owner(this->net), plan(owner.plan()), isa(resolve(isa)),
        kernel(OVERTONE_VARIANT(this->isa, kernel)), workers(make_workers(num_threads)),
        pool(static_cast<int>(workers.size())) {
    while (static_cast<int>(workers.size()) > pool.size()) workers.pop_back();
  }

  // Their memory is there before the threads are.
  std::vector<Worker> make_workers(int num_threads) const {
    std::vector<Worker> made;
    for (int i = 0; i < checked_num_threads(num_threads); ++i) made.emplace_back(net, plan, kernel);
    return made;
  }

  // One network, its pixels spread over all threads. Returns the loss.
  double run_one(const float* weights, const Task& task, float* gradient) {
    const std::size_t count = task.samples->count, size = net.num_weights();
    const std::size_t units = (count + kMaxStripFloats - 1) / kMaxStripFloats;
    const float* packed = workers[0].packed.get();
    pack_weights(net, weights, workers[0].packed.get());
    pool.run([&](int index) {
      Worker& worker = workers[index];
      worker.clear();
      const auto bound = [&](std::size_t t) {
        return std::min(count, t * units / workers.size() * kMaxStripFloats);
      };
      worker.run(task, packed, bound(index), bound(index + 1));
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
  void run_batch(std::size_t batch, const float* weights, const Task& task, BatchStrides strides,
                 float* gradients, double* losses) {
    const std::size_t size = net.num_weights();
    pool.run([&](int index) {
      Worker& worker = workers[index];
      const std::size_t end = (index + 1) * batch / workers.size();
      for (std::size_t b = index * batch / workers.size(); b < end; ++b) {
        const auto number = static_cast<std::ptrdiff_t>(b);
        const std::ptrdiff_t offset = number * strides.values;
        Samples samples = *task.samples;
        samples.positions = shifted(samples.positions, number * strides.positions);
        Task own = task;
        own.samples = &samples;
        own.values = shifted(task.values, offset);
        own.targets = shifted(task.targets, offset);
        own.cotangents = shifted(task.cotangents, offset);
        own.input_gradient = shifted(task.input_gradient, number * strides.positions);
        worker.clear();
        pack_weights(net, weights + b * size, worker.packed.get());
        worker.run(own, worker.packed.get(), 0, task.samples->count);
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
  std::vector<Worker> workers;
  Pool pool;
};

Runner::Runner(const Net& net, int num_threads, Isa isa)
    : impl_(std::make_unique<Impl>(net, num_threads, isa)) {}
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
  const Task task{.samples = &samples, .cotangents = cotangents, .input_gradient = input_gradient};
  impl_->run_one(weights, task, gradient);
}

void Runner::render(const float* weights, const Samples& samples, float low, float high,
                    std::uint8_t* pixels) {
  impl_->run_one(weights, {.samples = &samples, .pixels = pixels, .low = low, .high = high},
                 nullptr);
}

void Runner::forward_batch(std::size_t batch, const float* weights, const Samples& samples,
                           Plane<float> values, BatchStrides strides) {
  const Task task{.samples = &samples, .values = values};
  impl_->run_batch(batch, weights, task, strides, nullptr, nullptr);
}

void Runner::loss_gradient_batch(std::size_t batch, const float* weights, const Samples& samples,
                                 Plane<const float> targets, BatchStrides strides, float* gradients,
                                 double* losses) {
  const Task task{.samples = &samples, .targets = targets};
  impl_->run_batch(batch, weights, task, strides, gradients, losses);
}

void Runner::vjp_batch(std::size_t batch, const float* weights, const Samples& samples,
                       Plane<const float> cotangents, BatchStrides strides, float* gradients,
                       Plane<float> input_gradients) {
  const Task task{.samples = &samples, .cotangents = cotangents, .input_gradient = input_gradients};
  impl_->run_batch(batch, weights, task, strides, gradients, nullptr);
}

}  // namespace overtone::fourier

#include "block.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

namespace overtone::fourier {
namespace {

Floats allocate(std::size_t count) {
  void* p = ::operator new[](count * sizeof(float), std::align_val_t{64});
  std::memset(p, 0, count * sizeof(float));
  return Floats(static_cast<float*>(p));
}

// Pixels [first, first + count) of one channel, from and to a row.
void copy(const Plane<const float>& from, int channel, std::size_t first, int count, float* to) {
  const float* source = &from.at(channel, first);
  if (from.pixel_stride == 1) {
    std::copy_n(source, count, to);
  } else {
    for (int i = 0; i < count; ++i) to[i] = source[i * from.pixel_stride];
  }
}

void copy(const float* from, int channel, std::size_t first, int count, const Plane<float>& to) {
  float* target = &to.at(channel, first);
  if (to.pixel_stride == 1) {
    std::copy_n(from, count, target);
  } else {
    for (int i = 0; i < count; ++i) target[i * to.pixel_stride] = from[i];
  }
}

double sum_of_squares(const float* values, int count) {
  constexpr int kSums = 8;  // independent ones, so that they overlap
  double sums[kSums] = {};
  int i = 0;
  for (; i + kSums <= count; i += kSums)
    for (int s = 0; s < kSums; ++s) sums[s] += static_cast<double>(values[i + s]) * values[i + s];
  for (; i < count; ++i) sums[0] += static_cast<double>(values[i]) * values[i];
  return std::accumulate(sums, sums + kSums, 0.0);
}

// Coordinates of pixels [first, first + count) of a grid along one axis.
void grid_positions(const Grid& grid, int axis, std::size_t first, int count, float* to) {
  for (int i = 0; i < count; ++i) {
    const std::size_t pixel = first + i;
    const double at = axis == 0 ? grid.x0 + grid.dx * static_cast<double>(pixel % grid.width)
                                : grid.y0 + grid.dy * static_cast<double>(pixel / grid.width);
    to[i] = static_cast<float>(at);
  }
}

}  // namespace

Worker::Worker(const Net& net, const Plan& plan, const Kernel& kernel)
    : packed(allocate(net.num_weights())), gradient(allocate(net.num_weights())), net_(net),
      plan_(plan), kernel_(kernel), scratch_(allocate(plan.num_rows * plan.row_stride)) {}

void Worker::clear() {
  loss = 0;
  std::fill_n(gradient.get(), net_.num_weights(), 0.0f);
}

void Worker::run(const Task& task, const float* packed_weights, std::size_t first,
                 std::size_t last) {
  const bool has_tanh = net_.spec().output == Output::tanh;
  const bool wants_inputs = static_cast<bool>(task.input_gradient);
  const int unit = static_cast<int>(kMaxStripFloats);
  for (; first < last; first += plan_.block) {
    const int count = static_cast<int>(std::min<std::size_t>(plan_.block, last - first));
    const int padded = (count + unit - 1) / unit * unit;
    read_inputs(*task.samples, first, count, padded);
    kernel_.forward(plan_, packed_weights, scratch_.get(), padded);
    if (has_tanh)
      for (int c = 0; c < net_.spec().num_outputs; ++c)
        kernel_.tanh_row(row(plan_.output_rows + c), padded);
    write_values(task, first, count);
    if (!task.has_gradient()) continue;
    read_delta(task, first, count, padded);
    kernel_.backward(plan_, packed_weights, gradient.get(), scratch_.get(), padded, wants_inputs);
    if (wants_inputs) write_input_gradient(task, first, count);
  }
}

// Input rows of the first layer; pixels beyond `count` repeat the last one.
void Worker::read_inputs(const Samples& samples, std::size_t first, int count, int padded) {
  const std::vector<float>& scales = net_.spec().input_scales;
  std::size_t index = plan_.layers[0].input_rows;
  for (int axis = 0; axis < net_.spec().num_axes; ++axis, index += scales.size()) {
    float* positions = row(index);
    if (samples.positions) {
      copy(samples.positions, axis, first, count, positions);
    } else {
      grid_positions(samples.grid, axis, first, count, positions);
    }
    std::fill(positions + count, positions + padded, positions[count - 1]);
    for (std::size_t s = scales.size(); s-- > 0;) {  // the first row, their source, comes last
      float* scaled = row(index + s);
      for (int i = 0; i < padded; ++i) scaled[i] = positions[i] * scales[s];
    }
  }
}

void Worker::write_values(const Task& task, std::size_t first, int count) {
  const int channels = net_.spec().num_outputs;
  const float scale = 255.0f / (task.high - task.low);
  for (int c = 0; c < channels; ++c) {
    const float* value = row(plan_.output_rows + c);
    if (task.values) copy(value, c, first, count, task.values);
    if (task.pixels) {
      std::uint8_t* out = task.pixels + first * channels + c;
      for (int i = 0; i < count; ++i) {
        const float level = (value[i] - task.low) * scale;  // a NaN becomes 0
        *out = static_cast<std::uint8_t>(level > 0.0f ? std::min(level, 255.0f) + 0.5f : 0.0f);
        out += channels;
      }
    }
  }
}

// Output rows -> delta rows, zero beyond `count`; adds to the loss.
void Worker::read_delta(const Task& task, std::size_t first, int count, int padded) {
  const bool has_tanh = net_.spec().output == Output::tanh;
  for (int c = 0; c < net_.spec().num_outputs; ++c) {
    const float* value = row(plan_.output_rows + c);
    float* delta = row(plan_.delta_rows + c);
    copy(task.targets ? task.targets : task.cotangents, c, first, count, delta);
    if (task.targets) {
      for (int i = 0; i < count; ++i) delta[i] = value[i] - delta[i];
      loss += sum_of_squares(delta, count);
      for (int i = 0; i < count; ++i) delta[i] += delta[i];
    }
    if (has_tanh)
      for (int i = 0; i < count; ++i) delta[i] *= 1.0f - value[i] * value[i];
    std::fill(delta + count, delta + padded, 0.0f);
  }
}

// The delta rows hold the gradient by the first layer's inputs.
void Worker::write_input_gradient(const Task& task, std::size_t first, int count) {
  const std::vector<float>& scales = net_.spec().input_scales;
  for (int axis = 0; axis < net_.spec().num_axes; ++axis) {
    const std::size_t index = plan_.delta_rows + axis * scales.size();
    for (int i = 0; i < count; ++i) {
      float total = 0;
      for (std::size_t s = 0; s < scales.size(); ++s) total += scales[s] * row(index + s)[i];
      task.input_gradient.at(axis, first + i) = total;
    }
  }
}

}  // namespace overtone::fourier

#include "layout.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace overtone::fourier {
namespace {

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

// Largest power of two of pixels whose table (8 bytes an entry and pixel) leaves room in a
// second-level cache of 512 KiB or more.
int block_size(int max_inputs) { return max_inputs <= 8 ? 256 : 128; }

constexpr std::size_t kCacheLine = 16;  // floats

}  // namespace

Net::Net(NetSpec spec) : spec_(std::move(spec)) {
  require(spec_.num_axes >= 1,
          "num_axes must be at least 1, got " + std::to_string(spec_.num_axes));
  require(!spec_.input_scales.empty(), "input_scales must not be empty");
  for (const float scale : spec_.input_scales)
    require(std::isfinite(scale), "input_scales must be finite");
  const std::size_t inputs = static_cast<std::size_t>(spec_.num_axes) * spec_.input_scales.size();
  require(inputs <= kMaxWidth,
          "num_axes * len(input_scales) must be at most 10, got " + std::to_string(inputs));
  for (const int width : spec_.hidden)
    require(1 <= width && width <= kMaxWidth,
            "hidden widths must be in 1..10, got " + std::to_string(width));
  require(1 <= spec_.num_outputs && spec_.num_outputs <= kMaxOutputs,
          "num_outputs must be in 1..4, got " + std::to_string(spec_.num_outputs));

  int from = static_cast<int>(inputs);
  for (std::size_t l = 0; l <= spec_.hidden.size(); ++l) {
    const bool is_last = l == spec_.hidden.size();
    const int to = is_last ? spec_.num_outputs : spec_.hidden[l];
    const bool residual = spec_.residual && l > 0 && !is_last && from == to;
    layers_.push_back({from, to, residual, num_weights_});
    num_weights_ += layers_.back().size();
    from = to;
  }
}

PlanOwner::PlanOwner(const Net& net) {
  int max_inputs = 1, max_size = kMaxOutputs;
  for (const Layer& layer : net.layers()) {
    max_inputs = std::max(max_inputs, layer.inputs);
    max_size = std::max({max_size, layer.inputs, layer.outputs});
  }
  plan_.block = block_size(max_inputs);
  plan_.row_stride = plan_.block + kCacheLine;
  std::size_t rows = 0;
  const auto take = [&](std::size_t count) { return std::exchange(rows, rows + count); };
  for (const Layer& layer : net.layers()) {
    const std::size_t inputs = layer.inputs, outputs = layer.outputs;
    layers_.push_back({layer.inputs, layer.outputs, layer.residual, layer.offset, take(inputs),
                       take(2 * (inputs + 1)), take(outputs)});
  }
  const std::size_t entries = std::size_t{1} << (max_inputs - 1);
  plan_.output_rows = take(kMaxOutputs);
  plan_.delta_rows = take(max_size);
  plan_.weighted_rows = take(2 * static_cast<std::size_t>(max_size));
  plan_.table_rows = take(2 * entries);
  plan_.angle_rows = take((entries * kMaxStripFloats + plan_.row_stride - 1) / plan_.row_stride);
  plan_.num_rows = rows;
  plan_.layers = layers_.data();
  plan_.num_layers = static_cast<int>(layers_.size());
}

namespace {

// Calls f(offset in A of k, offset in A of its complement, offset in the packed rows).
template <class F>
void for_each_pair(const Layer& layer, F&& f) {
  const std::size_t half = layer.rows() / 2, n = layer.outputs;
  for (std::size_t h = 0; h < half; ++h)
    for (std::size_t o = 0; o < n; ++o)
      f((h + half) * n + o, (half - 1 - h) * n + o, 4 * h * n + o);
}

}  // namespace

void pack_weights(const Net& net, const float* weights, float* packed) {
  for (const Layer& layer : net.layers()) {
    const std::size_t n = layer.outputs;
    const float* a = weights + layer.offset;
    const float* b = a + layer.rows() * n;
    float* to = packed + layer.offset;
    for_each_pair(layer, [&](std::size_t k, std::size_t complement, std::size_t at) {
      const float other = complement < n ? 0.0f : b[complement];  // the sine of k = 0
      to[at] = a[k] + a[complement];
      to[at + n] = b[k] - other;
      to[at + 2 * n] = b[k] + other;
      to[at + 3 * n] = a[complement] - a[k];
    });
  }
}

void unpack_gradient(const Net& net, const float* packed, float* gradient) {
  for (const Layer& layer : net.layers()) {
    const std::size_t n = layer.outputs;
    const float* from = packed + layer.offset;
    float* a = gradient + layer.offset;
    float* b = a + layer.rows() * n;
    for_each_pair(layer, [&](std::size_t k, std::size_t complement, std::size_t at) {
      a[k] = from[at] - from[at + 3 * n];
      a[complement] = from[at] + from[at + 3 * n];
      b[k] = from[at + 2 * n] + from[at + n];
      b[complement] = complement < n ? 0.0f : from[at + 2 * n] - from[at + n];
    });
  }
}

}  // namespace overtone::fourier

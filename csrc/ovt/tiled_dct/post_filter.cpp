#include "post_filter.h"

#include <algorithm>
#include <cmath>

#include "codec.h"

namespace overtone::ovt::tiled_dct {
namespace {

constexpr double kInputScaleSteps = 0.25;  // a difference of so many steps is squashed to a quarter
constexpr std::size_t kPixelsAtOnce = std::size_t{1} << 15;  // so that memory does not grow

fourier::Net layer() {
  fourier::NetSpec spec;
  spec.num_axes = kNumNeighbours;
  spec.num_outputs = 1;
  spec.residual = false;
  return fourier::Net(spec);
}

// squash(x) = x / (2 (1 + |x|)) of x = (neighbour - centre) / scale.
void squash_differences(const float* centre, const float* neighbour, std::size_t width, float scale,
                        float* to) {
  for (std::size_t i = 0; i < width; ++i) {
    const float x = (neighbour[i] - centre[i]) / scale;
    to[i] = 0.5f * x / (1.0f + std::abs(x));
  }
}

}  // namespace

std::shared_ptr<const Data> load_post_filter(Bytes bytes) {
  auto weights = std::make_shared<PostFilterWeights>();
  const std::size_t size = layer().num_weights();
  if (bytes.size() != weights->sets.size() * size * sizeof(float)) {
    fail_corrupt(std::string(kPostFilter) + " must have " +
                 std::to_string(weights->sets.size() * size * sizeof(float)) + " bytes, got " +
                 std::to_string(bytes.size()));
  }
  Reader reader(bytes, 0, kPostFilter);
  for (auto& set : weights->sets) {
    for (std::size_t i = 0; i < size; ++i) {
      set.push_back(__builtin_bit_cast(float, reader.uint32("weight")));
      if (!std::isfinite(set.back()))
        fail_corrupt(std::string(kPostFilter) + " has a weight that is not finite");
    }
  }
  return weights;
}

PostFilter::PostFilter(std::shared_ptr<const PostFilterWeights> weights, double step,
                       int num_threads, Isa isa)
    : weights_(std::move(weights)), step_(static_cast<float>(step)),
      scale_(static_cast<float>(kInputScaleSteps * step)), runner_(layer(), num_threads, isa) {}

void PostFilter::refine(int channel, const Surroundings& from, std::size_t rows, std::size_t width,
                        float* to) {
  const std::vector<float>& weights =
      weights_->sets[static_cast<std::size_t>(set_of_plane(channel))];
  const std::size_t rows_at_once = std::max<std::size_t>(1, kPixelsAtOnce / width);
  for (std::size_t top = 0; top < rows; top += rows_at_once) {
    const std::size_t bottom = std::min(rows, top + rows_at_once);
    const std::size_t count = (bottom - top) * width;
    inputs_.resize(std::max(inputs_.size(), kNumNeighbours * count));
    outputs_.resize(std::max(outputs_.size(), count));
    for (std::size_t row = top; row < bottom; ++row) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * from.row_stride;
      for (std::size_t k = 0; k < kNumNeighbours; ++k) {
        squash_differences(from.centre + at, from.neighbours[k] + at, width, scale_,
                           inputs_.data() + k * count + (row - top) * width);
      }
    }
    const auto stride = static_cast<std::ptrdiff_t>(count);
    runner_.forward(weights.data(), fourier::Samples::at({inputs_.data(), stride, 1}, count),
                    {outputs_.data(), stride, 1});
    for (std::size_t row = top; row < bottom; ++row) {
      const float* centre = from.centre + static_cast<std::ptrdiff_t>(row) * from.row_stride;
      const float* change = outputs_.data() + (row - top) * width;
      for (std::size_t i = 0; i < width; ++i) to[row * width + i] = centre[i] + step_ * change[i];
    }
  }
}

}  // namespace overtone::ovt::tiled_dct

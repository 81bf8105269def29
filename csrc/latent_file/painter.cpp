#include "painter.h"

#include <algorithm>
#include <cmath>

namespace overtone::latent_file {

Axis::Axis(double start, double length, int count, int size) {
  const double step = length / count;
  is_fine_ = step <= 1;
  is_aligned_ = step == 1 && start == std::floor(start);
  for (int i = 0; i < count; ++i) {
    const auto first = static_cast<int>(indices_.size());
    if (is_fine_)
      add_cubic(start + (i + 0.5) * step, size);
    else
      add_mean(start + i * step, start + (i + 1) * step, size);
    sums_.push_back({first, static_cast<int>(indices_.size())});
  }
}

// Keys' cubic convolution with a = -1/2 between the centres of pixels.
void Axis::add_cubic(double position, int size) {
  const double place = position - 0.5, before = std::floor(place), t = place - before;
  const auto index = static_cast<int>(before);
  if (t == 0) {
    indices_.push_back(std::clamp(index, 0, size - 1));
    weights_.push_back(1.0f);
    return;
  }
  const double weights[4] = {((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1,
                             ((-1.5 * t + 2) * t + 0.5) * t, (0.5 * t - 0.5) * t * t};
  for (int k = 0; k < 4; ++k) {
    indices_.push_back(std::clamp(index - 1 + k, 0, size - 1));
    weights_.push_back(static_cast<float>(weights[k]));
  }
}

void Axis::add_mean(double start, double end, int size) {
  const int first = std::clamp(static_cast<int>(std::floor(start)), 0, size - 1);
  const int last = std::clamp(static_cast<int>(std::ceil(end)) - 1, first, size - 1);
  for (int i = first; i <= last; ++i) {
    const double share = std::min(end, i + 1.0) - std::max<double>(start, i);
    indices_.push_back(i);
    weights_.push_back(static_cast<float>(std::max(share, 0.0) / (end - start)));
  }
}

Painter::Planes::Planes(int count, int width) {
  const auto stride = static_cast<std::size_t>(padded(width) + 2 * kRowBorder);
  memory_.resize(stride * static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    rows_.push_back(memory_.data() + static_cast<std::size_t>(i) * stride + kRowBorder);
}

void Painter::Planes::clear() { std::fill(memory_.begin(), memory_.end(), 0.0f); }

Painter::Painter(const Shapes& shapes, const SynthesisNets& nets, const std::int8_t* symbols,
                 const View& view, Isa isa)
    : maker_(shapes, nets, symbols, isa), view_(view),
      is_fine_(view.across.is_fine() && view.down.is_fine()),
      num_features_(shapes.spec().num_grids), channels_(shapes.spec().channels),
      width_(shapes.spec().width), out_width_(view.across.count()),
      sums_(num_features_ + channels_, width_), resampled_(num_features_ + channels_, out_width_),
      colours_(channels_, out_width_) {}

void Painter::paint(int y, std::uint8_t* out) {
  const bool is_aligned = view_.across.is_aligned() && view_.down.is_aligned();
  float* const* rows = colours_.rows();
  const float* found[kMaxChannels];
  std::copy_n(rows, channels_, found);
  if (is_aligned) {
    float* const* own = maker_.colours(view_.down.index(y));
    for (int c = 0; c < channels_; ++c) found[c] = own[c] + view_.across.index(0);
  } else if (is_fine_) {
    paint_fine(y, rows);
  } else {
    paint_coarse(y, rows);
  }
  for (int c = 0; c < channels_; ++c)
    maker_.kernel().level_row(found[c], out + c, channels_, out_width_);
}

void Painter::add(const float* const* rows, float weight, int first, int count) {
  const float weights[2] = {1.0f, weight};
  for (int i = 0; i < count; ++i) {
    float* sum = sums_.rows()[first + i];
    const float* terms[2] = {sum, rows[i]};
    maker_.kernel().combine_rows(terms, weights, 2, sum, width_);
  }
}

void Painter::resample(int count) {
  for (int i = 0; i < count; ++i) {
    const float* from = sums_.rows()[i];
    float* to = resampled_.rows()[i];
    for (int x = 0; x < out_width_; ++x) {
      const Axis::Sum sum = view_.across.sum(x);
      float total = 0;
      for (int tap = sum.first; tap < sum.end; ++tap)
        total += view_.across.weight(tap) * from[view_.across.index(tap)];
      to[x] = total;
    }
  }
}

// The trunk of interpolated features, plus what the residual layers add, interpolated.
void Painter::paint_fine(int y, float* const* out) {
  const bool has_layers = maker_.shapes().spec().num_residual_layers > 0;
  sums_.clear();
  const Axis::Sum sum = view_.down.sum(y);
  for (int tap = sum.first; tap < sum.end; ++tap) {
    const int row = view_.down.index(tap);
    const float weight = view_.down.weight(tap);
    if (has_layers) {
      add(maker_.colours(row), weight, num_features_, channels_);
      add(maker_.colours(0, row), -weight, num_features_, channels_);
    }
    add(maker_.features(0, row), weight, 0, num_features_);
  }
  resample(num_features_ + (has_layers ? channels_ : 0));
  maker_.kernel().trunk_row(maker_.nets().trunk(), resampled_.rows(), out, out_width_);
  for (int c = 0; c < channels_ && has_layers; ++c)
    for (int x = 0; x < out_width_; ++x) out[c][x] += resampled_.rows()[num_features_ + c][x];
}

// Means of the picture over output pixels.
void Painter::paint_coarse(int y, float* const* out) {
  sums_.clear();
  const Axis::Sum sum = view_.down.sum(y);
  for (int tap = sum.first; tap < sum.end; ++tap)
    add(maker_.colours(view_.down.index(tap)), view_.down.weight(tap), 0, channels_);
  resample(channels_);
  for (int c = 0; c < channels_; ++c) std::copy_n(resampled_.rows()[c], out_width_, out[c]);
}

}  // namespace overtone::latent_file

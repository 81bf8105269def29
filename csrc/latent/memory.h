// Aligned memory, and planes with borders in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include "plan.h"

namespace overtone::latent {

// Floats on a cache line's boundary, zero at first.
class Floats {
 public:
  Floats() = default;
  explicit Floats(std::size_t size)
      : data_(static_cast<float*>(::operator new(size * sizeof(float), kAlignment))), size_(size) {
    clear();
  }
  float* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void clear() const { std::fill_n(data_.get(), size_, 0.0f); }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Release {
    void operator()(float* data) const { ::operator delete(data, kAlignment); }
  };
  std::unique_ptr<float, Release> data_;
  std::size_t size_ = 0;
};

constexpr std::ptrdiff_t rounded_up(std::ptrdiff_t length) {
  return (length + kMaxLanes - 1) / kMaxLanes * kMaxLanes;
}

// Planes of the same size, zero at first.
class Planes {
 public:
  Planes() = default;
  Planes(int count, int height, int width)
      : count_(count), height_(height), width_(width), stride_(rounded_up(width) + 2 * kBorder),
        length_((height + 2 * kBorderRows) * stride_),
        memory_(static_cast<std::size_t>(count * length_ + kSlack)) {}

  int count() const { return count_; }
  Plane operator[](int index) const {
    float* data = memory_.data() + index * length_ + kBorderRows * stride_ + kBorder;
    return {data, stride_, height_, width_};
  }
  void clear() const { memory_.clear(); }
  // Clears one row of all planes, with its borders.
  void clear_row(int y) const {
    for (int i = 0; i < count_; ++i) std::fill_n((*this)[i].row(y) - kBorder, stride_, 0.0f);
  }

 private:
  int count_ = 0, height_ = 0, width_ = 0;
  std::ptrdiff_t stride_ = 0, length_ = 0;
  Floats memory_;
};

}  // namespace overtone::latent

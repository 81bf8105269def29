// Memory for weights, rows of features, and caches.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "kernel.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace overtone::transformer {

inline std::size_t rounded_up(std::size_t size, std::size_t unit) {
  return (size + unit - 1) / unit * unit;
}

// Not initialised; on large pages where there are some, because it is read from end to end.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::size_t num_floats) : num_floats_(num_floats) {
    const std::size_t bytes = rounded_up(num_floats * sizeof(float), kPage);
    data_.reset(static_cast<float*>(::operator new[](bytes, std::align_val_t{kPage})));
#ifdef __linux__
    madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
  }
  float* get() const { return data_.get(); }

  // Room for so many floats, what was there is lost.
  void reserve(std::size_t num_floats) {
    if (num_floats > num_floats_) *this = Memory(num_floats);
  }

 private:
  static constexpr std::size_t kPage = 1 << 21;
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t{kPage}); }
  };
  std::size_t num_floats_ = 0;
  std::unique_ptr<float[], Free> data_;
};

// Hands out pieces of memory that live as long as it does, each on a cache line of its own.
class Arena {
 public:
  float* take(std::size_t num_floats) {
    const std::size_t size = rounded_up(num_floats, kLine);
    if (size > left_) {
      const std::size_t block = std::max(size, kBlock);
      blocks_.emplace_back(block);  // may throw, and then nothing has changed
      left_ = block;
      next_ = blocks_.back().get();
    }
    float* taken = next_;
    next_ += size;
    left_ -= size;
    return taken;
  }

 private:
  static constexpr std::size_t kLine = 16, kBlock = 1 << 21;
  std::vector<Memory> blocks_;
  float* next_ = nullptr;
  std::size_t left_ = 0;
};

// Rows of at least `width` floats; their starts do not share cache sets.
class RowMemory {
 public:
  // Room for so many rows, what was there is lost.
  void reserve(std::size_t num_rows, std::size_t width) {
    const std::size_t stride = rounded_up(width, kMaxPanel) + kMaxLanes;
    if (num_rows <= num_rows_ && stride == stride_) return;
    memory_ = Memory(num_rows * stride);  // may throw, and then nothing has changed
    num_rows_ = num_rows;
    stride_ = stride;
    // What is beyond `width` is written and read with the rest of a panel, and not used.
    std::memset(memory_.get(), 0, num_rows * stride * sizeof(float));
  }
  Rows rows() const { return {memory_.get(), stride_}; }

 private:
  std::size_t num_rows_ = 0, stride_ = 0;
  Memory memory_;
};

}  // namespace overtone::transformer

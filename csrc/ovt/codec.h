// What a codec is to the library: a line of the table, and an object that makes strips of rows.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "container.h"
#include "context.h"
#include "platform/isa.h"

namespace overtone::ovt {

// Long work calls it between its steps; it asks the caller some twenty times a second whether to
// stop, and throws OVT_STOPPED if so.
class Pulse {
 public:
  Pulse(ovt_check check, void* user) : check_(check), user_(user) {}

  void operator()() {
    if (check_ == nullptr) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(50);
    if (check_(user_) != 0) fail(OVT_STOPPED, "the caller stopped the decoder");
  }

 private:
  ovt_check check_;
  void* user_;
  std::chrono::steady_clock::time_point next_{};
};

// Rows of pixels, interleaved.
struct Strip {
  std::vector<std::uint8_t> pixels;
  std::size_t num_rows = 0;
};

// What is asked of a codec.
struct Work {
  const Container& file;
  const Context& context;
  ovt_view view;  // in the picture, of at least one pixel
  int num_threads;
  Isa isa;  // one that the processor offers
  Pulse& pulse;

  int channels() const { return static_cast<int>(file.header.channels); }
  // Whether pixels of the view are pixels of the picture, one for one.
  bool is_aligned() const;
};

// Centres of the output pixels along one axis, source pixels.
std::vector<double> centres(double start, double length, std::size_t count);

// A view of a file on its way, from top to bottom. Faults of the file are thrown as Failure.
class Strips {
 public:
  virtual ~Strips() = default;
  // The next rows, at least one; false after the last, once the end of the file has been checked as
  // far as the view says something about it.
  virtual bool next(Strip& strip) = 0;
};

// Data that a codec needs, and how it is unpacked: throws OVT_CORRUPT for bytes that do not fit.
struct DataPart {
  const char* name;
  std::shared_ptr<const Data> (*load)(Bytes bytes);
};

struct Codec {
  std::uint32_t id;
  const char* name;
  bool is_progressive;
  std::span<const DataPart> data;
  // Reads the heads of the sections.
  std::unique_ptr<Strips> (*open)(const Work& work);
};

}  // namespace overtone::ovt

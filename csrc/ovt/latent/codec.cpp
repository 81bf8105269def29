#include "codec.h"

#include <algorithm>

#include "latent_file/painter.h"
#include "machine.h"
#include "platform/pool.h"

namespace overtone::ovt::latent {

using namespace latent_file;

namespace {

constexpr int kChunkPixels = 1 << 17;  // that a thread makes at a time, about
constexpr int kMinChunkRows = 8, kMaxChunkRows = 64;

Axis axis(double start, double length, std::uint32_t count, std::uint32_t size) {
  return Axis(start, length, static_cast<int>(count), static_cast<int>(size));
}

class MachineStrips final : public Strips {
 public:
  MachineStrips(const Work& work, Machine machine)
      : machine_(std::move(machine)), nets_(machine_.shapes, machine_.weights),
        view_{axis(work.view.x, work.view.width, work.view.out_width, work.file.header.width),
              axis(work.view.y, work.view.height, work.view.out_height, work.file.header.height)},
        pulse_(work.pulse), pool_(work.num_threads) {
    for (int t = 0; t < pool_.size(); ++t)
      painters_.push_back(std::make_unique<Painter>(machine_.shapes, nets_, machine_.symbols.data(),
                                                    view_, work.isa));
    const Spec& spec = machine_.shapes.spec();
    row_bytes_ =
        static_cast<std::size_t>(view_.across.count()) * static_cast<std::size_t>(spec.channels);
    // Of the picture's rows, of which a smaller view needs several for one of its own.
    const int rows = std::clamp(kChunkPixels / std::max(spec.width, view_.across.count()),
                                kMinChunkRows, kMaxChunkRows);
    chunk_rows_ =
        std::max(1, static_cast<int>(rows * view_.down.count() /
                                     std::max<double>(work.view.height, view_.down.count())));
  }

  bool next(Strip& strip) override {
    const int height = view_.down.count();
    if (top_ >= height) return false;
    pulse_();
    const int end = std::min(height, top_ + chunk_rows_ * pool_.size());
    strip.num_rows = static_cast<std::size_t>(end - top_);
    strip.pixels.resize(strip.num_rows * row_bytes_);
    pool_.run([&](int thread) {
      const int first = top_ + thread * chunk_rows_;
      for (int y = first; y < std::min(end, first + chunk_rows_); ++y)
        painters_[static_cast<std::size_t>(thread)]->paint(
            y, strip.pixels.data() + static_cast<std::size_t>(y - top_) * row_bytes_);
    });
    top_ = end;
    return true;
  }

 private:
  const Machine machine_;
  const SynthesisNets nets_;
  const View view_;
  Pulse& pulse_;
  Pool pool_;
  std::vector<std::unique_ptr<Painter>> painters_;
  std::size_t row_bytes_ = 0;
  int chunk_rows_ = 1, top_ = 0;
};

// What there is to see before the networks have arrived: mid-gray.
class EmptyStrips final : public Strips {
 public:
  explicit EmptyStrips(const Work& work)
      : row_bytes_(std::size_t{work.view.out_width} * work.file.header.channels),
        channels_(work.file.header.channels), rows_left_(work.view.out_height) {}

  bool next(Strip& strip) override {
    if (rows_left_ == 0) return false;
    strip.num_rows = std::min<std::size_t>(rows_left_, kMaxChunkRows);
    strip.pixels.assign(strip.num_rows * row_bytes_, kGray);
    for (std::size_t i = channels_ - 1; channels_ % 2 == 0 && i < strip.pixels.size();
         i += channels_)
      strip.pixels[i] = kOpaque;
    rows_left_ -= strip.num_rows;
    return true;
  }

 private:
  static constexpr std::uint8_t kGray = 128, kOpaque = 255;
  const std::size_t row_bytes_, channels_;
  std::size_t rows_left_;
};

}  // namespace

std::unique_ptr<Strips> open(const Work& work) {
  if (work.file.sections.size() != 1) {
    fail_corrupt("codec dfm-latent has 1 section, the file " +
                 std::to_string(work.file.sections.size()));
  }
  Machine machine = read_machine(work);
  if (!machine.has_weights) return std::make_unique<EmptyStrips>(work);
  return std::make_unique<MachineStrips>(work, std::move(machine));
}

}  // namespace overtone::ovt::latent

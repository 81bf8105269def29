#include "codec.h"

#include <algorithm>

#include "coefficients.h"
#include "evaluate.h"
#include "jpeg.h"

namespace overtone::ovt::sparse_dct {
namespace {

constexpr int kStripPixels = 1 << 17;      // made at a time, about, so that memory does not grow
constexpr int kMaxStripSamples = 1 << 16;  // the same between the pixels

// Pixels of the picture itself.
class PixelStrips final : public Strips {
 public:
  PixelStrips(Coefficients found, const ovt_view& view, Pulse& pulse)
      : found_(std::move(found)),
        rows_{static_cast<int>(view.y), static_cast<int>(view.y + view.height)},
        columns_{static_cast<int>(view.x), static_cast<int>(view.x + view.width)}, pulse_(pulse) {}

  // Strips are of whole rows of blocks, but the first and the last.
  bool next(Strip& strip) override {
    if (rows_.start >= rows_.stop) return false;
    pulse_();
    const int tall = std::max(1, kStripPixels / columns_.size() / kBlock) * 2 * kBlock;
    const int stop = std::min(rows_.stop, (rows_.start / tall + 1) * tall);
    strip.num_rows = static_cast<std::size_t>(stop - rows_.start);
    strip.pixels = pixels_of(found_, {rows_.start, stop}, columns_);
    rows_.start = stop;
    return true;
  }

 private:
  const Coefficients found_;
  Span rows_;
  const Span columns_;
  Pulse& pulse_;
};

// The series between the pixels.
class SeriesStrips final : public Strips {
 public:
  SeriesStrips(Coefficients found, const ovt_view& view, Pulse& pulse)
      : found_(std::move(found)), view_(view), pulse_(pulse) {}

  bool next(Strip& strip) override {
    const auto height = static_cast<int>(view_.out_height);
    if (top_ >= height) return false;
    const int tall = std::max(1, kMaxStripSamples / static_cast<int>(view_.out_width));
    const int bottom = std::min(height, top_ + tall);
    strip.num_rows = static_cast<std::size_t>(bottom - top_);
    strip.pixels = evaluate(found_, view_, top_, bottom, pulse_);
    top_ = bottom;
    return true;
  }

 private:
  const Coefficients found_;
  const ovt_view view_;
  Pulse& pulse_;
  int top_ = 0;
};

}  // namespace

std::unique_ptr<Strips> open(const Work& work) {
  if (work.file.sections.size() != 1) {
    fail_corrupt("codec sparse-dct has 1 section, the file " +
                 std::to_string(work.file.sections.size()));
  }
  Reader reader = work.file.reader(0);
  const Header header = read_header(reader, work.channels());
  const Bytes stream = reader.take(reader.remaining(), "coefficients");
  Coefficients found = read_coefficients(work, header, stream);
  if (work.is_aligned())
    return std::make_unique<PixelStrips>(std::move(found), work.view, work.pulse);
  return std::make_unique<SeriesStrips>(std::move(found), work.view, work.pulse);
}

}  // namespace overtone::ovt::sparse_dct

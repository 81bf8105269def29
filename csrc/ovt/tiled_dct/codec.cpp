#include "codec.h"

#include <algorithm>
#include <stdexcept>

#include "header.h"
#include "ovt/context_state.h"
#include "ovt/pixels.h"
#include "post_filter.h"
#include "tiled_dct/decoder.h"

namespace overtone::ovt::tiled_dct {
namespace {

namespace series = ::overtone::tiled_dct;

constexpr std::size_t kMaxStripSamples = std::size_t{1} << 18;  // memory does not grow with scale
constexpr float kMidLevel = 128;

int padded(std::uint32_t side) {
  return (static_cast<int>(side) + series::kMinTile - 1) / series::kMinTile * series::kMinTile;
}

// Positions of a strip.
using Places = std::vector<double>;

class TiledStrips final : public Strips {
 public:
  TiledStrips(const Work& work, const Header& header, Bytes stream)
      : header_(header), how_(header.reconstruction()), width_(work.file.header.width),
        height_(work.file.header.height), channels_(work.channels()), pulse_(work.pulse),
        num_threads_(work.num_threads), isa_(work.isa),
        xs_(centres(work.view.x, work.view.width, work.view.out_width)),
        ys_(centres(work.view.y, work.view.height, work.view.out_height)),
        reaches_end_(work.view.y + work.view.height >= work.file.header.height),
        state_(work.context.get<ContextState>(kContextState)),
        decoder_(stream.data(), stream.size(),
                 {padded(work.file.header.width), padded(work.file.header.height),
                  static_cast<int>(work.file.header.channels)},
                 state_->prior()),
        filter_(work.context.get<PostFilterWeights>(kPostFilter), header.step(), work.num_threads,
                work.isa) {}

  bool next(Strip& strip) override {
    while (done_ == stop_) {
      if (done_ == ys_.size()) {
        check_end();
        return false;
      }
      advance();
    }
    const std::size_t most = std::max<std::size_t>(1, kMaxStripSamples / xs_.size());
    const std::size_t end = std::min(done_ + most, stop_);
    const Places ys(ys_.begin() + static_cast<std::ptrdiff_t>(done_),
                    ys_.begin() + static_cast<std::ptrdiff_t>(end));
    evaluate(ys);
    strip.num_rows = ys.size();
    write_pixels(strip);
    done_ = end;
    return true;
  }

 private:
  int num_rows() const {
    return (decoder_.geometry().height + series::kMaxTile - 1) / series::kMaxTile;
  }

  // Goes on to the next row of superblocks, and to what of the view lies in it.
  void advance() {
    decode_until(row_ + 2);  // a strip needs the row below too: facing tiles blend
    ++row_;
    const auto below = std::lower_bound(ys_.begin(), ys_.end(), row_ * double{series::kMaxTile});
    stop_ = row_ == num_rows() ? ys_.size() : static_cast<std::size_t>(below - ys_.begin());
  }

  void decode_until(int count) {
    try {
      while (decoder_.rows_decoded() < std::min(count, num_rows()))
        decoder_.decode_row([this] { pulse_(); });
    } catch (const std::runtime_error& error) {
      fail_corrupt(std::string(error.what()) + "; the file is damaged");
    }
  }

  void check_end() {
    if (!reaches_end_) return;
    decode_until(num_rows());
    if (decoder_.has_leftover()) fail_corrupt("bytes follow the last coefficient");
  }

  // Planes of the strip, refined where the picture asks for it, into `planes_`.
  void evaluate(const Places& ys) {
    const bool is_refined = header_.refines[0] || (channels_ > 1 && header_.refines[1]);
    planes_.resize(static_cast<std::size_t>(channels_) * xs_.size() * ys.size());
    if (!is_refined) {
      render(xs_, ys, planes_.data());
    } else if (is_pixel_for_pixel(xs_, ys)) {
      refine_bordered(ys);
    } else {
      refine_around(ys);
    }
  }

  // One source pixel from each to the next: then neighbours are samples themselves.
  static bool is_pixel_for_pixel(const Places& xs, const Places& ys) {
    const auto is_dense = [](const Places& places) {
      for (std::size_t i = 1; i < places.size(); ++i)
        if (places[i] - places[i - 1] != 1) return false;
      return true;
    };
    return xs.size() > 1 && is_dense(xs) && is_dense(ys);
  }

  void refine_bordered(const Places& ys) {
    const auto bordered = [](const Places& places) {
      Places all{places.front() - 1};
      all.insert(all.end(), places.begin(), places.end());
      all.push_back(places.back() + 1);
      return all;
    };
    const Places wide = bordered(xs_), tall = bordered(ys);
    const std::size_t plane = wide.size() * tall.size();
    around_.resize(static_cast<std::size_t>(channels_) * plane);
    render(wide, tall, around_.data());
    const auto stride = static_cast<std::ptrdiff_t>(wide.size());
    for (int c = 0; c < channels_; ++c) {
      Surroundings from{
          around_.data() + static_cast<std::size_t>(c) * plane + stride + 1, {}, stride};
      for (std::size_t k = 0; k < kNumNeighbours; ++k)
        from.neighbours[k] = from.centre + kNeighbours[k][0] * stride + kNeighbours[k][1];
      refine(c, from, ys.size());
    }
  }

  void refine_around(const Places& ys) {
    const std::size_t plane = xs_.size() * ys.size();
    const std::size_t picture = static_cast<std::size_t>(channels_) * plane;
    around_.resize((kNumNeighbours + 1) * picture);
    render(xs_, ys, around_.data());
    for (std::size_t k = 0; k < kNumNeighbours; ++k) {
      Places shifted_xs(xs_), shifted_ys(ys);
      for (double& y : shifted_ys) y += kNeighbours[k][0];
      for (double& x : shifted_xs) x += kNeighbours[k][1];
      render(shifted_xs, shifted_ys, around_.data() + (k + 1) * picture);
    }
    for (int c = 0; c < channels_; ++c) {
      const float* centre = around_.data() + static_cast<std::size_t>(c) * plane;
      Surroundings from{centre, {}, static_cast<std::ptrdiff_t>(xs_.size())};
      for (std::size_t k = 0; k < kNumNeighbours; ++k)
        from.neighbours[k] = centre + (k + 1) * picture;
      refine(c, from, ys.size());
    }
  }

  void refine(int channel, const Surroundings& from, std::size_t rows) {
    float* to = planes_.data() + static_cast<std::size_t>(channel) * rows * xs_.size();
    if (header_.refines[set_of_plane(channel)]) {
      filter_.refine(channel, from, rows, xs_.size(), to);
      return;
    }
    for (std::size_t row = 0; row < rows; ++row) {
      std::copy_n(from.centre + static_cast<std::ptrdiff_t>(row) * from.row_stride, xs_.size(),
                  to + row * xs_.size());
    }
  }

  // Values of the series; beyond the picture those of its edge.
  void render(Places xs, Places ys, float* values) {
    pulse_();
    for (double& x : xs) x = std::clamp(x, 0.5, width_ - 0.5);
    for (double& y : ys) y = std::clamp(y, 0.5, height_ - 0.5);
    series::render(decoder_.rows(), decoder_.geometry(), how_,
                   {xs.data(), static_cast<int>(xs.size()), ys.data(), static_cast<int>(ys.size())},
                   values, num_threads_, isa_);
  }

  // Planes back to colour, in 8 bits.
  void write_pixels(Strip& strip) const {
    const std::size_t count = strip.num_rows * xs_.size();
    const auto channels = static_cast<std::size_t>(channels_);
    strip.pixels.resize(count * channels);
    const auto matrix = header_.colours_of_planes();
    for (std::size_t i = 0; i < count; ++i) {
      std::uint8_t* to = strip.pixels.data() + i * channels;
      std::size_t c = 0;
      if (header_.has_color) {
        const float v[3] = {planes_[i], planes_[count + i], planes_[2 * count + i]};
        for (; c < 3; ++c) {
          const float level = matrix[c][0] * v[0] + matrix[c][1] * v[1] + matrix[c][2] * v[2];
          to[c] = to_level(level + kMidLevel);
        }
      }
      for (; c < channels; ++c) to[c] = to_level(planes_[c * count + i] + kMidLevel);
    }
  }

  const Header header_;
  const series::Reconstruction how_;
  const double width_, height_;
  const int channels_;
  Pulse& pulse_;
  const int num_threads_;
  const Isa isa_;
  const Places xs_, ys_;
  const bool reaches_end_;
  const std::shared_ptr<const ContextState> state_;
  series::RowDecoder decoder_;
  PostFilter filter_;
  int row_ = 0;                      // rows of superblocks whose part of the view is known
  std::size_t done_ = 0, stop_ = 0;  // rows of the view: made, and that can be made
  std::vector<float> around_, planes_;
};

}  // namespace

std::shared_ptr<const Data> load_context_state(Bytes bytes) {
  auto state = unpack_context_state(bytes, kContextState);
  try {
    const series::Model model(state->prior());
  } catch (const std::invalid_argument& error) {
    fail_corrupt(std::string(kContextState) + ": " + error.what());
  }
  return state;
}

std::unique_ptr<Strips> open(const Work& work) {
  if (work.file.sections.size() != 1) {
    fail_corrupt("codec tiled-dct has 1 section, the file " +
                 std::to_string(work.file.sections.size()));
  }
  Reader reader = work.file.reader(0);
  const Header header = read_header(reader, work.channels() >= 3);
  const Bytes stream = reader.take(reader.remaining(), "coefficients");
  return std::make_unique<TiledStrips>(work, header, stream);
}

}  // namespace overtone::ovt::tiled_dct

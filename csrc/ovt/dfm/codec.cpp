#include "codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "networks.h"
#include "ovt/pixels.h"

namespace overtone::ovt::dfm {
namespace {

constexpr std::size_t kStripPixels = 1 << 16;  // evaluated at a time, about
constexpr double kMaxOversampling = 8;         // samples a pixel and axis in a smaller picture
constexpr std::size_t kMaxChannels = 4;

std::size_t oversampling(double source, std::uint32_t out) {
  return static_cast<std::size_t>(std::clamp(std::ceil(source / out), 1.0, kMaxOversampling));
}

// Where a tile has a share of ascending positions.
struct Reach {
  std::size_t first = 0;
  std::vector<float> local;  // positions as its network sees them
  std::vector<double> shares;

  Reach(const TileAxis& axis, int index, std::span<const double> positions) {
    // One more to each side, for rounding.
    const double low = axis.border(index) - axis.margin - 1;
    const double high = axis.border(index + 1) + axis.margin + 1;
    const auto begin = std::lower_bound(positions.begin(), positions.end(), low);
    const auto end = std::upper_bound(begin, positions.end(), high);
    const auto has_share = [&](double position) { return axis.share(index, position) > 0; };
    const auto from = std::find_if(begin, end, has_share);
    first = static_cast<std::size_t>(from - positions.begin());
    for (auto at = from; at != end && has_share(*at); ++at) {
      local.push_back(static_cast<float>(axis.local(index, *at)));
      shares.push_back(axis.share(index, *at));
    }
  }
};

// Takes the outputs of a tile's network to colours on [0, 1].
struct ColourMap {
  std::size_t channels;
  std::array<std::array<float, kMaxChannels>, kMaxChannels> matrix{};
  std::array<float, kMaxChannels> offset{};

  ColourMap(const Networks& networks, std::size_t tile)
      : channels(static_cast<std::size_t>(networks.plan.spec.num_outputs)) {
    const bool has_tanh = networks.plan.spec.output == fourier::Output::tanh;
    for (std::size_t c = 0; c < channels; ++c) {
      matrix[c][c] = has_tanh ? 0.5f : 1.0f;
      offset[c] = has_tanh ? 0.5f : networks.mean_of(tile)[c];
    }
    if (has_tanh || channels < 3) return;
    // Columns are the orthonormal axes luma, red - blue, green.
    constexpr double kAxes[3][3] = {{1, 1, 1}, {1, 0, -1}, {-1, 2, -1}};
    constexpr double kSquares[3] = {3, 2, 6};
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t k = 0; k < 3; ++k)
        matrix[c][k] = static_cast<float>(kAxes[k][c] / std::sqrt(kSquares[k]));
  }
};

class NetworkStrips final : public Strips {
 public:
  NetworkStrips(const Work& work, Networks networks)
      : networks_(std::move(networks)), pulse_(work.pulse),
        channels_(static_cast<std::size_t>(work.channels())),
        fine_x_(oversampling(work.view.width, work.view.out_width)),
        fine_y_(oversampling(work.view.height, work.view.out_height)),
        out_width_(work.view.out_width), out_height_(work.view.out_height),
        xs_(centres(work.view.x, work.view.width, out_width_ * fine_x_)),
        ys_(centres(work.view.y, work.view.height, out_height_ * fine_y_)),
        runner_(fourier::Net(networks_.plan.spec), work.num_threads, work.isa) {
    const TileAxis& horizontal = networks_.plan.horizontal;
    for (int i = 0; i < horizontal.count; ++i) columns_.emplace_back(horizontal, i, xs_);
  }

  bool next(Strip& strip) override {
    if (top_ >= out_height_) return false;
    const std::size_t most = std::max<std::size_t>(1, kStripPixels / (xs_.size() * fine_y_));
    strip.num_rows = std::min(most, out_height_ - top_);
    const std::size_t tall = strip.num_rows * fine_y_;
    values_.assign(channels_ * tall * xs_.size(), 0.0f);
    const TileAxis& vertical = networks_.plan.vertical;
    const auto ys = std::span(ys_).subspan(top_ * fine_y_, tall);
    for (int row = 0; row < vertical.count; ++row) {
      const Reach down(vertical, row, ys);
      if (down.local.empty()) continue;
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        if (columns_[column].local.empty()) continue;
        pulse_();
        const auto tile = static_cast<std::size_t>(row) * columns_.size() + column;
        add_tile(tile, columns_[column], down, tall);
      }
    }
    write_pixels(strip);
    top_ += strip.num_rows;
    return true;
  }

 private:
  // Adds what one tile has of the strip.
  void add_tile(std::size_t tile, const Reach& across, const Reach& down, std::size_t tall) {
    const std::size_t width = across.local.size(), height = down.local.size();
    const std::size_t count = width * height;
    positions_.resize(std::max(positions_.size(), 2 * count));
    outputs_.resize(std::max(outputs_.size(), channels_ * count));
    for (std::size_t j = 0; j < height; ++j) {
      std::copy(across.local.begin(), across.local.end(), positions_.data() + j * width);
      std::fill_n(positions_.data() + count + j * width, width, down.local[j]);
    }
    const auto stride = static_cast<std::ptrdiff_t>(count);
    runner_.forward(networks_.weights_of(tile),
                    fourier::Samples::at({positions_.data(), stride, 1}, count),
                    {outputs_.data(), stride, 1});
    const ColourMap map(networks_, tile);
    for (std::size_t c = 0; c < channels_; ++c) {
      for (std::size_t j = 0; j < height; ++j) {
        float* to = values_.data() + (c * tall + down.first + j) * xs_.size() + across.first;
        for (std::size_t i = 0; i < width; ++i) {
          float colour = 0;
          for (std::size_t k = 0; k < channels_; ++k)
            colour += map.matrix[c][k] * outputs_[k * count + j * width + i];
          const auto share = static_cast<float>(down.shares[j] * across.shares[i]);
          to[i] += share * (colour + map.offset[c]);
        }
      }
    }
  }

  // Means of the samples of each pixel, in 8 bits.
  void write_pixels(Strip& strip) const {
    const std::size_t tall = strip.num_rows * fine_y_, wide = xs_.size();
    strip.pixels.resize(strip.num_rows * out_width_ * channels_);
    const auto samples = static_cast<float>(fine_x_ * fine_y_);
    for (std::size_t c = 0; c < channels_; ++c) {
      for (std::size_t y = 0; y < strip.num_rows; ++y) {
        for (std::size_t x = 0; x < out_width_; ++x) {
          float sum = 0;
          for (std::size_t j = 0; j < fine_y_; ++j) {
            const float* from = values_.data() + (c * tall + y * fine_y_ + j) * wide + x * fine_x_;
            for (std::size_t i = 0; i < fine_x_; ++i) sum += finite(from[i]);
          }
          const float mean = std::clamp(sum / samples, 0.0f, 1.0f);
          strip.pixels[(y * out_width_ + x) * channels_ + c] = to_level(mean * 255.0f);
        }
      }
    }
  }

  // Absurd weights may overflow.
  static float finite(float value) {
    constexpr float kMost = std::numeric_limits<float>::max();
    return std::isnan(value) ? 0.0f : std::clamp(value, -kMost, kMost);
  }

  const Networks networks_;
  Pulse& pulse_;
  const std::size_t channels_, fine_x_, fine_y_, out_width_, out_height_;
  const std::vector<double> xs_, ys_;
  std::vector<Reach> columns_;
  fourier::Runner runner_;
  std::vector<float> values_, positions_, outputs_;
  std::size_t top_ = 0;
};

}  // namespace

std::unique_ptr<Strips> open(const Work& work) {
  return std::make_unique<NetworkStrips>(work, read_networks(work));
}

}  // namespace overtone::ovt::dfm

#include "latents.h"

#include <algorithm>
#include <cmath>

namespace overtone::latent {
namespace {

std::size_t row_length(const Grid& grid) {
  return static_cast<std::size_t>(rounded_up(grid.width));
}

float unbiased(float beta, long count) {
  return static_cast<float>(1.0 / (1.0 - std::pow(static_cast<double>(beta), count)));
}

}  // namespace

Latents::Latents(const Shapes& shapes) : shapes_(shapes) {
  std::size_t size = 0;
  for (const Grid& grid : shapes.grids()) {
    symbols_.emplace_back(1, grid.height, grid.width);
    gradients_.emplace_back(1, grid.height, grid.width);
    starts_.push_back(size);
    size += static_cast<std::size_t>(grid.height) * row_length(grid);
  }
  for (Floats* each : {&values_, &slopes_, &mean_, &square_}) *each = Floats(size);
}

float* Latents::state(const Floats& floats, int grid, int y) const {
  const auto number = static_cast<std::size_t>(grid);
  return floats.data() + starts_[number] +
         static_cast<std::size_t>(y) * row_length(shapes_.grids()[number]);
}

void Latents::set(const float* values) {
  for (int g = 0; g < static_cast<int>(starts_.size()); ++g) {
    const Grid& grid = shapes_.grids()[static_cast<std::size_t>(g)];
    for (int y = 0; y < grid.height; ++y, values += grid.width)
      std::copy_n(values, grid.width, state(values_, g, y));
  }
}

std::vector<float> Latents::collect(const Floats& floats) const {
  std::vector<float> found;
  found.reserve(shapes_.num_symbols());
  for (int g = 0; g < static_cast<int>(starts_.size()); ++g) {
    const Grid& grid = shapes_.grids()[static_cast<std::size_t>(g)];
    for (int y = 0; y < grid.height; ++y) {
      const float* row = state(floats, g, y);
      found.insert(found.end(), row, row + grid.width);
    }
  }
  return found;
}

std::vector<float> Latents::values() const { return collect(values_); }

std::vector<float> Latents::symbols() const {
  std::vector<float> found;
  found.reserve(shapes_.num_symbols());
  for (const Planes& planes : symbols_)
    for (int y = 0; y < planes[0].height; ++y)
      found.insert(found.end(), planes[0].row(y), planes[0].row(y) + planes[0].width);
  return found;
}

std::vector<float> Latents::gradient() const {
  std::vector<float> found = collect(slopes_);
  std::size_t i = 0;
  for (const Planes& planes : gradients_)
    for (int y = 0; y < planes[0].height; ++y)
      for (int x = 0; x < planes[0].width; ++x) found[i++] *= planes[0].row(y)[x];
  return found;
}

void Latents::quantise(Team& team, const Rounding& rounding) {
  team.run([&](int thread) {
    for (int g = 0; g < static_cast<int>(starts_.size()); ++g) {
      const auto number = static_cast<std::size_t>(g);
      const Grid& grid = shapes_.grids()[number];
      const int end = team.first_row(grid.level, thread + 1);
      for (int y = team.first_row(grid.level, thread); y < end; ++y) {
        const auto index = static_cast<std::uint32_t>(grid.offset) +
                           static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(grid.width);
        team.latent.quantise_row(state(values_, g, y), symbols_of(g).row(y), state(slopes_, g, y),
                                 grid.width, index, rounding);
        gradients_[number].clear_row(y);
      }
    }
  });
}

void Latents::step(Team& team, const AdamSettings& given) {
  ++num_steps_;
  const float settings[] = {given.rate,
                            given.beta1,
                            given.beta2,
                            unbiased(given.beta1, num_steps_),
                            unbiased(given.beta2, num_steps_),
                            given.epsilon};
  team.run([&](int thread) {
    for (int g = 0; g < static_cast<int>(starts_.size()); ++g) {
      const Grid& grid = shapes_.grids()[static_cast<std::size_t>(g)];
      const int end = team.first_row(grid.level, thread + 1);
      for (int y = team.first_row(grid.level, thread); y < end; ++y)
        team.latent.adam_row(gradients_of(g).row(y), state(slopes_, g, y), state(values_, g, y),
                             state(mean_, g, y), state(square_, g, y), grid.width, settings);
    }
  });
}

void Latents::restart() {
  num_steps_ = 0;
  mean_.clear();
  square_.clear();
}

}  // namespace overtone::latent

#include "rows.h"

#include <algorithm>
#include <string>

namespace overtone::latent_file {

SynthesisNets::SynthesisNets(const Shapes& shapes, const Weights& weights) {
  values_.resize(shapes.num_parameters());
  for (const Tensor& tensor : shapes.tensors())
    for (std::size_t i = 0; i < tensor.size(); ++i)
      values_[tensor.offset + i] = weights.value(tensor, i);
  const Spec& spec = shapes.spec();
  for (int level = 0; level + 1 < spec.num_grids; ++level) {
    const std::string name = "upsampling" + std::to_string(level);
    doubles_.push_back(&shapes.tensor(name + ".double"));
    smooths_.push_back(&shapes.tensor(name + ".smooth"));
  }
  for (int layer = 0; layer < spec.num_residual_layers; ++layer) {
    const std::string name = "synthesis.residual" + std::to_string(layer);
    residual_weights_.push_back(&shapes.tensor(name + ".weight"));
    residual_biases_.push_back(&shapes.tensor(name + ".bias"));
  }
  const auto values = [&](const char* name) { return values_.data() + shapes.tensor(name).offset; };
  trunk_ = {spec.trunk,
            spec.num_grids,
            spec.num_mixed,
            spec.num_basis(),
            spec.channels,
            nullptr,
            nullptr,
            nullptr,
            values("synthesis.stabiliser.weight"),
            values("synthesis.output.bias")};
  if (spec.trunk == Trunk::linear) return;
  trunk_.mix = values("synthesis.mix.weight");
  trunk_.mix_bias = values("synthesis.mix.bias");
  trunk_.output = values("synthesis.output.weight");
}

RowCache::RowCache(int count, int width) : count_(count) {
  // A doubled row may be one longer than the row that it is cut to.
  const auto stride = static_cast<std::size_t>(padded(width + 1) + 2 * kRowBorder);
  memory_.resize(stride * static_cast<std::size_t>(count * kNumRows));
  for (int i = 0; i < count * kNumRows; ++i)
    rows_.push_back(memory_.data() + static_cast<std::size_t>(i) * stride + kRowBorder);
  std::fill_n(numbers_, kNumRows, -1);
}

RowMaker::RowMaker(const Shapes& shapes, const SynthesisNets& nets, const std::int8_t* symbols,
                   Isa isa)
    : shapes_(shapes), nets_(nets), symbols_(symbols),
      kernel_(OVERTONE_VARIANT(isa, synthesis_kernel)) {
  const Spec& spec = shapes.spec();
  for (int level = 0; level < spec.num_grids; ++level) {
    symbol_rows_.emplace_back(1, shapes.grid_at(level).width);
    features_.emplace_back(spec.num_grids - level, shapes.grid_at(level).width);
  }
  for (int layer = 0; layer <= spec.num_residual_layers; ++layer)
    colours_.emplace_back(spec.channels, spec.width);
  const auto size = static_cast<std::size_t>(padded(spec.width + 1) + 4 * kRowBorder);
  zeros_.resize(size);
  scratch_.resize(size);
}

const float* RowMaker::symbols_row(int level, int y) {
  const Grid& grid = shapes_.grid_at(level);
  if (y < 0 || y >= grid.height) return zeros_.data();
  RowCache& cache = symbol_rows_[static_cast<std::size_t>(level)];
  float* row = cache.rows(y)[0];
  if (!cache.has(y)) {
    kernel_.read_row(
        symbols_ + grid.offset + static_cast<std::size_t>(y) * static_cast<std::size_t>(grid.width),
        row, grid.width);
    cache.mark(y);
  }
  return row;
}

const float* const* RowMaker::features(int level, int y) {
  // Offsets of the rows that the taps of a doubled row meet, from half its number.
  constexpr int kEven[4] = {-2, 1, -1, 0}, kOdd[4] = {2, -1, 1, 0};
  RowCache& cache = features_[static_cast<std::size_t>(level)];
  float* const* out = cache.rows(y);
  if (cache.has(y)) return out;
  const int num_grids = shapes_.spec().num_grids, width = shapes_.grid_at(level).width;
  if (level + 1 == num_grids) {
    std::copy_n(symbols_row(level, y), padded(width), out[0]);
    cache.mark(y);
    return out;
  }
  const float* rows[7];
  for (int i = 0; i < 7; ++i) rows[i] = symbols_row(level, y + i - 3);
  kernel_.smooth_row(rows, nets_.smooth_taps(level), width, out[0], scratch_.data());
  const Grid& coarse = shapes_.grid_at(level + 1);
  const float* const* sources[4];
  for (int k = 0; k < 4; ++k)
    sources[k] =
        features(level + 1, std::clamp(y / 2 + (y % 2 ? kOdd : kEven)[k], 0, coarse.height - 1));
  for (int g = 1; g < num_grids - level; ++g) {
    for (int k = 0; k < 4; ++k) rows[k] = sources[k][g - 1];
    kernel_.double_row(rows, nets_.double_taps(level), coarse.width, out[g], scratch_.data());
  }
  cache.mark(y);
  return out;
}

float* const* RowMaker::colours(int layer, int y) {
  RowCache& cache = colours_[static_cast<std::size_t>(layer)];
  float* const* out = cache.rows(y);
  if (cache.has(y)) return out;
  const Spec& spec = shapes_.spec();
  if (layer == 0) {
    kernel_.trunk_row(nets_.trunk(), features(0, y), out, spec.width);
  } else {
    float* inputs[3 * kMaxChannels];
    for (int dy = -1; dy <= 1; ++dy) {
      float* const* from = colours(layer - 1, std::clamp(y + dy, 0, spec.height - 1));
      for (int c = 0; c < spec.channels; ++c) inputs[3 * c + dy + 1] = from[c];
    }
    kernel_.residual_row(nets_.residual_weights(layer - 1), nets_.residual_biases(layer - 1),
                         spec.channels, layer < spec.num_residual_layers, inputs, out, spec.width);
  }
  cache.mark(y);
  return out;
}

}  // namespace overtone::latent_file

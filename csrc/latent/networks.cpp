#include "networks.h"

namespace overtone::latent {
namespace {

constexpr int kTaps = 9, kMiddle = 4;  // of a 3x3 window

// The last `num_columns` of each row of a map's backward matrix, after what is there.
void append_columns(std::vector<float>& matrix, const Linear& map, int num_columns) {
  for (int o = 0; o < map.num_out; ++o) {
    const float* end = map.backward + (o + 1) * map.num_in;
    matrix.insert(matrix.end(), end - num_columns, end);
  }
}

}  // namespace

void PackedMap::append(std::size_t offset, int row_length, int first_column, int num_columns) {
  parts_.push_back(
      {offset + static_cast<std::size_t>(first_column), row_length, linear_.num_in, num_columns});
  linear_.num_in += num_columns;
}

void PackedMap::pack(const float* parameters) {
  const int num_in = linear_.num_in;
  linear_.num_out = num_out_;
  const auto size = static_cast<std::size_t>(num_in * num_out_);
  forward_.resize(size);
  backward_.resize(size);
  bias_.assign(static_cast<std::size_t>(num_out_), 0.0f);
  for (int o = 0; o < num_out_; ++o) {
    for (const Part& part : parts_)
      for (int i = 0; i < part.num_inputs; ++i)
        backward_[o * num_in + part.first_input + i] =
            parameters[part.offset + static_cast<std::size_t>(o * part.row_length + i)];
    if (identity_step_) backward_[o * num_in + o * identity_step_ + identity_first_] += 1.0f;
    for (int i = 0; i < num_in; ++i) forward_[i * num_out_ + o] = backward_[o * num_in + i];
    if (bias_offset_) bias_[o] = parameters[*bias_offset_ + static_cast<std::size_t>(o)];
  }
  linear_.forward = forward_.data();
  linear_.backward = backward_.data();
  linear_.bias = has_bias_row_ ? bias_.data() : nullptr;
}

std::size_t PackedMap::num_sums() const {
  return static_cast<std::size_t>(num_out_ * (linear_.num_in + 1) * kMaxLanes);
}

void PackedMap::add_gradient(const float* sums, int lanes, std::vector<double>& gradient) const {
  const int num_in = linear_.num_in;
  const auto total = [&](int o, int i) {
    const float* from = sums + linear_.sums + (o * (num_in + 1) + i) * lanes;
    double sum = 0;
    for (int lane = 0; lane < lanes; ++lane) sum += from[lane];
    return sum;
  };
  for (int o = 0; o < num_out_; ++o) {
    for (const Part& part : parts_)
      for (int i = 0; i < part.num_inputs; ++i)
        gradient[part.offset + static_cast<std::size_t>(o * part.row_length + i)] +=
            total(o, part.first_input + i);
    if (bias_offset_) gradient[*bias_offset_ + static_cast<std::size_t>(o)] += total(o, num_in);
  }
}

Networks::Networks(const Shapes& shapes) : shapes_(shapes) {
  make_context();
  make_features();
  for (int level = 0; level + 1 < shapes.spec().num_grids; ++level)
    for (const char* kind : {".double", ".smooth"}) {
      const std::string name = "upsampling" + std::to_string(level) + kind;
      taps_.push_back({shapes.tensor(name).offset, num_sums_});
      num_sums_ += 4 * kMaxLanes;
    }
  make_synthesis();
}

int Networks::add_map(int num_out) {
  maps_.emplace_back(num_out, num_sums_);
  return static_cast<int>(maps_.size()) - 1;
}

void Networks::finish_map() { num_sums_ += maps_.back().num_sums(); }

void Networks::append(PackedMap& map, const std::string& name) {
  const Tensor& tensor = shapes_.tensor(name);
  const int columns = static_cast<int>(tensor.size()) / tensor.lengths[0];
  map.append(tensor.offset, columns, 0, columns);
}

void Networks::make_context() {
  const Spec& spec = shapes_.spec();
  for (int l = 0; l < spec.num_context_layers; ++l) {
    const std::string name = "context.hidden" + std::to_string(l);
    hidden_.push_back(add_map(spec.context_width()));
    append(maps_.back(), name + ".weight");
    maps_.back().set_bias(shapes_.tensor(name + ".bias").offset);
    maps_.back().add_identity(1, 0);
    finish_map();
  }
  output_ = add_map(2);
  append(maps_.back(), "context.output.weight");
  append(maps_.back(), "context.stabiliser.weight");
  maps_.back().set_bias(shapes_.tensor("context.output.bias").offset);
  finish_map();
}

void Networks::make_features() {
  const Spec& spec = shapes_.spec();
  for (int fine = 0; fine < spec.num_feature_grids; ++fine) {
    const std::string name = "features" + std::to_string(fine);
    const Tensor& tensor = shapes_.tensor(name + ".weight");
    std::vector<FeatureMap>& levels = features_.emplace_back();
    int column = 0;
    for (int level = fine + 1; level < spec.num_grids; ++level) {
      FeatureMap& made = levels.emplace_back();
      made.sources = shapes_.sources(fine, level);
      made.map = add_map(spec.num_features);
      int num_inputs = 0;
      for (const Source& source : made.sources) num_inputs += source.num_inputs();
      maps_.back().append(tensor.offset, tensor.lengths[1], column, num_inputs);
      column += num_inputs;
      if (level == fine + 1)
        maps_.back().set_bias(shapes_.tensor(name + ".bias").offset);
      else if (level + 1 < spec.num_grids)
        maps_.back().drop_bias();
      finish_map();
    }
  }
}

void Networks::make_synthesis() {
  const Spec& spec = shapes_.spec();
  if (spec.trunk != Trunk::linear) {
    mix_ = add_map(spec.num_mixed);
    append(maps_.back(), "synthesis.mix.weight");
    maps_.back().set_bias(shapes_.tensor("synthesis.mix.bias").offset);
    finish_map();
  }
  colours_ = add_map(spec.channels);
  if (spec.trunk != Trunk::linear) append(maps_.back(), "synthesis.output.weight");
  append(maps_.back(), "synthesis.stabiliser.weight");
  maps_.back().set_bias(shapes_.tensor("synthesis.output.bias").offset);
  finish_map();
  for (int l = 0; l < spec.num_residual_layers; ++l) {
    const std::string name = "synthesis.residual" + std::to_string(l);
    residuals_.push_back(add_map(spec.channels));
    append(maps_.back(), name + ".weight");
    maps_.back().set_bias(shapes_.tensor(name + ".bias").offset);
    maps_.back().add_identity(kTaps, kMiddle);
    finish_map();
    transposed_.emplace_back(static_cast<std::size_t>(spec.channels * spec.channels * kTaps));
  }
}

void Networks::pack(const float* parameters) {
  const Spec& spec = shapes_.spec();
  parameters_ = parameters;
  for (PackedMap& map : maps_) map.pack(parameters);
  context_ = {spec.num_neighbours,     spec.num_features,
              spec.num_context_layers, {},
              maps_[output_].linear(), nullptr};
  for (int l = 0; l < spec.num_context_layers; ++l) context_.hidden[l] = maps_[hidden_[l]].linear();
  synthesis_ = {spec.trunk,    spec.num_grids,       spec.num_mixed,           spec.num_basis(),
                spec.channels, maps_[mix_].linear(), maps_[colours_].linear(), nullptr};
  to_context_.clear();
  append_columns(to_context_, context_.hidden[0], spec.context_width());
  append_columns(to_context_, context_.output, spec.context_width());
  context_.to_context = to_context_.data();
  to_features_.clear();
  if (spec.trunk != Trunk::linear) append_columns(to_features_, synthesis_.mix, spec.num_grids);
  append_columns(to_features_, synthesis_.output, spec.num_grids);
  synthesis_.to_features = to_features_.data();
  for (int l = 0; l < spec.num_residual_layers; ++l)
    for (int o = 0; o < spec.channels; ++o)
      for (int c = 0; c < spec.channels; ++c)
        for (int tap = 0; tap < kTaps; ++tap)
          transposed_[l][(o * kTaps + tap) * spec.channels + c] =
              residual(l).backward[(o * spec.channels + c) * kTaps + tap];
  for (std::vector<FeatureMap>& levels : features_)
    for (FeatureMap& each : levels) {
      each.transposed.clear();
      int input = 0;
      for (const Source& source : each.sources) {
        std::vector<float>& weights = each.transposed.emplace_back();
        for (int f = 0; f < spec.num_features; ++f)
          for (int tap = 0; tap < source.num_inputs(); ++tap)
            weights.push_back(linear(each).backward[f * linear(each).num_in + input + tap]);
        input += source.num_inputs();
      }
    }
}

void Networks::add_gradient(const float* sums, int lanes, std::vector<double>& gradient) const {
  for (const PackedMap& map : maps_) map.add_gradient(sums, lanes, gradient);
  for (const Taps& taps : taps_)
    for (int k = 0; k < 4; ++k)
      for (int lane = 0; lane < lanes; ++lane)
        gradient[taps.offset + static_cast<std::size_t>(k)] +=
            sums[taps.sums + static_cast<std::size_t>(k * lanes + lane)];
}

}  // namespace overtone::latent

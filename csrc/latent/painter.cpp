#include "painter.h"

#include <algorithm>

namespace overtone::latent {
namespace {

// Three rows a channel, of y - 1, y and y + 1.
struct Window {
  const float* rows[3 * kMaxChannels];
};

// The picture's edge is repeated.
Window repeated(const Planes& planes, int y) {
  Window window{};
  for (int c = 0; c < planes.count(); ++c)
    for (int dy = -1; dy <= 1; ++dy)
      window.rows[3 * c + dy + 1] = planes[c].row(std::clamp(y + dy, 0, planes[c].height - 1));
  return window;
}

// Beyond the edge are zeros; `y` may be just outside.
Window bare(const Planes& planes, int y) {
  Window window{};
  for (int c = 0; c < planes.count(); ++c)
    for (int dy = -1; dy <= 1; ++dy) window.rows[3 * c + dy + 1] = planes[c].row(y + dy);
  return window;
}

struct RowsOf {
  float* rows[kMaxChannels] = {};
  RowsOf(const Planes& planes, int y) {
    for (int c = 0; c < planes.count(); ++c) rows[c] = planes[c].row(y);
  }
};

void repeat_edges(const RowsOf& row, int channels, int width) {
  for (int c = 0; c < channels; ++c) {
    row.rows[c][-1] = row.rows[c][0];
    row.rows[c][width] = row.rows[c][width - 1];
  }
}

// Rows of features of one thread, or of their gradients.
struct FeatureRows {
  float* rows[kMaxGrids];
  FeatureRows(const Shapes& shapes, const Worker& worker, int part) {
    const int num_grids = shapes.spec().num_grids;
    const std::size_t length = worker.rows.size() / static_cast<std::size_t>(2 * num_grids);
    for (int i = 0; i < num_grids; ++i)
      rows[i] = worker.rows.data() + static_cast<std::size_t>(part * num_grids + i) * length;
  }
};

}  // namespace

Painter::Painter(const Shapes& shapes)
    : shapes_(shapes), targets_(shapes.spec().channels, shapes.spec().height, shapes.spec().width) {
  const Spec& spec = shapes.spec();
  for (int i = 0; i <= spec.num_residual_layers; ++i) {
    values_.emplace_back(spec.channels, spec.height, spec.width);
    gradients_.emplace_back(spec.channels, spec.height, spec.width);
  }
}

void Painter::set_picture(const float* pixels) {
  const Spec& spec = shapes_.spec();
  for (int y = 0; y < spec.height; ++y)
    for (int x = 0; x < spec.width; ++x)
      for (int c = 0; c < spec.channels; ++c) targets_[c].row(y)[x] = *pixels++;
}

void Painter::run(Team& team, const Networks& networks, const Latents& latents, Pyramid& pyramid,
                  bool has_gradient, bool is_rounded) {
  const Spec& spec = shapes_.spec();
  pyramid.make(team, networks, latents);
  for (int t = 0; t < team.size(); ++t) team.worker(t).squared_error = 0;
  team.for_rows(0, [&](int thread, int y) {
    Worker& worker = team.worker(thread);
    const FeatureRows features(shapes_, worker, 0);
    pyramid.make_row(team, networks, latents, 0, y, thread, features.rows);
    const RowsOf out(values_[0], y);
    team.synthesis.trunk_row(networks.synthesis(), features.rows, out.rows, spec.width,
                             worker.scratch.data());
    if (spec.num_residual_layers > 0)
      repeat_edges(out, spec.channels, spec.width);
    else
      make_error(team.synthesis, worker, y, has_gradient, is_rounded);
  });
  for (int l = 0; l < spec.num_residual_layers; ++l)
    team.for_rows(0, [&, l](int thread, int y) {
      const auto number = static_cast<std::size_t>(l);
      const RowsOf out(values_[number + 1], y);
      team.synthesis.residual_row(networks.residual(l), spec.channels,
                                  l + 1 < spec.num_residual_layers,
                                  repeated(values_[number], y).rows, out.rows, spec.width);
      if (l + 1 < spec.num_residual_layers)
        repeat_edges(out, spec.channels, spec.width);
      else
        make_error(team.synthesis, team.worker(thread), y, has_gradient, is_rounded);
    });
  if (!has_gradient) return;
  for (int l = spec.num_residual_layers - 1; l >= 0; --l) back(team, networks, l);
  team.for_rows(0, [&](int thread, int y) {
    Worker& worker = team.worker(thread);
    const FeatureRows features(shapes_, worker, 0), by_features(shapes_, worker, 1);
    pyramid.make_row(team, networks, latents, 0, y, thread, features.rows);
    team.synthesis.trunk_row_back(networks.synthesis(), features.rows,
                                  RowsOf(gradients_[0], y).rows, by_features.rows, spec.width,
                                  worker.sums.data(), worker.scratch.data());
    pyramid.take_row(team, networks, latents, 0, y, thread, by_features.rows);
  });
  pyramid.finish(team, networks, latents);
}

void Painter::make_error(const SynthesisKernel& kernel, Worker& worker, int y, bool has_gradient,
                         bool is_rounded) {
  const Spec& spec = shapes_.spec();
  const float slope = 2.0f / static_cast<float>(spec.channels);
  for (int c = 0; c < spec.channels; ++c)
    worker.squared_error += kernel.error_row(values_.back()[c].row(y), targets_[c].row(y),
                                             has_gradient ? gradients_.back()[c].row(y) : nullptr,
                                             slope, is_rounded, spec.width);
}

void Painter::back(Team& team, const Networks& networks, int layer) {
  const Spec& spec = shapes_.spec();
  const auto number = static_cast<std::size_t>(layer);
  const Planes &inputs = values_[number], &gradients = gradients_[number + 1];
  team.for_rows(0, [&](int thread, int y) {
    Worker& worker = team.worker(thread);
    team.synthesis.residual_weights(networks.residual(layer), spec.channels,
                                    repeated(inputs, y).rows, RowsOf(gradients, y).rows, spec.width,
                                    worker.sums.data(), worker.scratch.data());
    const RowsOf out(gradients_[number], y);
    // The first and the last row also stand for the rows outside.
    const int first = y == 0 ? -1 : y, last = y == spec.height - 1 ? spec.height : y;
    for (int from = first; from <= last; ++from)
      team.synthesis.residual_row_back(networks.residual_transposed(layer), spec.channels,
                                       bare(gradients, from).rows, out.rows, spec.width,
                                       from > first);
    for (int c = 0; c < spec.channels && layer > 0; ++c)
      team.synthesis.gate_row(inputs[c].row(y), out.rows[c], spec.width);
  });
}

std::vector<float> Painter::pixels() const {
  const Spec& spec = shapes_.spec();
  std::vector<float> found;
  for (int y = 0; y < spec.height; ++y)
    for (int x = 0; x < spec.width; ++x)
      for (int c = 0; c < spec.channels; ++c) found.push_back(values_.back()[c].row(y)[x]);
  return found;
}

}  // namespace overtone::latent

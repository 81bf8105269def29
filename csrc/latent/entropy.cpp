#include "entropy.h"

namespace overtone::latent {

Entropy::Entropy(const Shapes& shapes, int num_threads) : shapes_(shapes) {
  const Spec& spec = shapes.spec();
  for (auto* all : {&features_, &gradients_})
    for (int fine = 0; fine < spec.num_feature_grids; ++fine) {
      std::vector<Planes>& levels = all->emplace_back();
      for (int level = fine + 1; level < spec.num_grids; ++level)
        levels.emplace_back(spec.num_features, shapes.height_at(level), shapes.width_at(level));
    }
  for (int t = 0; t < num_threads; ++t) {
    std::vector<Planes>& own = seams_.emplace_back();
    for (const Grid& grid : shapes.grids()) own.emplace_back(1, kSeamRows, grid.width);
  }
}

void Entropy::run(Team& team, const Networks& networks, const Latents& latents,
                  const Coding& coding, bool has_gradient) {
  make_features(team, networks, latents);
  code(team, networks, latents, coding, has_gradient);
  if (!has_gradient) return;
  add_seams(team, latents);
  features_back(team, networks, latents);
}

Entropy::Inputs Entropy::inputs(const FeatureMap& map, const Latents& latents, int y) const {
  Inputs found;
  for (const Source& source : map.sources) {
    const Plane plane = latents.symbols_of(source.grid);
    const int reach = source.side / 2;
    for (int dy = -reach; dy <= reach; ++dy)
      for (int dx = -reach; dx <= reach; ++dx) found.rows[found.size++] = plane.row(y + dy) + dx;
  }
  return found;
}

void Entropy::make_features(Team& team, const Networks& networks, const Latents& latents) {
  const Spec& spec = shapes_.spec();
  if (spec.num_features == 0) return;
  for (int level = spec.num_grids - 1; level > 0; --level)
    team.for_rows(level, [&](int thread, int y) {
      for (int fine = 0; fine < spec.num_feature_grids && fine < level; ++fine) {
        const FeatureMap& map = networks.features(fine, level);
        const float* coarse[kMaxFeatures];
        float* out[kMaxFeatures];
        const bool has_coarser = level + 1 < spec.num_grids;
        for (int f = 0; f < spec.num_features; ++f) {
          out[f] = features(fine, level)[f].row(y);
          if (has_coarser) coarse[f] = features(fine, level + 1)[f].row(y / 2);
        }
        team.entropy.feature_row(networks.linear(map), inputs(map, latents, y).rows,
                                 has_coarser ? coarse : nullptr, out, shapes_.width_at(level),
                                 team.worker(thread).scratch.data());
      }
    });
}

void Entropy::code(Team& team, const Networks& networks, const Latents& latents,
                   const Coding& coding, bool has_gradient) {
  const Spec& spec = shapes_.spec();
  team.run([&](int thread) {
    Worker& worker = team.worker(thread);
    for (int g = 0; g < static_cast<int>(shapes_.grids().size()); ++g) {
      const auto number = static_cast<std::size_t>(g);
      const Grid& grid = shapes_.grids()[number];
      const bool has_features = !grid.is_hyper && grid.level < spec.num_feature_grids;
      const Plane symbols = latents.symbols_of(g), totals = latents.gradients_of(g);
      const Planes& seam = seams_[static_cast<std::size_t>(thread)][number];
      if (has_gradient) seam.clear();
      const int first = team.first_row(grid.level, thread);
      const int end = team.first_row(grid.level, thread + 1);
      const int stride = has_features ? coding.stride : 1;
      double bits = 0;
      for (int y = first; y < end; ++y) {
        // Two rows share one of the gradients of features.
        if (has_features && has_gradient && y % 2 == 0)
          gradients(grid.level, grid.level + 1).clear_row(y / 2);
        if ((y + coding.phase) % stride != 0) continue;
        ContextRow row{};
        for (int i = 0; i <= kSeamRows; ++i) {
          const int at = y - kSeamRows + i;
          row.symbols[i] = symbols.row(at);
          row.gradients[i] = at >= first ? totals.row(at) : seam[0].row(at - first + kSeamRows);
        }
        row.width = grid.width;
        for (int f = 0; has_features && f < spec.num_features; ++f) {
          row.features[f] = features(grid.level, grid.level + 1)[f].row(y / 2);
          row.feature_gradients[f] = gradients(grid.level, grid.level + 1)[f].row(y / 2);
        }
        row.rate_weight = coding.rate_weight * static_cast<float>(stride);
        row.has_gradient = has_gradient;
        bits += team.entropy.context_row(networks.context(), row, worker.sums.data(),
                                         worker.scratch.data());
      }
      worker.bits[number] = stride * bits;
    }
  });
}

// In the order of the threads, so that the sums are always the same.
void Entropy::add_seams(Team& team, const Latents& latents) const {
  for (int thread = 1; thread < team.size(); ++thread)
    for (int g = 0; g < static_cast<int>(shapes_.grids().size()); ++g) {
      const Grid& grid = shapes_.grids()[static_cast<std::size_t>(g)];
      const int first = team.first_row(grid.level, thread);
      const Plane seam = seams_[static_cast<std::size_t>(thread)][static_cast<std::size_t>(g)][0];
      for (int i = 0; i < kSeamRows; ++i) {
        const int y = first - kSeamRows + i;
        if (y < 0) continue;
        float* to = latents.gradients_of(g).row(y);
        for (int x = 0; x < grid.width; ++x) to[x] += seam.row(i)[x];
      }
    }
}

void Entropy::features_back(Team& team, const Networks& networks, const Latents& latents) {
  const Spec& spec = shapes_.spec();
  for (int level = 1; level < spec.num_grids && spec.num_features > 0; ++level)
    team.for_rows(level, [&](int thread, int y) {
      Worker& worker = team.worker(thread);
      const int width = shapes_.width_at(level);
      for (int fine = 0; fine < spec.num_feature_grids && fine < level; ++fine) {
        const FeatureMap& map = networks.features(fine, level);
        const Planes& own = gradients(fine, level);
        const float* by_features[kMaxFeatures];
        for (int f = 0; f < spec.num_features; ++f) {
          by_features[f] = own[f].row(y);
          if (level == fine + 1) continue;
          const Plane finer = gradients(fine, level - 1)[f];
          team.entropy.halve(finer.row(2 * y), finer.row(2 * y + 1), own[f].row(y), width);
        }
        team.entropy.feature_weights(networks.linear(map), inputs(map, latents, y).rows,
                                     by_features, width, worker.sums.data(), worker.scratch.data());
        for (std::size_t s = 0; s < map.sources.size(); ++s) {
          const int reach = map.sources[s].side / 2;
          Inputs shifted;
          for (int f = 0; f < spec.num_features; ++f)
            for (int dy = -reach; dy <= reach; ++dy)
              for (int dx = -reach; dx <= reach; ++dx)
                shifted.rows[shifted.size++] = own[f].row(y - dy) - dx;
          team.entropy.add_weighted(shifted.rows, map.transposed[s].data(), shifted.size,
                                    latents.gradients_of(map.sources[s].grid).row(y), width);
        }
      }
    });
}

}  // namespace overtone::latent

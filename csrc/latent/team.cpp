#include "team.h"

#include <algorithm>

namespace overtone::latent {
namespace {

// More rows of a block than any kernel takes from its scratch memory.
constexpr std::size_t kMaxBlockRows = 1024;
// Padded rows that the filters take.
constexpr std::size_t kMaxWideRows = 8;

std::vector<Worker> make_workers(const Shapes& shapes, const Networks& networks, int num_threads) {
  const auto width = static_cast<std::size_t>(shapes.spec().width);
  const auto num_grids = static_cast<std::size_t>(shapes.spec().num_grids);
  std::vector<Worker> workers;
  for (int t = 0; t < num_threads; ++t)
    workers.push_back({Floats(networks.num_sums() + kSlack),
                       Floats(kMaxBlockRows * kBlock + kMaxWideRows * (width + kSlack)),
                       Floats(2 * num_grids * (width + kSlack)),
                       std::vector<double>(shapes.grids().size()), 0.0});
  return workers;
}

}  // namespace

Team::Team(const Shapes& shapes, const Networks& networks, int num_threads, Isa isa)
    : entropy(OVERTONE_VARIANT(resolve(isa), entropy_kernel)),
      upsampling(OVERTONE_VARIANT(resolve(isa), upsampling_kernel)),
      synthesis(OVERTONE_VARIANT(resolve(isa), synthesis_kernel)),
      latent(OVERTONE_VARIANT(resolve(isa), latent_kernel)), shapes_(shapes), isa_(resolve(isa)),
      workers_(make_workers(shapes, networks, checked_num_threads(num_threads))),
      pool_(static_cast<int>(workers_.size())) {
  while (static_cast<int>(workers_.size()) > pool_.size()) workers_.pop_back();
}

// Two rows of a grid with features share a row of the next coarser one, and so a thread.
int Team::first_row(int level, int thread) const {
  const int unit = 1 << shapes_.spec().num_feature_grids;
  const long units = (shapes_.spec().height + unit - 1) / unit;
  const auto first = static_cast<int>(units * thread / size() * unit);
  return std::min(latent_shape::halved(first, level), shapes_.height_at(level));
}

}  // namespace overtone::latent

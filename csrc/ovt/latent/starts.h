// The data dfm-latent/starts: networks that those of files may start from.
#pragma once

#include <vector>

#include "latent_file/starts.h"
#include "machine.h"

namespace overtone::ovt::latent {

inline constexpr int kMaxStarts = 255;

struct Starts : Data {
  std::vector<latent_file::Start> entries;

  // The one that a file names, which is not 0. Throws OVT_CORRUPT, with the offset of the head,
  // where there is none or it does not fit.
  const latent_file::Start* of(const Head& head, std::int64_t offset) const;
};

}  // namespace overtone::ovt::latent

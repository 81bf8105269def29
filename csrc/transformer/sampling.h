// Draws a token of each row of logits (overtone.kernels.transformer_twin.sample_top_p is the twin).
#pragma once

#include <cstddef>
#include <cstdint>

namespace overtone::transformer {

struct SamplingSettings {
  double temperature;  // logits are divided by it
  double top_p;        // share of the probability that is drawn from
};

// `drawn` in [0, 1) decides. Throws std::invalid_argument when no token of a row is legal.
void sample_top_p(const float* logits, const bool* is_legal, std::size_t num_rows,
                  std::size_t vocabulary, SamplingSettings settings, const double* drawn,
                  std::int64_t* tokens);

}  // namespace overtone::transformer

#include "sampling.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace overtone::transformer {
namespace {

struct Candidate {
  std::size_t token;
  double probability;
};

// Drops what is least likely, so that those before the last one cache have less than `share`.
void keep_nucleus(std::vector<Candidate>& candidates, double share) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
  double before = 0;
  std::size_t count = 0;
  while (count < candidates.size() && before < share) before += candidates[count++].probability;
  candidates.resize(count);
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.token < b.token; });
}

}  // namespace

void sample_top_p(const float* logits, const bool* is_legal, std::size_t num_rows,
                  std::size_t vocabulary, SamplingSettings settings, const double* drawn,
                  std::int64_t* tokens) {
  std::vector<Candidate> candidates;
  for (std::size_t row = 0; row < num_rows; ++row) {
    const float* own = logits + row * vocabulary;
    const bool* legal = is_legal + row * vocabulary;
    double highest = -INFINITY, total = 0;
    for (std::size_t k = 0; k < vocabulary; ++k)
      if (legal[k]) highest = std::max<double>(highest, own[k]);
    candidates.clear();
    for (std::size_t k = 0; k < vocabulary; ++k) {
      if (!legal[k]) continue;
      const double size = std::exp((own[k] - highest) / settings.temperature);
      candidates.push_back({k, size});
      total += size;
    }
    if (candidates.empty())
      throw std::invalid_argument("nothing is legal in row " + std::to_string(row));
    for (Candidate& candidate : candidates) candidate.probability /= total;
    if (settings.top_p < 1) keep_nucleus(candidates, settings.top_p);
    double mass = 0;
    for (const Candidate& candidate : candidates) mass += candidate.probability;
    const double bound = drawn[row] * mass;
    std::size_t at = 0;
    double sum = 0;
    for (; at + 1 < candidates.size(); ++at)
      if ((sum += candidates[at].probability) > bound) break;
    tokens[row] = static_cast<std::int64_t>(candidates[at].token);
  }
}

}  // namespace overtone::transformer

#include "context_state.h"

#include "inflate.h"

namespace overtone::ovt {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 24;
constexpr std::size_t kHeadBytes = 8, kCounterBytes = 2, kWeightBytes = 4;

}  // namespace

std::shared_ptr<ContextState> unpack_context_state(Bytes packed, const char* name) {
  const std::vector<std::uint8_t> raw = unpack_zlib(packed, kMaxBytes, name);
  if (raw.size() < kHeadBytes)
    fail_corrupt(std::string(name) + " does not say how many numbers it holds");
  Reader reader(raw, 0, name);
  const std::uint64_t num_counters = reader.uint32("number of counters");
  const std::uint64_t num_weights = reader.uint32("number of weights");
  if (raw.size() != kHeadBytes + kCounterBytes * num_counters + kWeightBytes * num_weights)
    fail_corrupt(std::string(name) + " does not hold as many numbers as it says");
  auto state = std::make_shared<ContextState>();
  const Bytes counters = reader.take(kCounterBytes * num_counters, "counters");
  for (std::size_t i = 0; i < num_counters; ++i) {
    state->counters.push_back(
        static_cast<std::uint16_t>(counters[2 * i] | counters[2 * i + 1] << 8));
  }
  for (std::size_t i = 0; i < num_weights; ++i)
    state->weights.push_back(static_cast<std::int32_t>(reader.uint32("weight")));
  return state;
}

}  // namespace overtone::ovt

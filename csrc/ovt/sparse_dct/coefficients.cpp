#include "coefficients.h"

#include <stdexcept>

#include "codec.h"
#include "ovt/context_state.h"
#include "sparse_dct/coder.h"

namespace overtone::ovt::sparse_dct {

namespace coding = ::overtone::sparse_dct;

std::shared_ptr<const Data> load_context_state(Bytes bytes) {
  auto state = unpack_context_state(bytes, kContextState);
  try {
    const auto models = std::make_unique<coding::Models>(state->prior());
  } catch (const std::invalid_argument& error) {
    fail_corrupt(std::string(kContextState) + ": " + error.what());
  }
  return state;
}

Coefficients read_coefficients(const Work& work, const Header& header, Bytes stream) {
  const ovt_header& file = work.file.header;
  const int channels = work.channels();
  Coefficients found{{static_cast<int>(file.height), static_cast<int>(file.width), channels,
                      header.down, header.across},
                     {}};
  for (int coded = 0; coded < channels; ++coded) {
    // Cr comes before Cb.
    const int c = found.sampling.is_chroma(coded) ? 3 - coded : coded;
    const Table steps = header.steps(c, channels);
    coding::Component& component = found.components[static_cast<std::size_t>(coded)];
    component.height = num_blocks(found.sampling.rows(c));
    component.width = num_blocks(found.sampling.columns(c));
    component.kind = coding::kind_of(coded, channels);
    std::copy(steps.begin(), steps.end(), component.q_table);
    component.allocate();
  }
  const auto state = work.context.get<ContextState>(kContextState);
  const auto coder = std::make_unique<coding::Coder>(found.components, channels, state->prior());
  coding::BinaryDecoder decoder(stream.data(), stream.size());
  coding::DecodeBits bits{decoder};
  const bool is_prefix = header.is_prefix || work.file.is_prefix;
  const auto is_at_end = [&] {
    if (is_prefix) return decoder.is_past_end();
    if (decoder.is_cut()) fail_corrupt("coefficients end too early; the file is damaged");
    return false;
  };
  coder->run(bits, is_at_end, [&] { work.pulse(); });
  if (!is_prefix && !decoder.consumed_all())
    fail_corrupt("bytes follow the last coefficient; the file is damaged");
  for (coding::Component& component : found.components) {
    component.energy.clear();
    component.energy.shrink_to_fit();
  }
  return found;
}

}  // namespace overtone::ovt::sparse_dct

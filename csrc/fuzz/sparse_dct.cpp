// Any bytes as the coefficient stream of a picture of up to 8 x 8 blocks a component.
#include <memory>
#include <stdexcept>

#include "input.h"
#include "sparse_dct/coder.h"

using namespace overtone;
using namespace overtone::sparse_dct;

namespace {

const fuzz::BlankPrior& prior() {
  static const fuzz::BlankPrior blank = [] {
    auto models = std::make_unique<Models>();
    return fuzz::BlankPrior(models->elements(), models->predictor_weights().size());
  }();
  return blank;
}

void allocate(Component& component, int rows, int columns, Kind kind, fuzz::Input& in) {
  component.height = rows;
  component.width = columns;
  component.kind = kind;
  const int step = in.number(0, 255) * 257;  // of 16 bits
  for (int k = 0; k < kBands; ++k) component.q_table[k] = std::max(1, step >> (k % 16));
  component.allocate();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const int count = in.number(1, kMaxComponents);
  const int rows = in.number(1, 8), columns = in.number(1, 8), halves = in.number(0, 7);
  const bool is_prefix = (halves & 4) != 0;
  Components components;
  for (int c = 0; c < count; ++c) {
    const bool is_chroma = count >= 3 && (c == 1 || c == 2);
    const int tall = is_chroma && (halves & 1) ? (rows + 1) / 2 : rows;
    const int wide = is_chroma && (halves & 2) ? (columns + 1) / 2 : columns;
    const Kind kind = !is_chroma ? Kind::luma : c == 1 ? Kind::first_chroma : Kind::second_chroma;
    allocate(components[c], tall, wide, kind, in);
  }
  BinaryDecoder decoder(in.rest(), in.size());
  DecodeBits bits{decoder};
  const auto coder = std::make_unique<Coder>(components, count, prior().get());
  try {
    coder->run(
        bits,
        [&] {
          if (is_prefix) return decoder.is_past_end();
          if (decoder.is_cut()) throw std::runtime_error("coefficients end too early");
          return false;
        },
        [] {});
  } catch (const std::runtime_error&) {  // the bytes end before the picture does
  }
  return 0;
}

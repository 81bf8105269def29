// Any bytes as the coefficient stream of a picture of up to 72 x 72 pixels, decoded and evaluated
// on a grid.
#include <algorithm>
#include <stdexcept>

#include "input.h"
#include "tiled_dct/decoder.h"
#include "tiled_dct/render.h"

using namespace overtone;
using namespace overtone::tiled_dct;

namespace {

const fuzz::BlankPrior& prior() {
  static const fuzz::BlankPrior blank = [] {
    auto model = std::make_unique<Model>();
    return fuzz::BlankPrior(model->elements());
  }();
  return blank;
}

void evaluate(const RowDecoder& decoder, const Reconstruction& how, int count) {
  const Geometry& geometry = decoder.geometry();
  const int top = decoder.rows().front().y;
  std::vector<double> xs, ys;
  for (int i = 0; i < count; ++i) {
    xs.push_back((i + 0.5) * geometry.width / count);
    ys.push_back(std::min(top + (i + 0.5) * 2 * kMaxTile / count, geometry.height - 0.5));
  }
  std::vector<float> values(static_cast<std::size_t>(geometry.channels * count * count));
  render(decoder.rows(), geometry, how, {xs.data(), count, ys.data(), count}, values.data(), 1,
         Isa::baseline);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  Geometry geometry{};
  geometry.width = kMinTile * in.number(1, 9);
  geometry.height = kMinTile * in.number(1, 9);
  geometry.channels = in.number(1, kMaxChannels);
  const Reconstruction how{static_cast<double>(in.number(1, 255)), 0.1 * in.number(0, 40),
                           0.01 * in.number(0, 50), 0.01 * in.number(0, 50),
                           0.125 * in.number(0, 16)};
  const int count = in.number(1, 40);
  RowDecoder decoder(in.rest(), in.size(), geometry, prior().get());
  try {
    while (!decoder.is_done()) {
      decoder.decode_row([] {});
      evaluate(decoder, how, count);
    }
  } catch (const std::runtime_error&) {  // the bytes end before the picture does
  }
  return 0;
}

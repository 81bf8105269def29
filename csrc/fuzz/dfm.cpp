// Any bytes as the shape and the weights of a deep Fourier network, evaluated on a grid.
#include <cmath>
#include <cstring>
#include <vector>

#include "fourier/net.h"
#include "input.h"

using namespace overtone;
using namespace overtone::fourier;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  NetSpec spec;
  const int exponent = in.number(0, 16) - 8;
  spec.input_scales.clear();
  for (int i = 0, count = in.number(1, 5); i < count; ++i)
    spec.input_scales.push_back(std::ldexp(1.0f, exponent + i));
  for (int i = 0, depth = in.number(0, 5); i < depth; ++i) spec.hidden.push_back(in.number(1, 6));
  spec.num_outputs = in.number(1, kMaxOutputs);
  spec.residual = in.number(0, 1) != 0;
  spec.output = in.number(0, 1) != 0 ? Output::tanh : Output::linear;
  const Grid grid{-0.5,
                  0.01 * in.number(0, 255),
                  0.0,
                  0.3,
                  static_cast<std::size_t>(in.number(1, 40)),
                  static_cast<std::size_t>(in.number(1, 12))};
  Runner runner(Net(spec), 1, Isa::baseline);
  std::vector<float> weights(runner.net().num_weights());
  // Bytes that are left, again and again; a decoder lets no weight pass that is not finite.
  for (std::size_t i = 0; i < weights.size() && in.size() >= sizeof(float); ++i) {
    float weight;
    std::memcpy(&weight, in.rest() + i * sizeof(float) % (in.size() - sizeof(float) + 1),
                sizeof weight);
    if (std::isfinite(weight)) weights[i] = weight;
  }
  std::vector<std::uint8_t> pixels(grid.width * grid.height *
                                   static_cast<std::size_t>(spec.num_outputs));
  runner.render(weights.data(), Samples::on(grid), -1.0f, 1.0f, pixels.data());
  return 0;
}

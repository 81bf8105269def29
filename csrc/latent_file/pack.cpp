#include "pack.h"

#include <stdexcept>
#include <string>

#include "symbols.h"

namespace overtone::latent_file {
namespace {

constexpr int kIsWhole = 0;  // no flag is set

void append(std::vector<std::uint8_t>& bytes, int value) {
  auto left = static_cast<unsigned>(value);
  for (; left >= 0x80; left >>= 7) bytes.push_back(static_cast<std::uint8_t>(left | 0x80));
  bytes.push_back(static_cast<std::uint8_t>(left));
}

std::vector<std::uint8_t> head(const Spec& spec, const Start* start) {
  std::vector<std::uint8_t> bytes;
  const int number = start == nullptr ? 0 : start->number;
  for (const int value : {kIsWhole, number, static_cast<int>(spec.trunk), spec.num_mixed,
                          spec.num_residual_layers, spec.num_grids, spec.first_hyper_grid,
                          spec.num_context_layers, spec.num_neighbours, spec.num_features})
    append(bytes, value);
  if (spec.num_features > 0) {
    append(bytes, spec.num_feature_grids);
    append(bytes, spec.parent_side);
  }
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> pack(const Shapes& shapes, const Weights& weights, const Start* start,
                               const std::int8_t* symbols, Isa isa) {
  weights.check(shapes);
  if (start != nullptr && !start->fits(shapes.spec()))
    throw std::invalid_argument("start " + std::to_string(start->number) +
                                " is of networks of another size");
  std::vector<std::int8_t> own(symbols, symbols + shapes.num_symbols());
  for (const std::int8_t symbol : own)
    if (symbol < -kLargestSymbol)
      throw std::invalid_argument("symbols must be -127 to 127, got -128");
  const Laplace laplace;
  entropy::BinaryEncoder encoder;
  EncodeBits bits{encoder};
  const auto never = [] { return false; };
  Weights written = weights;
  code_weights(bits, shapes, laplace, start, written, never);
  const IntegerNets nets(shapes, weights);
  SymbolCoder(shapes, nets, laplace, isa).run(bits, own.data(), never, [] {});
  std::vector<std::uint8_t> bytes = head(shapes.spec(), start);
  const std::vector<std::uint8_t> stream = encoder.finish();
  bytes.insert(bytes.end(), stream.begin(), stream.end());
  return bytes;
}

}  // namespace overtone::latent_file

// The range decoder of the weights: 64-bit interval, 32-bit words, probabilities of 24 bits; see
// "Range code" in docs/format.md.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ovt/reader.h"
#include "tables.h"

namespace overtone::ovt::dfm {

class SymbolDecoder {
 public:
  explicit SymbolDecoder(Bytes data);

  // The next levels under a table: first all of their symbols, then the values of the escapes.
  // Throws OVT_CORRUPT where the bytes are no such code.
  void read(std::span<std::int32_t> levels, int table);
  // Checks that the bytes end where the symbols do.
  void finish() const;

 private:
  // What a table makes of 0 .. 2^24: symbol i from bounds[i] to bounds[i + 1].
  struct Model {
    std::vector<std::uint32_t> bounds;
    int max_level = 0;
  };

  const Model& model(int table);
  std::uint32_t next_word();
  // Where in 0 .. 2^24 - 1 the code is.
  std::uint32_t place() const;
  void narrow(std::uint32_t low, std::uint32_t high);
  std::uint32_t uniform(int width);
  std::int32_t escape(int max_level);

  Bytes data_;
  std::size_t position_ = 0;
  std::uint64_t low_ = 0, range_ = ~std::uint64_t{0}, point_ = 0;
  std::array<Model, kNumTables> models_;  // made when they are needed
};

}  // namespace overtone::ovt::dfm

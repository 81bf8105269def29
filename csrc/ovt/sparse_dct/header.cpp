#include "header.h"

#include <algorithm>

namespace overtone::ovt::sparse_dct {
namespace {

constexpr int kHalfRows = 1, kHalfColumns = 2, kIsPrefix = 4;

constexpr Field kFlags{"flags of sparse-dct", 0, 7};
constexpr Field kQuality{"quality", 0, 100};
constexpr Field kStep{"quantiser step", 1, 65535};
constexpr Field kNumTables{"number of tables", 1, 4};
constexpr Field kTable{"table of a component", 0, 3};

// Example tables of ITU-T T.81, annex K.1, raster order.
constexpr std::uint8_t kLuma[kBands] = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::uint8_t kChroma[kBands] = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
    99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};
constexpr int kMaxStandardStep = 255;

}  // namespace

Table Header::steps(int component, int channels) const {
  if (!tables.empty()) return tables[static_cast<std::size_t>(table_of[component])];
  const bool is_chroma = channels >= 3 && (component == 1 || component == 2);
  const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  Table table;
  for (std::size_t k = 0; k < kBands; ++k) {
    const auto& zigzag = ::overtone::sparse_dct::kZigzag;
    const int place = zigzag.v[k] * kBlock + zigzag.u[k];
    const int base = (is_chroma ? kChroma : kLuma)[place];
    table[k] =
        static_cast<std::uint16_t>(std::clamp((base * percent + 50) / 100, 1, kMaxStandardStep));
  }
  return table;
}

Header read_header(Reader& reader, int channels) {
  Header header;
  const int flags = kFlags.read(reader);
  header.quality = kQuality.read(reader);
  if (header.quality == 0) {
    const int count = kNumTables.read(reader);
    for (int i = 0; i < count; ++i) {
      Table& table = header.tables.emplace_back();
      for (std::uint16_t& step : table) step = static_cast<std::uint16_t>(kStep.read(reader));
    }
    for (int c = 0; c < channels; ++c) {
      const std::int64_t at = reader.offset();
      header.table_of.push_back(kTable.read(reader));
      if (header.table_of.back() >= count) {
        fail_corrupt("table " + std::to_string(header.table_of.back()) + " is not one of " +
                         std::to_string(count),
                     at);
      }
    }
  }
  header.down = (flags & kHalfRows) != 0 ? 2 : 1;
  header.across = (flags & kHalfColumns) != 0 ? 2 : 1;
  header.is_prefix = (flags & kIsPrefix) != 0;
  return header;
}

}  // namespace overtone::ovt::sparse_dct

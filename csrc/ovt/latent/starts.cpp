#include "starts.h"

#include <stdexcept>

#include "codec.h"
#include "ovt/inflate.h"

namespace overtone::ovt::latent {
namespace {

using namespace latent_file;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

// Of a picture of one pixel: what is left out has no part in the networks of a start.
Spec read_sizes(Reader& reader) {
  const Bytes sizes = reader.take(7, "sizes of a start");
  Spec spec;
  spec.height = spec.width = spec.channels = 1;
  spec.num_neighbours = sizes[0];
  spec.num_features = sizes[1];
  spec.num_context_layers = sizes[2];
  spec.parent_side = sizes[3];
  spec.num_grids = sizes[4];
  spec.first_hyper_grid = sizes[5];
  spec.num_feature_grids = sizes[6];
  return spec;
}

Start read_start(Reader& reader, int number) {
  const std::uint32_t rd_weight = reader.uint32("weight of the rate of a start");
  Start start{number, rd_weight, Shapes(read_sizes(reader)), {}};
  const std::size_t count = num_shared(start.shapes);
  const Bytes values = reader.take(2 * count, "values of a start");
  for (std::size_t i = 0; i < count; ++i)
    start.values.push_back(static_cast<std::int16_t>(values[2 * i] | values[2 * i + 1] << 8));
  return start;
}

}  // namespace

const Start* Starts::of(const Head& head, std::int64_t offset) const {
  const auto number = static_cast<std::size_t>(head.start);
  const auto refuse = [&](const std::string& why) {
    fail_corrupt("head of the machine: start " + std::to_string(number) + why, offset);
  };
  if (number > entries.size()) refuse(" of " + std::to_string(entries.size()));
  const Start& start = entries[number - 1];
  if (!start.fits(head.spec)) refuse(" is of networks of another size");
  return &start;
}

std::shared_ptr<const Data> load_starts(Bytes bytes) {
  const std::vector<std::uint8_t> raw = unpack_zlib(bytes, kMaxBytes, kStarts);
  auto starts = std::make_shared<Starts>();
  try {
    Reader reader(raw, 0, kStarts);
    const int count = reader.take(1, "number of starts")[0];
    for (int number = 1; number <= count; ++number)
      starts->entries.push_back(read_start(reader, number));
    reader.finish();
  } catch (const Failure& failure) {
    // Data that ends early is not a file that does.
    fail_corrupt(failure.text);
  } catch (const std::invalid_argument& error) {
    fail_corrupt(std::string(kStarts) + ": " + error.what());
  }
  return starts;
}

}  // namespace overtone::ovt::latent

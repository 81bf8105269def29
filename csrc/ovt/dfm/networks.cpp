#include "networks.h"

#include <algorithm>
#include <cmath>

#include "range_decoder.h"

namespace overtone::ovt::dfm {
namespace {

constexpr Field kKind{"kind of weights", 0, 1};
constexpr Field kColumns{"tile columns", 1, 1 << 12};
constexpr Field kRows{"tile rows", 1, 1 << 12};
constexpr Field kMargin{"tile margin", 0, 255};
constexpr Field kFirstExponent{"exponent of the first input scale", -8, 8};
constexpr Field kNumInputScales{"number of input scales", 1, 5};
constexpr Field kNumHidden{"number of hidden layers", 0, 64};
constexpr Field kWidth{"width of a hidden layer", 1, 10};
constexpr Field kFlags{"residual and tanh flags", 0, 3};
constexpr Field kTable{"probability table", 0, kNumTables - 1};
constexpr Field kShape{"shape of a probability table", 0, kNumShapes - 1};

constexpr std::uint64_t kMaxWeights = 1 << 24;              // of all tiles together
constexpr std::uint64_t kFreeWeights = 1 << 21;             // that a picture of any size may have
constexpr std::uint64_t kWeightsAPixel = 4;                 // beyond those
constexpr int kTilePixels = 8;                              // least side of a tile, about
constexpr std::uint64_t kMaxWork = std::uint64_t{1} << 41;  // weights times pixels
constexpr std::uint64_t kLayerWork = 1 << 18;               // what a layer of a tile takes besides

constexpr double kStepsPerOctave = 4;

// A smooth step from 0 at -margin to 1 at margin; rise(-d) = 1 - rise(d).
double rise(double distance, int margin) {
  if (margin == 0) return 0.5 + 0.5 * ((distance > 0) - (distance < 0));
  const double t = std::clamp(0.5 + 0.5 * distance / margin, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

void check_limits(const Plan& plan, const fourier::Net& net) {
  const auto pixels = std::uint64_t(plan.horizontal.length) * std::uint64_t(plan.vertical.length);
  const std::uint64_t tiles = plan.num_tiles(), weights = net.num_weights();
  const std::uint64_t layers = net.layers().size();
  const std::uint64_t limit =
      std::min(kMaxWeights, std::max(kFreeWeights, kWeightsAPixel * pixels));
  const std::string networks =
      std::to_string(tiles) + " networks of " + std::to_string(weights) + " weights";
  if (tiles * weights > limit) {
    fail(OVT_LIMIT_EXCEEDED, networks + " are over the limit of " + std::to_string(limit) +
                                 " weights for " + std::to_string(pixels) + " pixels");
  }
  if (pixels * weights + tiles * layers * kLayerWork > kMaxWork) {
    fail(OVT_LIMIT_EXCEEDED, std::to_string(pixels) + " pixels of " + networks + " and " +
                                 std::to_string(layers) + " layers take too long to evaluate");
  }
}

TileAxis checked_axis(std::uint32_t side, int count, int margin) {
  const auto length = static_cast<int>(side);
  if (count > std::max(1, (length + kTilePixels / 2) / kTilePixels) ||
      2 * margin * count > length) {
    fail_corrupt(std::to_string(count) + " tiles with margin " + std::to_string(margin) +
                 " do not fit " + std::to_string(length) + " pixels; a tile has about " +
                 std::to_string(kTilePixels) + " at least");
  }
  return {length, count, margin};
}

// Section 0, checked against the limits before anything is allocated.
Plan read_plan(const Container& file) {
  if (file.sections.size() != 2)
    fail_corrupt("a dfm file has 2 sections, this one " + std::to_string(file.sections.size()));
  Reader reader = file.reader(0);
  Plan plan{};
  plan.is_quantised = kKind.read(reader) != 0;
  const int columns = kColumns.read(reader), rows = kRows.read(reader);
  const int margin_x = kMargin.read(reader), margin_y = kMargin.read(reader);
  const int exponent = kFirstExponent.read(reader), num_scales = kNumInputScales.read(reader);
  plan.spec.input_scales.clear();
  for (int i = 0; i < num_scales; ++i)
    plan.spec.input_scales.push_back(std::ldexp(1.0f, exponent + i));
  const int num_hidden = kNumHidden.read(reader);
  for (int i = 0; i < num_hidden; ++i) plan.spec.hidden.push_back(kWidth.read(reader));
  const int flags = kFlags.read(reader);
  reader.finish();
  plan.spec.num_outputs = static_cast<int>(file.header.channels);
  plan.spec.residual = (flags & 1) != 0;
  plan.spec.output = (flags & 2) != 0 ? fourier::Output::tanh : fourier::Output::linear;
  plan.horizontal = checked_axis(file.header.width, columns, margin_x);
  plan.vertical = checked_axis(file.header.height, rows, margin_y);
  check_limits(plan, fourier::Net(plan.spec));
  return plan;
}

void read_raw(Reader& reader, Networks& networks) {
  const std::size_t count = networks.plan.num_tiles() * networks.num_weights;
  Reader weights(reader.take(sizeof(float) * count, "float32 weights"));
  reader.finish();
  networks.weights.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    networks.weights.push_back(__builtin_bit_cast(float, weights.uint32("weight")));
    if (!std::isfinite(networks.weights.back()))
      fail_corrupt("a weight is not a finite number", reader.offset());
  }
}

// Values of all tiles, `width` each, stored as differences to the tile before.
struct Side {
  const char* what;
  int first, highest;
  std::size_t width;
  int table = 0;
  std::vector<std::int32_t> values{};
};

void read_side(SymbolDecoder& decoder, Side& side, std::size_t tiles, std::int64_t offset) {
  side.values.resize(tiles * side.width);
  decoder.read(side.values, side.table);
  std::vector<std::int64_t> sums(side.width, side.first);
  bool fits = true;
  for (std::size_t i = 0; i < side.values.size(); ++i) {
    std::int64_t& sum = sums[i % side.width];
    sum += side.values[i];
    fits = fits && sum >= 0 && sum <= side.highest;
    side.values[i] = static_cast<std::int32_t>(sum);
  }
  if (!fits) {
    fail_corrupt(std::string("a ") + side.what + " is not in 0.." + std::to_string(side.highest),
                 offset);
  }
}

// The layers of one tile: levels times steps.
void read_tile(SymbolDecoder& decoder, const fourier::Net& net, const std::int32_t* tables,
               const std::int32_t* steps, std::vector<std::int32_t>& levels, float* to) {
  for (std::size_t l = 0; l < net.layers().size(); ++l) {
    const fourier::Layer& layer = net.layers()[l];
    // The sines of k = 0 have no effect and are not stored.
    const std::size_t cosines = layer.size() / 2, dead = static_cast<std::size_t>(layer.outputs);
    levels.resize(layer.size() - dead);
    decoder.read(levels, tables[l]);
    const double step = std::exp2(-steps[l] / kStepsPerOctave);
    float* own = to + layer.offset;
    std::size_t next = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      const bool is_dead = i >= cosines && i < cosines + dead;
      own[i] = is_dead ? 0.0f : static_cast<float>(levels[next++] * step);
    }
  }
}

void read_quantised(Reader& reader, const fourier::Net& net, Networks& networks, Pulse& pulse) {
  const std::size_t tiles = networks.plan.num_tiles(), num_layers = net.layers().size();
  const auto outputs = static_cast<std::size_t>(networks.plan.spec.num_outputs);
  Side means{"mean colour", 128, 255, outputs}, steps{"step index", 32, 80, num_layers};
  Side scales{"table scale", 20, kNumScales - 1, num_layers};
  for (Side* side : {&means, &steps, &scales}) side->table = kTable.read(reader);
  std::vector<int> shapes;
  for (std::size_t l = 0; l < num_layers; ++l) shapes.push_back(kShape.read(reader));
  if (reader.remaining() == 0)
    fail(OVT_TRUNCATED, "the range code of the weights is missing", reader.offset());
  SymbolDecoder decoder(reader.take(reader.remaining(), "range code"));
  for (Side* side : {&means, &steps, &scales}) read_side(decoder, *side, tiles, reader.offset());
  networks.weights.resize(tiles * networks.num_weights);
  std::vector<std::int32_t> levels, tables(num_layers);
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    pulse();
    for (std::size_t l = 0; l < num_layers; ++l)
      tables[l] = shapes[l] * kNumScales + scales.values[tile * num_layers + l];
    read_tile(decoder, net, tables.data(), steps.values.data() + tile * num_layers, levels,
              networks.weights.data() + tile * networks.num_weights);
  }
  decoder.finish();
  for (std::size_t i = 0; i < networks.means.size(); ++i)
    networks.means[i] = static_cast<float>(means.values[i] / 255.0);
}

}  // namespace

double TileAxis::local(int index, double position) const {
  const double low = border(index) - (index > 0 ? margin : 0);
  const double high = border(index + 1) + (index < count - 1 ? margin : 0);
  return (position - low) / (high - low);
}

double TileAxis::share(int index, double position) const {
  double share = 1;
  if (index > 0) share *= rise(position - border(index), margin);
  if (index < count - 1) share *= rise(border(index + 1) - position, margin);
  return share;
}

Networks read_networks(const Work& work) {
  Networks networks{read_plan(work.file), 0, {}, {}};
  const fourier::Net net(networks.plan.spec);
  networks.num_weights = net.num_weights();
  Reader reader = work.file.reader(1);
  networks.means.assign(
      networks.plan.num_tiles() * static_cast<std::size_t>(networks.plan.spec.num_outputs), 0.0f);
  if (networks.plan.is_quantised) {
    read_quantised(reader, net, networks, work.pulse);
  } else {
    read_raw(reader, networks);
  }
  return networks;
}

}  // namespace overtone::ovt::dfm

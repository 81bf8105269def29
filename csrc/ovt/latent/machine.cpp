#include "machine.h"

#include <stdexcept>

#include "codec.h"
#include "latent_file/symbols.h"
#include "starts.h"

namespace overtone::ovt::latent {

using namespace latent_file;

namespace {

constexpr Field kFlags{"flags of dfm-latent", 0, 1};
constexpr Field kStart{"start of the networks", 0, kMaxStarts};
constexpr Field kTrunk{"trunk", 0, 3};
constexpr Field kMixed{"units of the trunk", 0, kMaxHidden};
constexpr Field kResidualLayers{"residual layers", 0, kMaxResidualLayers};
constexpr Field kGrids{"number of grids", 2, kMaxSynthesisGrids};
constexpr Field kHyperGrid{"first level with a hyper grid", 1, kMaxSynthesisGrids};
constexpr Field kContextLayers{"layers of the context network", 1, kMaxContextLayers};
constexpr Field kNeighbourCount{"neighbours of a context", 1, kMaxNeighbours};
constexpr Field kFeatureCount{"features of a context", 0, kMaxFeatures};
constexpr Field kFeatureGrids{"grids with features", 1, kMaxSynthesisGrids - 1};
constexpr Field kParentSide{"side of the window on the parent grid", 1, 3};

}  // namespace

Head read_head(Reader& reader, const ovt_header& header) {
  const std::int64_t start = reader.offset();
  Head head{kFlags.read(reader) != 0, 0, {}};
  Spec& spec = head.spec;
  head.start = kStart.read(reader);
  spec.height = static_cast<int>(header.height);
  spec.width = static_cast<int>(header.width);
  spec.channels = static_cast<int>(header.channels);
  spec.trunk = static_cast<Trunk>(kTrunk.read(reader));
  spec.num_mixed = kMixed.read(reader);
  spec.num_residual_layers = kResidualLayers.read(reader);
  spec.num_grids = kGrids.read(reader);
  spec.first_hyper_grid = kHyperGrid.read(reader);
  spec.num_context_layers = kContextLayers.read(reader);
  spec.num_neighbours = kNeighbourCount.read(reader);
  spec.num_features = kFeatureCount.read(reader);
  if (spec.num_features > 0) {
    spec.num_feature_grids = kFeatureGrids.read(reader);
    spec.parent_side = kParentSide.read(reader);
  }
  try {
    spec.check();
  } catch (const std::invalid_argument& error) {
    fail_corrupt(std::string("head of the machine: ") + error.what(), start);
  }
  return head;
}

Machine read_machine(const Work& work) {
  Reader reader = work.file.reader(0);
  const std::int64_t offset = reader.offset();
  const Head head = read_head(reader, work.file.header);
  // The context, which outlives this, keeps it.
  const Start* start =
      head.start == 0 ? nullptr : work.context.get<Starts>(kStarts)->of(head, offset);
  Machine machine{Shapes(head.spec), {}, head.start, false, {}};
  const Bytes stream = reader.take(reader.remaining(), "networks and symbols");
  entropy::BinaryDecoder decoder(stream.data(), stream.size());
  DecodeBits bits{decoder};
  const bool is_prefix = head.is_prefix || work.file.is_prefix;
  const auto is_over = [&] {
    if (is_prefix) return decoder.is_past_end();
    if (decoder.is_cut()) fail_corrupt("symbols end too early; the file is damaged");
    return false;
  };
  const Laplace laplace;
  try {
    machine.has_weights =
        code_weights(bits, machine.shapes, laplace, start, machine.weights, is_over);
  } catch (const std::invalid_argument& error) {
    fail_corrupt(std::string("networks: ") + error.what());
  }
  if (!machine.has_weights) return machine;
  machine.symbols.resize(machine.shapes.num_symbols());
  const IntegerNets nets(machine.shapes, machine.weights);
  SymbolCoder coder(machine.shapes, nets, laplace, work.isa);
  coder.run(bits, machine.symbols.data(), is_over, [&] { work.pulse(); });
  if (!is_prefix && !decoder.consumed_all())
    fail_corrupt("bytes follow the last symbol; the file is damaged");
  return machine;
}

}  // namespace overtone::ovt::latent

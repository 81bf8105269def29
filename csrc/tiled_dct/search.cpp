#include "search.h"

#include "analysis.h"
#include "tile.h"

namespace overtone::tiled_dct {

namespace {

constexpr double kImpossible = 1e300;  // cost

struct Candidate {
  double cost = 0;
  Tile tile{};
  int last_classes[kMaxChannels] = {};
  int dc_levels[kMaxChannels] = {};
  std::vector<Level> levels;  // channel-major, n*n each; [0] is the DC residual
};

}  // namespace

class PictureEncoder::Search {
 public:
  Search(const Geometry& g, const EncodeSettings& s, const Prior& prior)
      : geometry_(g), settings_(s), analyser_(s.overlap), near_(g), model_(prior),
        blocks_(std::make_unique<LevelBlock[]>(kMaxChannels)),
        quantiser_(model_, blocks_.get(), settings_), bits_{encoder_} {}

  int first_row() const { return std::max(0, row_ - analyser_.reach()); }
  int end_row() const { return std::min(geometry_.height, row_ + kMaxTile + analyser_.reach()); }

  // Chooses and codes one row of superblocks.
  void encode_row(const Strip& strip) {
    strip_ = strip;
    for (int x = 0; x < geometry_.width; x += kMaxTile) {
      const auto boundaries = near_.boundaries(x);
      std::vector<Candidate> leaves;
      std::vector<int> splits;
      choose(x, row_, kMaxLog2, leaves, splits);
      near_.restore(x, boundaries);
      std::size_t leaf = 0, split = 0;
      commit(x, row_, kMaxLog2, leaves, leaf, splits, split);
    }
    row_ += kMaxTile;
  }

  std::vector<std::uint8_t> finish() { return encoder_.finish(); }
  std::size_t size_bytes() const { return encoder_.size_bytes(); }
  Model& model() { return model_; }

 private:
  // Best coding of the square: its leaves in order and the split bits taken. Returns cost.
  double choose(int x, int y, int log2n, std::vector<Candidate>& leaves, std::vector<int>& splits) {
    if (x >= geometry_.width || y >= geometry_.height) return 0;
    const bool fits = geometry_.fits(x, y, log2n);
    const bool may_leaf = fits && log2n <= settings_.max_log2;
    const bool may_split = log2n > kMinLog2 && (!may_leaf || log2n > settings_.min_log2);
    const bool has_bit = fits && log2n > kMinLog2;
    Candidate leaf;
    double leaf_cost = kImpossible, split_cost = kImpossible;
    if (may_leaf) {
      leaf = evaluate(x, y, log2n);
      leaf_cost = leaf.cost + (has_bit ? split_bit_cost(x, y, log2n, 0) : 0);
    }
    std::vector<Candidate> child_leaves;
    std::vector<int> child_splits;
    if (may_split) {
      const int half = 1 << (log2n - 1);
      split_cost = has_bit ? split_bit_cost(x, y, log2n, 1) : 0;
      for (int q = 0; q < 4; ++q) {
        split_cost +=
            choose(x + (q & 1) * half, y + (q >> 1) * half, log2n - 1, child_leaves, child_splits);
        if (split_cost >= leaf_cost) break;
      }
    }
    if (leaf_cost <= split_cost) {
      place(leaf);
      if (log2n > kMinLog2) splits.push_back(0);
      leaves.push_back(std::move(leaf));
      return leaf_cost;
    }
    if (fits) splits.push_back(1);
    splits.insert(splits.end(), child_splits.begin(), child_splits.end());
    for (auto& c : child_leaves) leaves.push_back(std::move(c));
    return split_cost;
  }

  double split_bit_cost(int x, int y, int log2n, int is_split) {
    CountBits count;
    code_split(count, model_, log2n, near_.at(x - 1, y), near_.at(x, y - 1), is_split);
    return settings_.rd_weight * count.total;
  }

  void place(const Candidate& c) {
    load(c);
    remember(near_.context(c.tile.x, c.tile.y, c.tile.log2n, geometry_.channels), c);
  }

  // Leaves what later tiles see of the tile in the blocks.
  void remember(const TileContext& tile, const Candidate& c) {
    Profile profile;
    describe_tile(tile, blocks_.get(), c.last_classes, profile);
    near_.place(c.tile.x, c.tile.y, profile);
    for (int ch = 0; ch < geometry_.channels; ++ch) {
      near_.place_edges(c.tile.x, c.tile.y, c.tile.log2n, ch, blocks_[ch].level, c.dc_levels[ch],
                        diagonals_of_class(c.last_classes[ch], c.tile.log2n));
    }
  }

  void load(const Candidate& c) {
    const int n = 1 << c.tile.log2n;
    for (int ch = 0; ch < geometry_.channels; ++ch) {
      LevelBlock& block = blocks_[ch];
      block.clear(n);
      std::memcpy(block.level, c.levels.data() + ch * n * n,
                  sizeof(Level) * static_cast<std::size_t>(n * n));
      for (int v = 0; v < n; ++v) {
        for (int u = 0; u < n; ++u) *block.at(u, v) = std::abs(block.level[v * n + u]);
      }
    }
  }

  Candidate evaluate(int x, int y, int log2n) {
    const int n = 1 << log2n;
    Candidate out;
    out.tile.x = x;
    out.tile.y = y;
    out.tile.log2n = log2n;
    out.levels.assign(static_cast<std::size_t>(n * n * geometry_.channels), 0);
    const TileContext tile = near_.context(x, y, log2n, geometry_.channels);
    float coefficients[kMaxTile * kMaxTile];
    for (int c = 0; c < geometry_.channels; ++c) {
      const PlaneView plane{
          strip_.data + static_cast<std::ptrdiff_t>(c) * strip_.rows * geometry_.width,
          geometry_.width, geometry_.height, strip_.top};
      analyser_.analyse(plane, x, y, log2n, coefficients);
      const float scale = static_cast<float>(1.0 / settings_.step);
      for (int i = 0; i < n * n; ++i) coefficients[i] *= scale;
      BoundaryResidual boundary = near_.boundary(x, y, log2n, c);
      const int prediction = predict_dc(boundary, log2n - kMinLog2);
      boundary.explain(0, 0, prediction, log2n - kMinLog2);
      coefficients[0] -= static_cast<float>(prediction);
      out.cost += quantiser_.quantise(tile, c, coefficients, boundary, out.last_classes);
      out.dc_levels[c] = prediction + blocks_[c].level[0];
      std::memcpy(out.levels.data() + c * n * n, blocks_[c].level,
                  sizeof(Level) * static_cast<std::size_t>(n * n));
      out.tile.diagonals[c] = diagonals_of_class(out.last_classes[c], log2n);
    }
    return out;
  }

  void commit(int x, int y, int log2n, std::vector<Candidate>& leaves, std::size_t& leaf,
              const std::vector<int>& splits, std::size_t& split) {
    if (x >= geometry_.width || y >= geometry_.height) return;
    bool is_split = !geometry_.fits(x, y, log2n);
    if (!is_split && log2n > kMinLog2) {
      is_split = splits[split++];
      code_split(bits_, model_, log2n, near_.at(x - 1, y), near_.at(x, y - 1), is_split);
    }
    if (is_split) {
      const int half = 1 << (log2n - 1);
      for (int q = 0; q < 4; ++q) {
        commit(x + (q & 1) * half, y + (q >> 1) * half, log2n - 1, leaves, leaf, splits, split);
      }
      return;
    }
    Candidate& c = leaves[leaf++];
    const TileContext tile = near_.context(x, y, log2n, geometry_.channels);
    load(c);
    BoundaryResidual boundaries[kMaxChannels];
    for (int ch = 0; ch < geometry_.channels; ++ch)
      boundaries[ch] = near_.boundary(x, y, log2n, ch);
    code_tile(bits_, model_, tile, blocks_.get(), c.last_classes, boundaries, c.dc_levels);
    remember(tile, c);
  }

  Strip strip_{};
  Geometry geometry_;
  EncodeSettings settings_;
  Analyser analyser_;
  Neighbourhood near_;
  Model model_;
  std::unique_ptr<LevelBlock[]> blocks_;
  Quantiser quantiser_;
  BinaryEncoder encoder_;
  EncodeBits bits_;
  int row_ = 0;
};

PictureEncoder::PictureEncoder(const Geometry& geometry, const EncodeSettings& settings,
                               const Prior& prior)
    : search_(std::make_unique<Search>(geometry, settings, prior)) {}
PictureEncoder::~PictureEncoder() = default;
int PictureEncoder::first_row() const { return search_->first_row(); }
int PictureEncoder::end_row() const { return search_->end_row(); }
void PictureEncoder::encode_row(const Strip& strip) { search_->encode_row(strip); }
std::vector<std::uint8_t> PictureEncoder::finish() { return search_->finish(); }
std::size_t PictureEncoder::size_bytes() const { return search_->size_bytes(); }
Model& PictureEncoder::model() { return search_->model(); }

}  // namespace overtone::tiled_dct

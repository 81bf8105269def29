#include "evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ovt/pixels.h"

namespace overtone::ovt::sparse_dct {
namespace {

namespace coding = ::overtone::sparse_dct;

constexpr double kPi = 3.14159265358979323846;
constexpr double kMidLevel = 128;
using Weights = std::array<double, kBlock>;  // of the cosines

// Places of an axis: the block of each, and the weights of the block's cosines.
struct Term {
  std::vector<int> blocks;
  std::vector<Weights> weights;
};

double norm_of(int k) { return std::sqrt((k == 0 ? 1.0 : 2.0) / kBlock); }

// Orthonormal cosines at a place 0..8 of a block.
Weights cosines(double x) {
  Weights out;
  for (int k = 0; k < kBlock; ++k)
    out[static_cast<std::size_t>(k)] = norm_of(k) * std::cos(kPi / kBlock * k * x);
  return out;
}

// Their integrals from the block's edge to x.
Weights integrals(double x) {
  Weights out;
  out[0] = norm_of(0) * x;
  for (int k = 1; k < kBlock; ++k) {
    const double turn = k * (kPi / kBlock);
    out[static_cast<std::size_t>(k)] = norm_of(k) * (std::sin(turn * x) / turn);
  }
  return out;
}

Term term_at(const std::vector<double>& places, Weights (*function)(double)) {
  Term term;
  for (const double place : places) {
    term.blocks.push_back(std::max(static_cast<int>(std::ceil(place / kBlock)) - 1, 0));
    term.weights.push_back(function(place - term.blocks.back() * kBlock));
  }
  return term;
}

// Where one axis of a view samples the series. Outputs closer together than samples of the
// component are points of the series. Outputs further apart are its means over their share of the
// axis, so that a smaller picture is not aliased: a difference of two integrals, to which whole
// blocks add their constant component only.
struct Axis {
  std::vector<Term> terms;
  std::vector<double> whole_blocks;  // weight of the constant components between the two; or empty

  Axis(double start, double length, std::size_t count, int num_samples) {
    const double step = length / static_cast<double>(count);
    const auto edge = [&](std::size_t i) { return start + static_cast<double>(i) * step; };
    const double limit = num_samples;
    std::vector<double> low(count), high(count);
    if (step <= 1) {
      for (std::size_t i = 0; i < count; ++i)
        low[i] = std::clamp((edge(i) + edge(i + 1)) / 2, 0.5, limit - 0.5);
      terms = {term_at(low, cosines)};
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      low[i] = std::clamp(edge(i), 0.0, limit);
      high[i] = std::max(std::clamp(edge(i + 1), 0.0, limit), low[i] + 1e-6);
    }
    terms = {term_at(low, integrals), term_at(high, integrals)};
    for (std::size_t i = 0; i < count; ++i) {
      const double width = high[i] - low[i];
      for (double& weight : terms[0].weights[i]) weight = -weight / width;
      for (double& weight : terms[1].weights[i]) weight /= width;
      whole_blocks.push_back(kBlock / std::sqrt(double{kBlock}) / width);
    }
  }

  std::size_t size() const { return terms[0].blocks.size(); }
  int first_block() const {
    int first = terms[0].blocks[0];
    for (const Term& term : terms)
      first = std::min(first, *std::min_element(term.blocks.begin(), term.blocks.end()));
    return first;
  }
  int last_block() const {
    int last = 0;
    for (const Term& term : terms)
      last = std::max(last, *std::max_element(term.blocks.begin(), term.blocks.end()));
    return last;
  }
};

// One row of blocks, summed along: value [v][output column].
void sum_along(const coding::Component& own, int row, const Axis& axis, int left, int right,
               std::vector<double>& blocks, double* to) {
  const auto count = static_cast<std::size_t>(right - left + 1);
  blocks.resize(count * kBands);  // [block][v][u]
  for (int k = 0; k < kBands; ++k) {
    const coding::Level* levels = own.band(k) + own.at(row, left);
    const std::size_t place = coding::kZigzag.v[k] * kBlock + coding::kZigzag.u[k];
    for (std::size_t b = 0; b < count; ++b)
      blocks[b * kBands + place] = static_cast<double>(levels[b]) * own.q_table[k];
  }
  const std::size_t outputs = axis.size();
  std::fill_n(to, kBlock * outputs, 0.0);
  for (const Term& term : axis.terms) {
    for (std::size_t n = 0; n < outputs; ++n) {
      const double* block =
          blocks.data() + static_cast<std::size_t>(term.blocks[n] - left) * kBands;
      for (std::size_t v = 0; v < kBlock; ++v) {
        double sum = 0;
        for (std::size_t u = 0; u < kBlock; ++u) sum += block[v * kBlock + u] * term.weights[n][u];
        to[v * outputs + n] += sum;
      }
    }
  }
  if (axis.whole_blocks.empty()) return;
  std::vector<double> sums(count + 1);  // of the constant components before each block
  for (std::size_t v = 0; v < kBlock; ++v) {
    for (std::size_t b = 0; b < count; ++b) sums[b + 1] = sums[b] + blocks[b * kBands + v * kBlock];
    for (std::size_t n = 0; n < outputs; ++n) {
      const double whole = sums[static_cast<std::size_t>(axis.terms[1].blocks[n] - left)] -
                           sums[static_cast<std::size_t>(axis.terms[0].blocks[n] - left)];
      to[v * outputs + n] += whole * axis.whole_blocks[n];
    }
  }
}

// Sums blocks down the columns, one row of blocks after the other, so that none has to be kept.
class Column {
 public:
  Column(const Axis& rows, std::size_t width)
      : values(rows.size() * width), rows_(rows), width_(width) {
    if (rows.whole_blocks.empty()) return;
    above_.resize(width);
    above_first_.resize(values.size());
  }

  // `line`, [v][column], is what sum_along makes of the row of blocks.
  void add(int row, const double* line) {
    for (std::size_t t = 0; t < rows_.terms.size(); ++t) {
      const Term& term = rows_.terms[t];
      // Blocks of an axis ascend.
      for (; next_[t] < rows_.size() && term.blocks[next_[t]] == row; ++next_[t]) {
        add_term(term, next_[t], line);
        if (!above_.empty()) add_whole_blocks(t, next_[t]);
      }
    }
    for (std::size_t n = 0; n < above_.size(); ++n) above_[n] += line[n];
  }

  std::vector<double> values;  // [output row][output column]

 private:
  void add_term(const Term& term, std::size_t j, const double* line) {
    double* to = values.data() + j * width_;
    for (std::size_t v = 0; v < kBlock; ++v)
      for (std::size_t n = 0; n < width_; ++n) to[n] += term.weights[j][v] * line[v * width_ + n];
  }

  // The blocks between the two terms of an output: those above the second but not the first.
  void add_whole_blocks(std::size_t t, std::size_t j) {
    double* first = above_first_.data() + j * width_;
    if (t == 0) {
      std::copy(above_.begin(), above_.end(), first);
      return;
    }
    double* to = values.data() + j * width_;
    for (std::size_t n = 0; n < width_; ++n)
      to[n] += (above_[n] - first[n]) * rows_.whole_blocks[j];
  }

  const Axis& rows_;
  const std::size_t width_;
  std::size_t next_[2] = {};         // output of each term whose block has not come yet
  std::vector<double> above_;        // sums of the constant components of the blocks so far
  std::vector<double> above_first_;  // those above the first term of each output
};

// Values [output row][output column] of a component.
std::vector<double> plane_of(const coding::Component& own, const Axis& rows, const Axis& columns,
                             Pulse& pulse) {
  const int left = columns.first_block(), right = columns.last_block();
  std::vector<double> blocks, line(kBlock * columns.size());
  Column column(rows, columns.size());
  for (int row = rows.first_block(); row <= rows.last_block(); ++row) {
    pulse();
    sum_along(own, row, columns, left, right, blocks, line.data());
    column.add(row, line.data());
  }
  return std::move(column.values);
}

}  // namespace

std::vector<std::uint8_t> evaluate(const Coefficients& from, const ovt_view& view, int top,
                                   int bottom, Pulse& pulse) {
  const Sampling& sampling = from.sampling;
  const auto height = static_cast<std::size_t>(bottom - top);
  const double scale = view.height / view.out_height;
  const double y = view.y + top * scale, box = static_cast<double>(height) * scale;
  std::vector<std::vector<double>> planes;
  for (int c = 0; c < sampling.channels; ++c) {
    const int down = sampling.down_of(c), across = sampling.across_of(c);
    const Axis rows(y / down, box / down, height, sampling.rows(c));
    const Axis columns(view.x / across, view.width / across, view.out_width, sampling.columns(c));
    planes.push_back(plane_of(from.component(c), rows, columns, pulse));
  }
  const auto channels = static_cast<std::size_t>(sampling.channels);
  const std::size_t count = height * view.out_width;
  std::vector<std::uint8_t> pixels(count * channels);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* to = pixels.data() + i * channels;
    std::size_t c = 0;
    if (channels >= 3) {  // JFIF (ITU-T T.871)
      const double luma = planes[0][i] + kMidLevel, blue = planes[1][i], red = planes[2][i];
      to[0] = to_level(luma + 1.402 * red);
      to[1] = to_level(luma - 0.344136286 * blue - 0.714136286 * red);
      to[2] = to_level(luma + 1.772 * blue);
      c = 3;
    }
    for (; c < channels; ++c) to[c] = to_level(planes[c][i] + kMidLevel);
  }
  return pixels;
}

}  // namespace overtone::ovt::sparse_dct

// Rows doubled by a symmetric kernel of eight taps, and rows smoothed by one of seven. Each is
// applied along both axes, first between rows. Taps are given once for both halves.
#include "kernels.h"
#include "rows.h"

namespace overtone::latent::OVERTONE_ISA {
namespace {

constexpr int kMargin = kMaxLanes;  // before and after a row in scratch memory

int padded(int count) { return (count + kLanes - 1) / kLanes * kLanes; }

struct Row {
  float* data;
  Row(float*& memory, int count) : data(memory + kMargin) { memory += padded(count) + 3 * kMargin; }
};

// Taps are in the order of the rows, four or (seven) mirrored ones.
void filter_four(Rows rows, const float* taps, int count, float* out) {
  for (int i = 0; i < count; i += kLanes)
    store(out + i, taps[0] * load(rows[0] + i) + taps[1] * load(rows[1] + i) +
                       taps[2] * load(rows[2] + i) + taps[3] * load(rows[3] + i));
}

void extend(float* row, int count) {
  for (int i = 1; i <= kMargin; ++i) row[-i] = row[0];
  for (int i = 0; i < kMargin; ++i) row[count + i] = row[count - 1];
}

void double_row(Rows rows, const float* taps, int num_in, float* out, float* memory) {
  float* row = Row(memory, num_in).data;
  filter_four(rows, taps, num_in, row);
  extend(row, num_in);
  for (int p = 0; p < num_in; p += kLanes) {
    const Vec a = load(row + p - 2), b = load(row + p - 1), c = load(row + p),
              d = load(row + p + 1), e = load(row + p + 2);
    store_woven(out + 2 * p, taps[0] * a + taps[2] * b + taps[3] * c + taps[1] * d,
                taps[1] * b + taps[3] * c + taps[2] * d + taps[0] * e);
  }
}

void double_row_back(Rows rows, const float* taps, int num_in, const float* gradient, int num_out,
                     float* out, float* sums, float* memory) {
  float* row = Row(memory, num_in).data;
  filter_four(rows, taps, num_in, row);
  extend(row, num_in);
  float* even = Row(memory, num_in).data;
  float* odd = Row(memory, num_in).data;
  float* wide = Row(memory, num_in + 4).data;
  float* own = Row(memory, num_in).data;
  for (int p = 0; p < num_in; p += kLanes) {
    store(even + p, every_second<0>(gradient + 2 * p));
    store(odd + p, every_second<1>(gradient + 2 * p));
  }
  for (float* each : {even, odd}) clear(each, -kMargin, 0);
  clear(even, (num_out + 1) / 2, padded(num_in) + kMargin);
  clear(odd, num_out / 2, padded(num_in) + kMargin);
  // wide[p + 2] is the gradient of column p of the extended row.
  for (int i = 0; i < num_in + 4; i += kLanes) {
    const float *e = even + i - 2, *o = odd + i - 2;
    store(wide + i, taps[0] * (load(e + 2) + load(o - 2)) + taps[1] * (load(e - 1) + load(o + 1)) +
                        taps[2] * (load(e + 1) + load(o - 1)) + taps[3] * (load(e) + load(o)));
  }
  copy(wide + 2, own, num_in);
  own[0] += wide[0] + wide[1];
  own[num_in - 1] += wide[num_in + 2] + wide[num_in + 3];
  clear(own, num_in, padded(num_in));
  Vec totals[4];
  for (int k = 0; k < 4; ++k) totals[k] = load(sums + k * kLanes);
  for (int p = 0; p < num_in; p += kLanes) {
    const Vec e = load(even + p), o = load(odd + p), between = load(own + p);
    totals[0] += e * load(row + p - 2) + o * load(row + p + 2) + between * load(rows[0] + p);
    totals[1] += e * load(row + p + 1) + o * load(row + p - 1) + between * load(rows[1] + p);
    totals[2] += e * load(row + p - 1) + o * load(row + p + 1) + between * load(rows[2] + p);
    totals[3] += (e + o) * load(row + p) + between * load(rows[3] + p);
  }
  for (int k = 0; k < 4; ++k) store(sums + k * kLanes, totals[k]);
  copy(own, out, num_in);
}

// Rows come from three above to three below.
void filter_seven(Rows rows, const float* taps, int count, float* out) {
  for (int i = 0; i < count; i += kLanes) {
    Vec sum = taps[0] * load(rows[3] + i);
    for (int k = 1; k < 4; ++k) sum += taps[k] * (load(rows[3 - k] + i) + load(rows[3 + k] + i));
    store(out + i, sum);
  }
}

OVERTONE_INLINE Vec smoothed(const float* row, const float* taps) {
  Vec sum = taps[0] * load(row);
  for (int k = 1; k < 4; ++k) sum += taps[k] * (load(row - k) + load(row + k));
  return sum;
}

void clear_margins(float* row, int count) {
  clear(row, -kMargin, 0);
  clear(row, count, padded(count) + kMargin);
}

void smooth_row(Rows rows, const float* taps, int count, float* out, float* memory) {
  float* row = Row(memory, count).data;
  filter_seven(rows, taps, count, row);
  clear_margins(row, count);
  for (int i = 0; i < count; i += kLanes)
    store(out + i, load(rows[3] + i) + smoothed(row + i, taps));
}

void smooth_row_back(Rows rows, const float* taps, int count, const float* gradient, float* out,
                     float* sums, float* memory) {
  float* row = Row(memory, count).data;
  filter_seven(rows, taps, count, row);
  clear_margins(row, count);
  float* given = Row(memory, count).data;
  float* own = Row(memory, count).data;
  copy(gradient, given, count);
  clear_margins(given, count);
  Vec totals[4];
  for (int k = 0; k < 4; ++k) totals[k] = load(sums + k * kLanes);
  for (int i = 0; i < count; i += kLanes) store(own + i, smoothed(given + i, taps));
  clear(own, count, padded(count));
  for (int i = 0; i < count; i += kLanes) {
    const Vec by_out = load(given + i), between = load(own + i);
    totals[0] += by_out * load(row + i) + between * load(rows[3] + i);
    for (int k = 1; k < 4; ++k)
      totals[k] += by_out * (load(row + i - k) + load(row + i + k)) +
                   between * (load(rows[3 - k] + i) + load(rows[3 + k] + i));
  }
  for (int k = 0; k < 4; ++k) store(sums + k * kLanes, totals[k]);
  copy(own, out, count);
}

void combine(Rows rows, const float* weights, int num_rows, float* out, int width, bool adds) {
  map_rows({rows, num_rows, weights, &out, 1, nullptr, nullptr, adds}, width);
}

}  // namespace

const UpsamplingKernel upsampling_kernel = {double_row, double_row_back, smooth_row,
                                            smooth_row_back, combine};

}  // namespace overtone::latent::OVERTONE_ISA

// No template of the standard library here: its copy would carry this file's instructions.
#include "matrix.h"

#include <math.h>

namespace overtone::fit::OVERTONE_ISA {

namespace {

constexpr size_t kLanes = 16;  // partial sums, so that a dot product vectorises in a fixed order
constexpr float kTiny = 1e-8f;
constexpr float kOldShare = 1e-4f;  // of a basis row that stays, in case its image vanishes

void fill(float* to, float value, size_t size) {
  for (size_t i = 0; i < size; ++i) to[i] = value;
}

void scale(float* to, float factor, size_t size) {
  for (size_t i = 0; i < size; ++i) to[i] *= factor;
}

float dot(const float* a, const float* b, size_t size) {
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float total = 0.0f;
  for (; i < size; ++i) total += a[i] * b[i];
  for (float sum : sums) total += sum;
  return total;
}

void add_scaled(float factor, const float* __restrict from, float* __restrict to, size_t size) {
  for (size_t i = 0; i < size; ++i) to[i] += factor * from[i];
}

void multiply(const float* a, const float* b, float* c, size_t m, size_t k, size_t n) {
  fill(c, 0.0f, m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < k; ++j) add_scaled(a[i * k + j], b + j * n, c + i * n, n);
}

void multiply_transposed(const float* a, const float* b, float* c, size_t m, size_t k, size_t n) {
  for (size_t j = 0; j < n; ++j)
    for (size_t i = 0; i < m; ++i) c[i * n + j] = dot(a + i * k, b + j * k, k);
}

void transposed_multiply(const float* a, const float* b, float* c, size_t k, size_t m, size_t n) {
  fill(c, 0.0f, m * n);
  for (size_t j = 0; j < k; ++j)
    for (size_t i = 0; i < m; ++i) add_scaled(a[j * m + i], b + j * n, c + i * n, n);
}

void accumulate_gram(const float* g, float* gram, size_t m, size_t n, float beta) {
  for (size_t r = 0; r < n; ++r) {
    const size_t padded = (r / kLanes + 1) * kLanes;
    const size_t length = padded < n ? padded : n;
    scale(gram + r * n, beta, length);
    for (size_t j = 0; j < m; ++j)
      add_scaled((1.0f - beta) * g[j * n + r], g + j * n, gram + r * n, length);
  }
}

void accumulate_outer(const float* g, float* outer, size_t m, size_t n, float beta) {
  for (size_t r = 0; r < m; ++r)
    for (size_t s = 0; s <= r; ++s)
      outer[r * m + s] = beta * outer[r * m + s] + (1.0f - beta) * dot(g + r * n, g + s * n, n);
}

void normalise(float* row, size_t size) {
  const float length = sqrtf(dot(row, row, size));
  if (length > 0.0f) scale(row, 1.0f / length, size);
}

void orthogonal_iteration(float* matrix, float* basis, float* scratch, size_t size) {
  for (size_t r = 0; r < size; ++r)
    for (size_t s = 0; s < r; ++s) matrix[s * size + r] = matrix[r * size + s];
  multiply(basis, matrix, scratch, size, size, size);
  for (size_t r = 0; r < size; ++r) {
    float* row = scratch + r * size;
    normalise(row, size);
    add_scaled(kOldShare, basis + r * size, row, size);
    for (int pass = 0; pass < 2; ++pass) {  // Gram-Schmidt; once is not enough in float32
      for (size_t s = 0; s < r; ++s) {
        const float* other = scratch + s * size;
        add_scaled(-dot(row, other, size), other, row, size);
      }
      normalise(row, size);
    }
  }
  for (size_t i = 0; i < size * size; ++i) basis[i] = scratch[i];
}

void adam(size_t size, float beta1, float beta2, float mean_scale, float square_scale,
          const float* gradient, float* mean, float* square, float* update) {
  for (size_t i = 0; i < size; ++i) {
    mean[i] += (1.0f - beta1) * (gradient[i] - mean[i]);
    square[i] += (1.0f - beta2) * (gradient[i] * gradient[i] - square[i]);
    update[i] = mean[i] * mean_scale / (sqrtf(square[i] * square_scale) + kTiny);
  }
}

}  // namespace

const Matrix matrix = {multiply,
                       multiply_transposed,
                       transposed_multiply,
                       accumulate_gram,
                       accumulate_outer,
                       orthogonal_iteration,
                       adam};

}  // namespace overtone::fit::OVERTONE_ISA

// Small dense products in row-major order and Adam's moments, once per instruction set.
#pragma once

#include <cstddef>

#include "platform/variants.h"

namespace overtone::fit {

struct Matrix {
  // c (m x n) = a (m x k) b (k x n)
  void (*multiply)(const float* a, const float* b, float* c, size_t m, size_t k, size_t n);
  // c (m x n) = a (m x k) b^T, b (n x k)
  void (*multiply_transposed)(const float* a, const float* b, float* c, size_t m, size_t k,
                              size_t n);
  // c (m x n) = a^T b, a (k x m), b (k x n)
  void (*transposed_multiply)(const float* a, const float* b, float* c, size_t k, size_t m,
                              size_t n);
  // gram (n x n) = beta * gram + (1 - beta) * g^T g, g (m x n); the upper triangle is not kept
  void (*accumulate_gram)(const float* g, float* gram, size_t m, size_t n, float beta);
  // outer (m x m) = beta * outer + (1 - beta) * g g^T, g (m x n); the upper triangle is not kept
  void (*accumulate_outer)(const float* g, float* outer, size_t m, size_t n, float beta);
  // One step towards the eigenvectors of a symmetric matrix (its lower triangle is read, its upper
  // one filled): the rows of `basis` are multiplied by it and made orthonormal again. A row that
  // vanishes keeps its direction, so a singular matrix is harmless. `scratch`: size x size.
  void (*orthogonal_iteration)(float* matrix, float* basis, float* scratch, size_t size);
  // Both moments of Adam, and update = mean * mean_scale / (sqrt(square * square_scale) + tiny).
  void (*adam)(size_t size, float beta1, float beta2, float mean_scale, float square_scale,
               const float* gradient, float* mean, float* square, float* update);
};

OVERTONE_DECLARE_VARIANTS(extern const Matrix matrix)

// The one of the processor at hand.
const Matrix& matrix();

}  // namespace overtone::fit

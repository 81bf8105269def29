#include "optimizer.h"

#include <algorithm>
#include <cmath>

#include "matrix.h"
#include "platform/isa.h"

namespace overtone::fit {

namespace {

constexpr int kFirstIterations = 4;  // of the orthogonal iteration that finds the first basis

// Undoes the bias of a moment that began at zero.
float unbiased(float beta, long count) {
  return 1.0f / (1.0f - std::pow(beta, static_cast<float>(count)));
}

std::vector<float> identity(size_t size) {
  std::vector<float> matrix(size * size, 0.0f);
  for (size_t i = 0; i < size; ++i) matrix[i * size + i] = 1.0f;
  return matrix;
}

}  // namespace

const Matrix& matrix() {
  static const Matrix& chosen = OVERTONE_VARIANT(resolve(Isa::automatic), matrix);
  return chosen;
}

Adam::Adam(size_t size, float beta1, float beta2)
    : beta1_(beta1), beta2_(beta2), mean_(size, 0.0f), square_(mean_), update_(mean_) {}

void Adam::step(float rate, const float* gradient, float* weights) {
  ++count_;
  matrix().adam(mean_.size(), beta1_, beta2_, unbiased(beta1_, count_), unbiased(beta2_, count_),
                gradient, mean_.data(), square_.data(), update_.data());
  for (size_t i = 0; i < mean_.size(); ++i) weights[i] -= rate * update_[i];
}

Soap::Soap(const Block& block, float beta1, float beta2, int refresh_every)
    : block_(block), beta1_(beta1), beta2_(beta2), refresh_every_(refresh_every),
      left_(block.rows * block.rows, 0.0f), right_(block.cols * block.cols, 0.0f),
      left_basis_(identity(block.rows)), right_basis_(identity(block.cols)),
      gradient_(block.rows * block.cols, 0.0f), mean_(gradient_), square_(mean_), rotated_(mean_),
      scratch_(mean_), update_(mean_), square_scratch_(std::max(left_.size(), right_.size())) {}

// Works on the transposed block G (cols x rows), so that inner loops run along many frequencies:
// L = G^T G over frequencies, R = G G^T over outputs, eigenvectors in the rows of the bases;
//   in the basis: R_basis G L_basis^T;   back: R_basis^T G' L_basis.
void Soap::to_basis(const float* from, float* to) {
  const size_t rows = block_.rows, cols = block_.cols;
  matrix().multiply_transposed(from, left_basis_.data(), scratch_.data(), cols, rows, rows);
  matrix().multiply(right_basis_.data(), scratch_.data(), to, cols, cols, rows);
}

void Soap::from_basis(const float* from, float* to) {
  const size_t rows = block_.rows, cols = block_.cols;
  matrix().multiply(from, left_basis_.data(), scratch_.data(), cols, rows, rows);
  matrix().transposed_multiply(right_basis_.data(), scratch_.data(), to, cols, cols, rows);
}

void Soap::refresh() {
  from_basis(mean_.data(), update_.data());
  const int iterations = count_ == 1 ? kFirstIterations : 1;
  for (int i = 0; i < iterations; ++i) {
    matrix().orthogonal_iteration(left_.data(), left_basis_.data(), square_scratch_.data(),
                                  block_.rows);
    matrix().orthogonal_iteration(right_.data(), right_basis_.data(), square_scratch_.data(),
                                  block_.cols);
  }
  to_basis(update_.data(), mean_.data());
}

void Soap::step(float rate, const float* gradient, float* weights) {
  const auto [offset, rows, cols] = block_;
  for (size_t c = 0; c < cols; ++c)
    for (size_t r = 0; r < rows; ++r) gradient_[c * rows + r] = gradient[offset + r * cols + c];
  ++count_;
  matrix().accumulate_gram(gradient_.data(), left_.data(), cols, rows, beta2_);
  matrix().accumulate_outer(gradient_.data(), right_.data(), cols, rows, beta2_);
  if (count_ == 1 || count_ % refresh_every_ == 0) refresh();
  to_basis(gradient_.data(), rotated_.data());
  matrix().adam(mean_.size(), beta1_, beta2_, unbiased(beta1_, count_), unbiased(beta2_, count_),
                rotated_.data(), mean_.data(), square_.data(), update_.data());
  from_basis(update_.data(), rotated_.data());
  for (size_t c = 0; c < cols; ++c)
    for (size_t r = 0; r < rows; ++r)
      weights[offset + r * cols + c] -= rate * rotated_[c * rows + r];
}

}  // namespace overtone::fit

#include "symmetric.h"

#include <cmath>
#include <cstddef>

namespace overtone::latent {
namespace {

constexpr int kMaxSweeps = 30;
constexpr double kNegligible = 1e-22;  // of the squared size of a matrix
constexpr double kOldShare = 1e-10;    // of the mean eigenvalue, which keeps a column's direction

std::vector<double> identity(int size) {
  std::vector<double> matrix(static_cast<std::size_t>(size * size), 0.0);
  for (int i = 0; i < size; ++i) matrix[i * size + i] = 1.0;
  return matrix;
}

// Columns p and q of every row, turned.
void rotate_columns(std::vector<double>& matrix, int size, int p, int q, double c, double s) {
  for (int i = 0; i < size; ++i) {
    const double a = matrix[i * size + p], b = matrix[i * size + q];
    matrix[i * size + p] = c * a - s * b;
    matrix[i * size + q] = s * a + c * b;
  }
}

void rotate_rows(std::vector<double>& matrix, int size, int p, int q, double c, double s) {
  for (int i = 0; i < size; ++i) {
    const double a = matrix[p * size + i], b = matrix[q * size + i];
    matrix[p * size + i] = c * a - s * b;
    matrix[q * size + i] = s * a + c * b;
  }
}

// Products of the matrix and the basis.
std::vector<double> product(const std::vector<double>& matrix, const std::vector<double>& basis,
                            int size) {
  std::vector<double> found(matrix.size(), 0.0);
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j)
      for (int k = 0; k < size; ++k)
        found[i * size + k] += matrix[i * size + j] * basis[j * size + k];
  return found;
}

double dot_columns(const std::vector<double>& matrix, int size, int a, int b) {
  double sum = 0;
  for (int i = 0; i < size; ++i) sum += matrix[i * size + a] * matrix[i * size + b];
  return sum;
}

}  // namespace

std::vector<double> eigenvectors(std::vector<double> matrix, int size) {
  std::vector<double> basis = identity(size);
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    double outside = 0, all = 0;
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < size; ++j) {
        const double square = matrix[i * size + j] * matrix[i * size + j];
        all += square;
        if (i != j) outside += square;
      }
    if (outside <= kNegligible * all) break;
    for (int p = 0; p < size; ++p)
      for (int q = p + 1; q < size; ++q) {
        const double a = matrix[p * size + q];
        if (a == 0) continue;
        const double theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * a);
        const double t = (theta < 0 ? -1 : 1) / (std::fabs(theta) + std::hypot(theta, 1.0));
        const double c = 1 / std::hypot(t, 1.0), s = t * c;
        rotate_columns(matrix, size, p, q, c, s);
        rotate_rows(matrix, size, p, q, c, s);
        rotate_columns(basis, size, p, q, c, s);
      }
  }
  return basis;
}

std::vector<double> quotients(const std::vector<double>& matrix, const std::vector<double>& basis,
                              int size) {
  const std::vector<double> image = product(matrix, basis, size);
  std::vector<double> found(static_cast<std::size_t>(size), 0.0);
  for (int i = 0; i < size; ++i)
    for (int k = 0; k < size; ++k) found[k] += image[i * size + k] * basis[i * size + k];
  return found;
}

void iterate(const std::vector<double>& matrix, std::vector<double>& basis, int size) {
  double trace = 0;
  for (int i = 0; i < size; ++i) trace += matrix[i * size + i];
  if (!(trace > 0)) return;
  std::vector<double> image = product(matrix, basis, size);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] += kOldShare * trace / size * basis[i];
  for (int k = 0; k < size; ++k)
    for (int pass = 0; pass < 2; ++pass) {  // once is not enough where columns are nearly alike
      for (int j = 0; j < k; ++j) {
        const double share = dot_columns(image, size, k, j);
        for (int i = 0; i < size; ++i) image[i * size + k] -= share * image[i * size + j];
      }
      const double length = std::sqrt(dot_columns(image, size, k, k));
      for (int i = 0; i < size; ++i) image[i * size + k] /= length;
    }
  basis = image;
}

}  // namespace overtone::latent

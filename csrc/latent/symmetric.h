// Eigenvectors of small symmetric matrices, in row-major order; vectors are columns.
#pragma once

#include <vector>

namespace overtone::latent {

// By Jacobi's rotations.
std::vector<double> eigenvectors(std::vector<double> matrix, int size);
// What the columns of `basis` are stretched by along themselves.
std::vector<double> quotients(const std::vector<double>& matrix, const std::vector<double>& basis,
                              int size);
// Multiplies the basis by the matrix and makes it orthonormal again. Where the matrix is singular
// a column stays what it was, as far as the others leave it.
void iterate(const std::vector<double>& matrix, std::vector<double>& basis, int size);

}  // namespace overtone::latent

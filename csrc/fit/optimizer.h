// Adam and SOAP on the weights of one network.
#pragma once

#include <cstddef>
#include <vector>

namespace overtone::fit {

// One layer's weights: `rows` frequencies (cosines, then sines) by `cols` outputs, row-major.
struct Block {
  size_t offset, rows, cols;
};

// Adam: Kingma & Ba, arXiv:1412.6980, algorithm 1.
class Adam {
 public:
  Adam(size_t size, float beta1, float beta2);
  // weights -= rate * m_hat / (sqrt(v_hat) + epsilon)
  void step(float rate, const float* gradient, float* weights);

 private:
  float beta1_, beta2_;
  long count_ = 0;
  std::vector<float> mean_, square_, update_;
};

// SOAP: Vyas et al., arXiv:2409.11321, algorithm 3: Adam in the eigenbasis of Shampoo's factors.
//
// Departs from it: the first moment is kept in the eigenbasis and turned with it, and the basis is
// refreshed by one step of orthogonal iteration without reordering.
class Soap {
 public:
  Soap(const Block& block, float beta1, float beta2, int refresh_every);
  void step(float rate, const float* gradient, float* weights);

 private:
  void refresh();
  void to_basis(const float* from, float* to);
  void from_basis(const float* from, float* to);

  Block block_;
  float beta1_, beta2_;
  int refresh_every_;
  long count_ = 0;
  std::vector<float> left_, right_;              // Shampoo factors, rows x rows and cols x cols
  std::vector<float> left_basis_, right_basis_;  // eigenvectors, one per row of the array
  std::vector<float> gradient_, mean_, square_, rotated_, scratch_, update_, square_scratch_;
};

}  // namespace overtone::fit

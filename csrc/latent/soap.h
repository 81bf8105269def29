// SOAP on the tensors of small networks, in double precision.
#pragma once

#include <vector>

#include "latent_shape/shapes.h"

namespace overtone::latent {

struct SoapSettings {
  double rate, beta1, beta2, epsilon, weight_decay;
  int refresh_every;  // steps between turns of the bases
};

// Vyas et al., arXiv:2409.11321, algorithm 3, for tensors of any number of axes: Adam on the
// gradient turned into the eigenbases of its second moments along each axis. A tensor with one axis
// is left to Adam alone.
//
// Departs from it: the first moment is kept in the bases and turned with them. The first step
// only finds the bases.
class Soap {
 public:
  explicit Soap(const latent_shape::Tensor& tensor);
  // Both hold all parameters.
  void step(const SoapSettings& settings, const std::vector<double>& gradient,
            std::vector<float>& parameters);

 private:
  // A dimension of the tensor, seen as (outer, length, inner).
  struct Axis {
    int length, inner;
    std::vector<double> moment, basis;  // eigenvectors are the columns of the basis
  };
  void turn(const Axis& axis, bool is_back, std::vector<double>& values) const;
  void turn_all(bool is_back, std::vector<double>& values) const;
  void add_moment(Axis& axis, const std::vector<double>& gradient, double beta) const;
  void sort(Axis& axis);
  void refresh();

  std::size_t offset_, size_;
  std::vector<Axis> axes_;
  std::vector<double> mean_, square_;
  long count_ = 0;
};

}  // namespace overtone::latent

#include "soap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "symmetric.h"

namespace overtone::latent {

Soap::Soap(const latent_shape::Tensor& tensor)
    : offset_(tensor.offset), size_(tensor.size()), mean_(size_, 0.0), square_(size_, 0.0) {
  if (tensor.lengths.size() == 1) return;
  int inner = static_cast<int>(size_);
  for (const int length : tensor.lengths) {
    inner /= length;
    const auto area = static_cast<std::size_t>(length * length);
    if (length > 1) axes_.push_back({length, inner, std::vector<double>(area, 0.0), {}});
  }
}

// Multiplies along an axis by the transposed basis, or back by the basis.
void Soap::turn(const Axis& axis, bool is_back, std::vector<double>& values) const {
  const int n = axis.length, inner = axis.inner;
  const int outer = static_cast<int>(size_) / (n * inner);
  std::vector<double> turned(size_, 0.0);
  for (int o = 0; o < outer; ++o)
    for (int i = 0; i < n; ++i) {
      const double* from = values.data() + (o * n + i) * inner;
      for (int k = 0; k < n; ++k) {
        const double weight = axis.basis[is_back ? k * n + i : i * n + k];
        double* to = turned.data() + (o * n + k) * inner;
        for (int j = 0; j < inner; ++j) to[j] += weight * from[j];
      }
    }
  values.swap(turned);
}

void Soap::turn_all(bool is_back, std::vector<double>& values) const {
  for (const Axis& axis : axes_) turn(axis, is_back, values);
}

void Soap::add_moment(Axis& axis, const std::vector<double>& gradient, double beta) const {
  const int n = axis.length, inner = axis.inner;
  const int outer = static_cast<int>(size_) / (n * inner);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k <= i; ++k) {
      double sum = 0;
      for (int o = 0; o < outer; ++o) {
        const double* a = gradient.data() + (o * n + i) * inner;
        const double* b = gradient.data() + (o * n + k) * inner;
        for (int j = 0; j < inner; ++j) sum += a[j] * b[j];
      }
      const double value = beta * axis.moment[i * n + k] + (1 - beta) * sum;
      axis.moment[i * n + k] = axis.moment[k * n + i] = value;
    }
}

// Eigenvectors with large values first, and the second moments with them.
void Soap::sort(Axis& axis) {
  const int n = axis.length, inner = axis.inner;
  const std::vector<double> values = quotients(axis.moment, axis.basis, n);
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return values[a] > values[b]; });
  const std::vector<double> basis = axis.basis, square = square_;
  for (int k = 0; k < n; ++k)
    for (int i = 0; i < n; ++i) axis.basis[i * n + k] = basis[i * n + order[k]];
  for (int o = 0; o < static_cast<int>(size_) / (n * inner); ++o)
    for (int k = 0; k < n; ++k)
      std::copy_n(square.data() + (o * n + order[k]) * inner, inner,
                  square_.data() + (o * n + k) * inner);
}

void Soap::refresh() {
  turn_all(true, mean_);
  for (Axis& axis : axes_) {
    sort(axis);
    iterate(axis.moment, axis.basis, axis.length);
  }
  turn_all(false, mean_);
}

void Soap::step(const SoapSettings& settings, const std::vector<double>& all_gradients,
                std::vector<float>& parameters) {
  const auto begin = all_gradients.begin() + static_cast<std::ptrdiff_t>(offset_);
  const std::vector<double> gradient(begin, begin + static_cast<std::ptrdiff_t>(size_));
  if (count_++ == 0) {
    for (Axis& axis : axes_) {
      add_moment(axis, gradient, settings.beta2);
      axis.basis = eigenvectors(axis.moment, axis.length);
    }
    return;
  }
  const long step = count_ - 1;
  std::vector<double> turned = gradient, update(size_);
  turn_all(false, turned);
  const double mean_scale = 1 / (1 - std::pow(settings.beta1, step));
  const double square_scale = 1 / (1 - std::pow(settings.beta2, step));
  for (std::size_t i = 0; i < size_; ++i) {
    mean_[i] += (1 - settings.beta1) * (turned[i] - mean_[i]);
    square_[i] += (1 - settings.beta2) * (turned[i] * turned[i] - square_[i]);
    update[i] = mean_[i] * mean_scale / (std::sqrt(square_[i] * square_scale) + settings.epsilon);
  }
  turn_all(true, update);
  for (std::size_t i = 0; i < size_; ++i) {
    const double value = parameters[offset_ + i];
    parameters[offset_ + i] =
        static_cast<float>(value - settings.rate * (update[i] + settings.weight_decay * value));
  }
  for (Axis& axis : axes_) add_moment(axis, gradient, settings.beta2);
  if (!axes_.empty() && step % settings.refresh_every == 0) refresh();
}

}  // namespace overtone::latent

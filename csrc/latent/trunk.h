// The functions of a pixel's features that the outputs are sums of, and their gradients.
#pragma once

#include "rows.h"

namespace overtone::latent::OVERTONE_ISA {

inline constexpr int kMaxFactors = 7;
inline constexpr float kTurn = 6.28318531f;

// Products of the factors z_j by doubling: entry h is the product of those whose bit is set in h.
// Entry 0, which is one, is left out. A complex entry has two rows, the real part first.
struct Complex {
  static constexpr int kParts = 2;
  static void product(const float* const* a, const float* const* z, float* const* out, int i) {
    const Vec ar = load(a[0] + i), ai = load(a[1] + i), zr = load(z[0] + i), zi = load(z[1] + i);
    store(out[0] + i, ar * zr - ai * zi);
    store(out[1] + i, ar * zi + ai * zr);
  }
  // Adds the gradients of the two factors of a product, from its own.
  static void product_back(Rows a, Rows z, Rows by_out, float* const* by_a, float* const* by_z,
                           int i) {
    const Vec ar = load(a[0] + i), ai = load(a[1] + i), zr = load(z[0] + i), zi = load(z[1] + i);
    const Vec gr = load(by_out[0] + i), gi = load(by_out[1] + i);
    store(by_a[0] + i, load(by_a[0] + i) + gr * zr + gi * zi);
    store(by_a[1] + i, load(by_a[1] + i) + gi * zr - gr * zi);
    store(by_z[0] + i, load(by_z[0] + i) + gr * ar + gi * ai);
    store(by_z[1] + i, load(by_z[1] + i) + gi * ar - gr * ai);
  }
};

struct Real {
  static constexpr int kParts = 1;
  static void product(const float* const* a, const float* const* z, float* const* out, int i) {
    store(out[0] + i, load(a[0] + i) * load(z[0] + i));
  }
  static void product_back(Rows a, Rows z, Rows by_out, float* const* by_a, float* const* by_z,
                           int i) {
    const Vec gradient = load(by_out[0] + i);
    store(by_a[0] + i, load(by_a[0] + i) + gradient * load(z[0] + i));
    store(by_z[0] + i, load(by_z[0] + i) + gradient * load(a[0] + i));
  }
};

// The rows of entry h.
template <class Kind, class T>
OVERTONE_INLINE T entry(T table, int h) {
  return table + (h - 1) * Kind::kParts;
}

// The entries of single factors are there; makes the others.
template <class Kind>
void multiply_out(float* const* table, int num_factors, int count) {
  for (int j = 1; j < num_factors; ++j) {
    const int half = 1 << j;
    for (int h = 1; h < half; ++h)
      for (int i = 0; i < count; i += kLanes)
        Kind::product(entry<Kind>(table, h), entry<Kind>(table, half), entry<Kind>(table, half + h),
                      i);
  }
}

// Gradients of all entries become those of the single factors, in their places.
template <class Kind>
void multiply_out_back(float* const* table, float* const* gradients, int num_factors, int count) {
  for (int j = num_factors - 1; j >= 1; --j) {
    const int half = 1 << j;
    for (int h = 1; h < half; ++h)
      for (int i = 0; i < count; i += kLanes)
        Kind::product_back(entry<Kind>(table, h), entry<Kind>(table, half),
                           entry<Kind>(gradients, half + h), entry<Kind>(gradients, h),
                           entry<Kind>(gradients, half), i);
  }
}

// `mixed` are the outputs of the mixing; for a rectified trunk they are the basis itself.
inline void make_basis(const Synthesis& net, float* const* mixed, float* const* basis, int count) {
  for (int j = 0; j < net.num_mixed; ++j) {
    if (net.trunk == Trunk::products) copy(mixed[j], entry<Real>(basis, 1 << j)[0], kBlock);
    if (net.trunk != Trunk::fourier) continue;
    float* const* factor = entry<Complex>(basis, 1 << j);
    for (int i = 0; i < count; i += kLanes) {
      Vec cosine, sine;
      cos_sin(load(mixed[j] + i), cosine, sine);
      store(factor[0] + i, cosine);
      store(factor[1] + i, sine);
    }
  }
  if (net.trunk == Trunk::products) multiply_out<Real>(basis, net.num_mixed, count);
  if (net.trunk == Trunk::fourier) multiply_out<Complex>(basis, net.num_mixed, count);
}

// Gradients by the basis, which they replace, to those by the outputs of the mixing.
inline void basis_back(const Synthesis& net, float* const* basis, float* const* gradients,
                       float* const* by_mixed, int count) {
  if (net.trunk == Trunk::products) {
    multiply_out_back<Real>(basis, gradients, net.num_mixed, count);
    for (int j = 0; j < net.num_mixed; ++j)
      copy(entry<Real>(gradients, 1 << j)[0], by_mixed[j], kBlock);
  }
  if (net.trunk != Trunk::fourier) return;
  multiply_out_back<Complex>(basis, gradients, net.num_mixed, count);
  for (int j = 0; j < net.num_mixed; ++j) {
    float* const* factor = entry<Complex>(basis, 1 << j);
    float* const* by_factor = entry<Complex>(gradients, 1 << j);
    for (int i = 0; i < count; i += kLanes)
      store(by_mixed[j] + i, kTurn * (load(factor[0] + i) * load(by_factor[1] + i) -
                                      load(factor[1] + i) * load(by_factor[0] + i)));
  }
}

}  // namespace overtone::latent::OVERTONE_ISA

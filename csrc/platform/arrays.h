// Arrays from Python, checked, and arrays for Python, owned.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace overtone {

// What a binding takes: an array of any kind and shape, never copied or converted. Its name says
// whether it is read only or written.
using InputArray = nanobind::ndarray<nanobind::ro, nanobind::device::cpu>;
using OutputArray = nanobind::ndarray<nanobind::device::cpu>;

inline constexpr std::ptrdiff_t kAny = -1;  // a length that is not known beforehand
using Lengths = std::initializer_list<std::ptrdiff_t>;

namespace detail {

template <class T>
struct TypeName;
template <>
struct TypeName<float> {
  static constexpr const char* value = "float32";
};
template <>
struct TypeName<double> {
  static constexpr const char* value = "float64";
};
template <>
struct TypeName<bool> {
  static constexpr const char* value = "bool";
};
template <>
struct TypeName<std::int8_t> {
  static constexpr const char* value = "int8";
};
template <>
struct TypeName<std::uint8_t> {
  static constexpr const char* value = "uint8";
};
template <>
struct TypeName<std::uint16_t> {
  static constexpr const char* value = "uint16";
};
template <>
struct TypeName<std::int16_t> {
  static constexpr const char* value = "int16";
};
template <>
struct TypeName<std::int32_t> {
  static constexpr const char* value = "int32";
};
template <>
struct TypeName<std::int64_t> {
  static constexpr const char* value = "int64";
};

inline std::string text_of(nanobind::dlpack::dtype type) {
  constexpr const char* kCodes[] = {"int", "uint", "float"};
  if (type.code == static_cast<std::uint8_t>(nanobind::dlpack::dtype_code::Bool)) return "bool";
  const std::string code = type.code < 3 ? kCodes[type.code] : "type";
  return code + std::to_string(type.bits);
}

template <class Range>
std::string text_of_shape(const Range& lengths) {
  std::string text = "(";
  for (const std::ptrdiff_t length : lengths) {
    text += (text.size() > 1 ? ", " : "") + (length == kAny ? "any" : std::to_string(length));
  }
  return text + ")";
}

template <class Array>
bool is_contiguous(const Array& array) {
  std::ptrdiff_t stride = 1;
  for (std::size_t d = array.ndim(); d-- > 0;) {
    if (array.shape(d) != 1 && array.stride(d) != stride) return array.size() == 0;
    stride *= static_cast<std::ptrdiff_t>(array.shape(d));
  }
  return true;
}

template <class T, class Array>
void check(const char* name, const Array& array, Lengths lengths) {
  std::vector<std::ptrdiff_t> shape;
  for (std::size_t d = 0; d < array.ndim(); ++d) {
    shape.push_back(static_cast<std::ptrdiff_t>(array.shape(d)));
  }
  bool fits = shape.size() == lengths.size();
  for (std::size_t d = 0; fits && d < shape.size(); ++d) {
    const std::ptrdiff_t expected = lengths.begin()[d];
    fits = expected == kAny || expected == shape[d];
  }
  const bool is_dense = is_contiguous(array);
  if (fits && is_dense && array.dtype() == nanobind::dtype<T>()) return;
  throw std::invalid_argument(std::string(name) + " must be C-contiguous " + TypeName<T>::value +
                              " of shape " + text_of_shape(lengths) + ", got " +
                              (is_dense ? "" : "strided ") + text_of(array.dtype()) + " of shape " +
                              text_of_shape(shape));
}

}  // namespace detail

// The numbers of a C-contiguous array of T with these lengths; throws std::invalid_argument, a
// ValueError in Python, for any other array.
template <class T>
const T* read(const char* name, const InputArray& array, Lengths lengths) {
  detail::check<T>(name, array, lengths);
  return static_cast<const T*>(array.data());
}
// The same of any shape.
template <class T>
std::span<const T> read(const char* name, const InputArray& array) {
  if (!detail::is_contiguous(array) || array.dtype() != nanobind::dtype<T>())
    throw std::invalid_argument(std::string(name) + " must be C-contiguous " +
                                detail::TypeName<T>::value + ", got " +
                                detail::text_of(array.dtype()));
  return {static_cast<const T*>(array.data()), array.size()};
}
template <class T>
T* written(const char* name, const OutputArray& array, Lengths lengths) {
  detail::check<T>(name, array, lengths);
  return static_cast<T*>(array.data());
}

inline std::ptrdiff_t length_of(const InputArray& array, std::size_t dimension) {
  return dimension < array.ndim() ? static_cast<std::ptrdiff_t>(array.shape(dimension)) : kAny;
}

// Numbers that become an array of Python's without a copy.
template <class T, std::size_t kDimensions>
nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<kDimensions>> to_numpy(
    std::vector<T> values, const std::array<std::size_t, kDimensions>& shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* data = owned->data();
  const nanobind::capsule owner(owned.get(), [](void* p) noexcept {
    std::unique_ptr<std::vector<T>>(static_cast<std::vector<T>*>(p));
  });
  owned.release();
  return {data, kDimensions, shape.data(), owner};
}

}  // namespace overtone

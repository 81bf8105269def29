// Contexts as numbers: the digits of each are declared once, and the size of its table and the
// index of a counter both follow from that declaration.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#ifdef OVERTONE_DEVELOPMENT
#include <stdexcept>
#include <string>
#endif

#include "mixing.h"

namespace overtone::entropy {

// The digits of one context. Only `at` makes them: a braced list could leave digits out.
template <std::size_t kCount>
struct DigitValues {
  explicit constexpr DigitValues(const std::array<int, kCount>& values) : values(values) {}
  std::array<int, kCount> values;
};

template <class... Ints>
constexpr DigitValues<sizeof...(Ints)> at(Ints... digits) {
  static_assert((std::is_integral_v<Ints> && ...));
  return DigitValues<sizeof...(Ints)>({static_cast<int>(digits)...});
}

// A number in mixed radix, most significant digit first; no digits make the one number 0.
template <int... kRadices>
struct Digits {
  static_assert(((kRadices > 0) && ...));
  static constexpr std::uint32_t size = (1u * ... * static_cast<std::uint32_t>(kRadices));
  using Values = DigitValues<sizeof...(kRadices)>;

  static constexpr std::uint32_t index(const Values& digits) {
    std::uint32_t number = 0;
    std::size_t i = 0;
    ((number =
          number * static_cast<std::uint32_t>(kRadices) + checked(digits.values[i++], kRadices)),
     ...);
    return number;
  }

 private:
  static constexpr std::uint32_t checked(int digit, [[maybe_unused]] int radix) {
#ifdef OVERTONE_DEVELOPMENT
    if (digit < 0 || digit >= radix) {
      throw std::out_of_range("a context's digit is " + std::to_string(digit) + ", not in 0.." +
                              std::to_string(radix - 1));
    }
#endif
    return static_cast<std::uint32_t>(digit);
  }
};

static_assert(!std::is_convertible_v<DigitValues<2>, Digits<3, 4, 2>::Values>);
static_assert(Digits<>::size == 1 && Digits<3, 4, 2>::size == 24);
static_assert(Digits<3, 4, 2>::index(at(2, 3, 1)) == 23 &&
              Digits<3, 4, 2>::index(at(1, 2, 0)) == 12);

// The two rows of mixing weights and all contexts of one syntax element, each as Digits.
template <class Selector0, class Selector1, class... Contexts>
struct Syntax {
  static Element element() {
    return Element({Contexts::size...}, {Selector0::size, Selector1::size});
  }

  // As many lists of digits as were declared, each of the declared length, or it does not compile.
  static Query query(Element& element, const typename Selector0::Values& selector0,
                     const typename Selector1::Values& selector1,
                     const typename Contexts::Values&... digits) {
    Query query;
    query.element = &element;
    query.selector = {Selector0::index(selector0), Selector1::index(selector1)};
    std::size_t i = 0;
    ((query.context[i++] = Contexts::index(digits)), ...);
    return query;
  }
};

}  // namespace overtone::entropy

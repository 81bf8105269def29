// Three ways to run the syntax: write bits, read bits, or only count what they would cost.
#pragma once

#include "contexts.h"

namespace overtone::entropy {

struct EncodeBits {
  BinaryEncoder& encoder;
  int operator()(const Query& query, int bit) {
    const Prediction prediction = predict(query);
    encoder.encode(bit, prediction.p_one);
    update(query, prediction, bit);
    return bit;
  }
  int even(int bit) {
    encoder.encode(bit, kProbabilityOne / 2);
    return bit;
  }
};

struct DecodeBits {
  BinaryDecoder& decoder;
  int operator()(const Query& query, int) {
    const Prediction prediction = predict(query);
    const int bit = decoder.decode(prediction.p_one);
    update(query, prediction, bit);
    return bit;
  }
  int even(int) { return decoder.decode(kProbabilityOne / 2); }
};

struct CountBits {
  float total = 0;
  int operator()(const Query& query, int bit) {
    total += cost_bits(predict(query).p_one, bit);
    return bit;
  }
  int even(int bit) {
    total += 1;
    return bit;
  }
};

// How far the magnitudes of a codec's levels are coded bit by bit.
struct MagnitudeLimits {
  int unary;        // up to it one flag at a time,
  int escape_bits;  // then Exp-Golomb with lengths of at most so many ones,
  int largest;      // and never more than this
};

// The element that codes lengths of escapes, each flag in the context of its place.
template <MagnitudeLimits kLimits, int kRadix>
struct Escape : Syntax<Digits<>, Digits<>, Digits<kRadix>, Digits<kRadix>> {
  static_assert(kLimits.escape_bits <= kRadix);

  // Exp-Golomb of order 0 with adaptive lengths.
  template <class Bits>
  static int code(Bits& bits, Element& element, int value) {
    const unsigned shifted = static_cast<unsigned>(value) + 1;
    int length = 0;
    while (bits(Escape::query(element, at(), at(), at(length), at(length)),
                (shifted >> (length + 1)) != 0)) {
      if (++length == kLimits.escape_bits) break;
    }
    unsigned out = 1;
    for (int i = length - 1; i >= 0; --i) {
      out = out * 2 + static_cast<unsigned>(bits.even((shifted >> i) & 1));
    }
    return static_cast<int>(out) - 1;
  }

  // A magnitude of 1 or more; `query_of(m)` are the contexts of the flag that says "more than m".
  template <class Bits, class QueryOf>
  static int code_magnitude(Bits& bits, Element& element, int magnitude, QueryOf query_of) {
    int m = 1;
    while (m < kLimits.unary && bits(query_of(m), magnitude > m)) ++m;
    if (m < kLimits.unary) return m;
    return std::min(m + code(bits, element, magnitude - m), kLimits.largest);
  }
};

}  // namespace overtone::entropy

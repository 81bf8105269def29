// Three ways to run the syntax: write bits, read bits, or only count what they would cost.
#pragma once

#include "mixing.h"

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
    encoder.encode(bit, 32768);
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
  int even(int) { return decoder.decode(32768); }
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

// Exp-Golomb of order 0 with adaptive lengths of at most `max_bits` ones.
template <class Bits>
int code_escape(Bits& bits, Element& element, int max_bits, int value) {
  const unsigned shifted = static_cast<unsigned>(value) + 1;
  int length = 0;
  Query q;
  q.element = &element;
  q.selector0 = q.selector1 = 0;
  while (true) {
    q.context[0] = q.context[1] = static_cast<std::uint32_t>(length);
    if (!bits(q, (shifted >> (length + 1)) != 0) || ++length == max_bits) break;
  }
  unsigned out = 1;
  for (int i = length - 1; i >= 0; --i) {
    out = out * 2 + static_cast<unsigned>(bits.even((shifted >> i) & 1));
  }
  return static_cast<int>(out) - 1;
}

}  // namespace overtone::entropy

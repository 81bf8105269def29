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

}  // namespace overtone::entropy

// Between the driver (decoder.cpp, compiled once) and the kernels (kernel.cpp, compiled once per
// instruction set). Plain data only, see docs/design/isa-variants.md.
#pragma once

#include <cstddef>

#include "platform/variants.h"

namespace overtone::transformer {

// Rows of features start `stride` floats after each other and have room for whole panels.
template <class T>
struct RowsOf {
  T* data;
  std::size_t stride;
  T* operator[](std::size_t row) const { return data + row * stride; }
  RowsOf from(std::size_t row) const { return {data + row * stride, stride}; }
  operator RowsOf<const T>() const { return {data, stride}; }
};
using Rows = RowsOf<float>;
using ConstRows = RowsOf<const float>;

struct Norm {
  const float* weight;
  const float* bias;
};

// A linear layer. Its weights are in panels of as many outputs as two vectors have lanes; a panel
// holds, input after input, those outputs' weights, as float32 or, in half the bytes, as bfloat16.
struct Linear {
  const void* panels;
  const float* bias;  // of whole panels
  int inputs, outputs;
  bool is_bfloat16;
};

// What becomes of a product: stored, passed through GELU, or added to the output times a gate.
enum class Epilogue { store, gelu, gated_add };

struct Product {
  const Linear* linear;
  ConstRows input;
  Rows output;
  int num_rows;
  Epilogue epilogue;
  float gate;
  int first_panel, last_panel;
};

// Keys and values of one head of one list. Keys lie in blocks of as many tokens as a vector has
// lanes, each (features, tokens), values (capacity, padded features): both are read from end to
// end.
struct HeadCache {
  float* keys;
  float* values;
  std::size_t capacity;  // tokens, whole vectors
};

struct Heads {
  int size;                 // features of a head
  std::size_t padded_size;  // whole vectors
  float* scratch;           // of one thread: capacity + 2 * padded_size floats
};

inline constexpr std::size_t kMaxPanel = 32;  // floats of the widest panel
inline constexpr std::size_t kMaxLanes = 16;

struct Kernel {
  int panel;  // outputs of a panel
  // `weights` is (outputs, inputs); `panels` has room for whole panels. With is_bfloat16 the lower
  // half of every weight is dropped; the caller has rounded before.
  void (*pack)(const float* weights, const Linear& linear, void* panels);
  void (*multiply)(const Product& product);
  // to = (x - mean) / sqrt(variance + 1e-5) * weight + bias, of each row
  void (*normalise)(Norm norm, int width, ConstRows x, Rows to, int num_rows);
  void (*add)(const float* from, float* to, int width);
  // Stores a key and a value at a position.
  void (*append)(const Heads& heads, const float* key, const float* value, const HeadCache& cache,
                 int position);
  // to = softmax(query keys / sqrt(size)) values over the first `count` tokens
  void (*attend)(const Heads& heads, const float* query, const HeadCache& cache, int count,
                 float* to);
};

OVERTONE_DECLARE_VARIANTS(extern const Kernel kernel)

}  // namespace overtone::transformer

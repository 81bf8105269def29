// Stacks of transformer decoder layers that read one token, or some, of many lists at a time and
// keep the keys and values of the tokens before (models/dct_transformer/blocks.py is the twin).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace overtone::transformer {

// All stacks have layers of these sizes.
struct Sizes {
  int width, num_heads, hidden, num_feed_forwards;
};

struct StackSizes {
  int num_layers, num_logits;
  int num_inputs;  // of the network that makes features of what is known of a token; 0 for none
};

// New features of some lists, (lists, tokens, width) floats, contiguous.
struct Tokens {
  const float* data;
  const float* inputs;  // (lists, tokens, num_inputs), or null
  std::size_t num_lists, num_tokens;
  const std::int64_t* lists;  // their numbers, each once
};

struct Program;

// Used by one caller at a time. Results do not depend on the number of threads, nor those of a list
// on the others.
class Decoder {
 public:
  // Throws std::invalid_argument when the processor lacks `isa`, as all that follows does for
  // arguments that do not fit.
  Decoder(Sizes sizes, int num_threads, const std::string& isa, bool is_bfloat16);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Copies weights, in the order of overtone.kernels.transformer.shapes_of.
  void add_stack(StackSizes sizes, const std::vector<std::span<const float>>& weights);

  // Empties the caches and fills those of cross-attention from encoder outputs (lists, length,
  // width); up to `capacity` tokens of each list can follow.
  void prefill(const float* encoded, std::size_t num_lists, std::size_t length,
               std::size_t capacity);

  // Reads the next tokens of some lists: the sum of `x`, of normalised features of the inputs if
  // the stack has such, and, for every stack but the first, of the normalised features that the
  // stack before gave for these tokens. Writes (lists, num_logits) logits for the last of them.
  void decode_step(std::size_t stack, const Tokens& x, float* logits);

  std::string isa() const;  // the one in use
  const Sizes& sizes() const;
  const StackSizes& stack_sizes(std::size_t stack) const;

 private:
  std::unique_ptr<Program> program_;
};

}  // namespace overtone::transformer

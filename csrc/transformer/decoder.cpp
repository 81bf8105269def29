#include "decoder.h"

#include <algorithm>
#include <stdexcept>

#include "program.h"

namespace overtone::transformer {
namespace {

constexpr std::size_t kMicroBatchRows = 256;  // pass all layers together, and stay in the cache

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

Sizes checked(const Sizes& sizes) {
  require(sizes.width >= 1 && sizes.num_heads >= 1 && sizes.hidden >= 1 &&
              sizes.num_feed_forwards >= 0 && sizes.width % sizes.num_heads == 0,
          "sizes must be positive and width a multiple of num_heads");
  return sizes;
}

// Lists are numbered, each once.
void check_lists(const Tokens& x, std::size_t num_lists) {
  std::vector<bool> is_taken(num_lists);
  for (std::size_t i = 0; i < x.num_lists; ++i) {
    const auto list = static_cast<std::size_t>(x.lists[i]);
    require(list < num_lists && !is_taken[list], "lists must be different numbers below " +
                                                     std::to_string(num_lists) + ", got " +
                                                     std::to_string(x.lists[i]));
    is_taken[list] = true;
  }
}

void check(const Program& program, std::size_t number, const Tokens& x) {
  check_lists(x, program.num_lists);
  const std::size_t after = program.stacks[number].num_tokens + x.num_tokens;
  require(x.num_lists > 0 && x.num_tokens > 0, "there must be tokens to read");
  require(after <= program.capacity, "the caches hold " + std::to_string(program.capacity) +
                                         " tokens, not " + std::to_string(after));
  require(number == 0 || (after == program.stacks[number - 1].num_tokens &&
                          x.num_tokens == program.tokens_together),
          "a stack must read the tokens that the stack before has just read");
}

}  // namespace

Decoder::Decoder(Sizes sizes, int num_threads, const std::string& isa, bool is_bfloat16)
    : program_(std::make_unique<Program>(checked(sizes), num_threads, resolve(isa_of(isa)),
                                         is_bfloat16)) {}
Decoder::~Decoder() = default;

std::string Decoder::isa() const { return name_of(program_->isa); }
const Sizes& Decoder::sizes() const { return program_->sizes; }
const StackSizes& Decoder::stack_sizes(std::size_t stack) const {
  require(stack < program_->stacks.size(), "stack must be below " +
                                               std::to_string(program_->stacks.size()) + ", got " +
                                               std::to_string(stack));
  return program_->stacks[stack].sizes;
}

void Decoder::add_stack(StackSizes sizes, const std::vector<std::span<const float>>& weights) {
  Packer packer(program_->kernel, program_->sizes, program_->is_bfloat16, program_->arena);
  const bool is_first = program_->stacks.empty();
  program_->stacks.push_back({sizes, packer.stack(sizes, is_first, weights), {}, {}, 0});
}

void Decoder::prefill(const float* encoded, std::size_t num_lists, std::size_t length,
                      std::size_t capacity) {
  require(num_lists > 0 && length > 0 && capacity > 0,
          "there must be a list, a token to attend to, and room for a token");
  Program& program = *program_;
  program.num_lists = program.capacity = 0;  // until there is memory for all of them
  const std::size_t most = rounded_up(std::max(capacity, length), kMaxLanes);
  const Heads heads = program.heads(0);
  for (Memory& memory : program.scratch) memory.reserve(most + 2 * heads.padded_size);
  const std::size_t together = std::max<std::size_t>(1, kMicroBatchRows / length);
  program.reserve(together * length, together);
  for (Stack& stack : program.stacks) {
    stack.num_tokens = 0;
    stack.own.resize(stack.weights.layers.size());
    stack.cross.resize(stack.weights.layers.size());
    for (KvCache& cache : stack.own)
      cache.reserve(num_lists, program.sizes.num_heads, heads, capacity);
    for (KvCache& cache : stack.cross)
      cache.reserve(num_lists, program.sizes.num_heads, heads, length);
    for (std::size_t first = 0; first < num_lists; first += together) {
      const std::size_t count = std::min(together, num_lists - first);
      program.pool.run(
          [&](int thread) { program.prefill_cross(thread, stack, encoded, first, count, length); });
    }
  }
  program.num_lists = num_lists;
  program.encoded_length = length;
  program.capacity = capacity;
}

void Decoder::decode_step(std::size_t number, const Tokens& x, float* logits) {
  Program& program = *program_;
  check(program, number, x);
  Stack& stack = program.stacks[number];
  if (number == 0) {
    program.features.reserve(program.num_lists * x.num_tokens, program.sizes.width);
    program.tokens_together = x.num_tokens;
  }
  const std::size_t together = std::max<std::size_t>(1, kMicroBatchRows / x.num_tokens);
  const std::size_t most = std::min(together, x.num_lists);
  program.reserve(most * x.num_tokens, most);
  for (std::size_t first = 0; first < x.num_lists; first += together) {
    const std::size_t count = std::min(together, x.num_lists - first);
    const std::size_t size = x.num_tokens * program.sizes.width;
    const float* inputs = x.inputs + first * x.num_tokens * stack.sizes.num_inputs;
    const MicroBatch batch{stack,
                           {x.data + first * size, inputs, count, x.num_tokens, x.lists + first},
                           number == 0,
                           logits + first * stack.sizes.num_logits};
    program.pool.run([&](int thread) { program.run(thread, batch); });
  }
  stack.num_tokens += x.num_tokens;
}

}  // namespace overtone::transformer

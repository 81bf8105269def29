// The program of a step, which all threads run together: each computes some panels of every
// product, and the attention of some heads of some lists.
#pragma once

#include <vector>

#include "decoder.h"
#include "kv_cache.h"
#include "platform/barrier.h"
#include "platform/isa.h"
#include "platform/pool.h"
#include "weights.h"

namespace overtone::transformer {

// About 300 microseconds, longer than what a caller does between two calls for one list.
inline constexpr int kNumSpins = 20000;

struct Stack {
  StackSizes sizes;
  StackWeights weights;
  std::vector<KvCache> own, cross;  // of each layer
  std::size_t num_tokens = 0;       // that have been read
};

// Some lists on their way through a stack.
struct MicroBatch {
  const Stack& stack;
  Tokens x;
  bool is_first;  // of the stacks
  float* logits;
  std::size_t num_rows() const { return x.num_lists * x.num_tokens; }
};

// Everything is allocated before the threads start: they run what takes a number of a thread.
struct Program {
  Program(Sizes sizes, int num_threads, Isa isa, bool is_bfloat16);

  Heads heads(int thread) const {
    return {head_size, rounded_up(head_size, kMaxLanes), scratch[thread].get()};
  }
  // Room for rows of features, and for logits of `num_last` rows.
  void reserve(std::size_t num_rows, std::size_t num_last);

  // Fills the caches of cross-attention from encoder outputs (lists, length, width).
  void prefill_cross(int thread, const Stack& stack, const float* encoded, std::size_t first,
                     std::size_t num_lists, std::size_t length);
  // Reads the tokens of a batch with all layers of its stack, and writes its logits.
  void run(int thread, const MicroBatch& batch);

  const Sizes sizes;
  const int head_size;
  const Isa isa;
  const Kernel& kernel;
  const bool is_bfloat16;
  Pool pool;
  Barrier barrier;
  Arena arena;
  std::vector<Stack> stacks;
  std::size_t num_lists = 0, encoded_length = 0, capacity = 0;
  RowMemory x, mixed, wide, logits;
  RowMemory features;               // what the last stack gave, by list and token,
  std::size_t tokens_together = 0;  // so many of each list
  std::vector<RowMemory> normal;    // of each thread
  std::vector<Memory> scratch;

 private:
  void multiply(int thread, const Linear& linear, ConstRows input, Rows output,
                std::size_t num_rows, Epilogue epilogue = Epilogue::store, float gate = 1.0f);
  Rows normalise(int thread, Norm norm, ConstRows from, std::size_t num_rows);
  void append(const Heads& heads, const KvCache& cache, std::size_t list, std::size_t head,
              ConstRows rows, std::size_t num_tokens, std::size_t first) const;
  void attend_self(int thread, const MicroBatch& batch, const KvCache& cache);
  void attend_cross(int thread, const MicroBatch& batch, const KvCache& cache);
  void embed(int thread, const MicroBatch& batch);
  void run_layer(int thread, const MicroBatch& batch, std::size_t number);
  void read_out(int thread, const MicroBatch& batch);
};

}  // namespace overtone::transformer

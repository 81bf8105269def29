// The program of a step, which all threads run together: each computes some panels of every
// product, and the attention of some heads of some lists.
#include "decoder.h"

#include <algorithm>
#include <stdexcept>

#include "memory.h"
#include "platform/barrier.h"
#include "platform/isa.h"
#include "platform/pool.h"
#include "weights.h"

namespace overtone::transformer {
namespace {

constexpr std::size_t kMicroBatchRows =
    256;  // rows that pass all layers together stay in the cache
// About 300 microseconds, longer than what a caller does between two calls for one list.
constexpr int kNumSpins = 20000;

// Of `count` things, those of one thread.
struct Share {
  std::size_t first, last;
  Share(std::size_t count, int thread, int num_threads)
      : first(count * thread / num_threads), last(count * (thread + 1) / num_threads) {}
};

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

}  // namespace

struct Decoder::Impl {
  Impl(Sizes sizes, int num_threads, const std::string& isa_name, bool is_bfloat16)
      : sizes(sizes), isa(resolve(isa_of(isa_name))), kernel(OVERTONE_VARIANT(isa, kernel)),
        is_bfloat16(is_bfloat16), pool(num_threads, kNumSpins), barrier(num_threads, kNumSpins),
        normal(num_threads), scratch(num_threads), head_size(sizes.width / sizes.num_heads) {}

  Heads heads(int thread) {
    return {head_size, rounded_up(head_size, kMaxLanes), scratch[thread].get()};
  }

  void reserve(std::size_t num_rows, std::size_t num_last) {
    std::size_t most_logits = 0;
    for (const Stack& stack : stacks)
      most_logits = std::max<std::size_t>(most_logits, stack.sizes.num_logits);
    for (RowMemory& rows : normal) rows.reserve(num_rows, sizes.width);
    x.reserve(num_rows, sizes.width);
    mixed.reserve(num_rows, sizes.width);
    wide.reserve(num_rows, std::max(3 * sizes.width, sizes.hidden));
    logits.reserve(num_last, most_logits);
  }

  // A thread's panels of a product; all of it is there after the barrier.
  void multiply(int thread, const Linear& linear, Rows input, Rows output, std::size_t num_rows,
                Epilogue epilogue = Epilogue::store, float gate = 1.0f) {
    const std::size_t num_panels = (linear.outputs + kernel.panel - 1) / kernel.panel;
    const Share panels(num_panels, thread, pool.size());
    kernel.multiply({&linear, input, output, static_cast<int>(num_rows), epilogue, gate,
                     static_cast<int>(panels.first), static_cast<int>(panels.last)});
    barrier.wait();
  }

  Rows normalise(int thread, Norm norm, Rows from, std::size_t num_rows) {
    const Rows to = normal[thread].rows();
    kernel.normalise(norm, sizes.width, from, to, static_cast<int>(num_rows));
    return to;
  }

  // Keys and values of tokens from `first` on, which are in rows after `offset` features.
  void append(const Heads& heads, const KvCache& cache, std::size_t list, std::size_t head,
              Rows rows, std::size_t offset, std::size_t num_tokens, std::size_t first) {
    const HeadCache own = cache.at(list, head);
    for (std::size_t j = 0; j < num_tokens; ++j) {
      const float* key = rows[j] + offset + head * head_size;
      kernel.append(heads, key, key + sizes.width, own, static_cast<int>(first + j));
    }
  }

  void prefill_cross(int thread, const Stack& stack, const float* encoded, std::size_t first,
                     std::size_t num_lists, std::size_t length) {
    const Heads heads = this->heads(thread);
    const Share items(num_lists * sizes.num_heads, thread, pool.size());
    const auto width = static_cast<std::size_t>(sizes.width);
    // Only read.
    const Rows input{const_cast<float*>(encoded) + first * length * width, width};
    for (std::size_t l = 0; l < stack.weights.layers.size(); ++l) {
      multiply(thread, stack.weights.layers[l].cross.keys_values, input, wide.rows(),
               num_lists * length);
      for (std::size_t item = items.first; item < items.last; ++item) {
        const std::size_t list = item / sizes.num_heads, head = item % sizes.num_heads;
        const Rows rows{wide.rows()[list * length], wide.rows().stride};
        append(heads, stack.cross[l], first + list, head, rows, 0, length, 0);
      }
      barrier.wait();
    }
  }

  void attend_self(int thread, const MicroBatch& batch, const KvCache& cache) {
    const Heads heads = this->heads(thread);
    const Share items(batch.x.num_lists * sizes.num_heads, thread, pool.size());
    const std::size_t count = batch.x.num_tokens, before = batch.stack.num_tokens;
    for (std::size_t item = items.first; item < items.last; ++item) {
      const std::size_t i = item / sizes.num_heads, head = item % sizes.num_heads;
      const auto list = static_cast<std::size_t>(batch.x.lists[i]);
      const Rows rows{wide.rows()[i * count], wide.rows().stride};
      append(heads, cache, list, head, rows, sizes.width, count, before);
      const HeadCache own = cache.at(list, head);
      for (std::size_t j = 0; j < count; ++j)
        kernel.attend(heads, rows[j] + head * head_size, own, static_cast<int>(before + j + 1),
                      mixed.rows()[i * count + j] + head * head_size);
    }
    barrier.wait();
  }

  void attend_cross(int thread, const MicroBatch& batch, const KvCache& cache) {
    const Heads heads = this->heads(thread);
    const Share items(batch.x.num_lists * sizes.num_heads, thread, pool.size());
    const std::size_t count = batch.x.num_tokens;
    for (std::size_t item = items.first; item < items.last; ++item) {
      const std::size_t i = item / sizes.num_heads, head = item % sizes.num_heads;
      const HeadCache own = cache.at(static_cast<std::size_t>(batch.x.lists[i]), head);
      for (std::size_t row = i * count; row < (i + 1) * count; ++row)
        kernel.attend(heads, wide.rows()[row] + head * head_size, own,
                      static_cast<int>(encoded_length), mixed.rows()[row] + head * head_size);
    }
    barrier.wait();
  }

  void embed(int thread, const MicroBatch& batch) {
    const Share rows(batch.num_rows(), thread, pool.size());
    const auto width = static_cast<std::size_t>(sizes.width);
    const StackWeights& weights = batch.stack.weights;
    if (batch.stack.sizes.num_inputs) {
      // Only read.
      const Rows inputs{const_cast<float*>(batch.x.inputs), std::size_t(weights.inner.inputs)};
      multiply(thread, weights.inner, inputs, wide.rows(), batch.num_rows(), Epilogue::gelu);
      multiply(thread, weights.outer, wide.rows(), mixed.rows(), batch.num_rows());
    }
    for (std::size_t row = rows.first; row < rows.last; ++row) {
      const std::size_t list = batch.x.lists[row / batch.x.num_tokens];
      const std::size_t position = row % batch.x.num_tokens;
      float* to = x.rows()[row];
      const float* from = batch.x.data + row * width;
      std::copy_n(from, width, to);
      const auto add = [&](Norm norm, float* features) {
        const Rows normal = normalise(thread, norm, {features, 0}, 1);
        kernel.add(normal[0], to, sizes.width);
      };
      if (!batch.is_first)
        add(weights.before_norm, features.rows()[list * batch.x.num_tokens + position]);
      if (batch.stack.sizes.num_inputs) add(weights.inputs_norm, mixed.rows()[row]);
    }
    barrier.wait();
  }

  void run_layer(int thread, const MicroBatch& batch, std::size_t number) {
    const LayerWeights& layer = batch.stack.weights.layers[number];
    const std::size_t num_rows = batch.num_rows();
    const float* gate = layer.gates.data();
    Rows normal = normalise(thread, layer.own.norm, x.rows(), num_rows);
    multiply(thread, layer.own.in, normal, wide.rows(), num_rows);
    attend_self(thread, batch, batch.stack.own[number]);
    multiply(thread, layer.own.out, mixed.rows(), x.rows(), num_rows, Epilogue::gated_add, *gate++);

    normal = normalise(thread, layer.cross.norm, x.rows(), num_rows);
    multiply(thread, layer.cross.in, normal, wide.rows(), num_rows);
    attend_cross(thread, batch, batch.stack.cross[number]);
    multiply(thread, layer.cross.out, mixed.rows(), x.rows(), num_rows, Epilogue::gated_add,
             *gate++);

    for (const FeedForwardWeights& feed : layer.feed) {
      normal = normalise(thread, feed.norm, x.rows(), num_rows);
      multiply(thread, feed.inner, normal, wide.rows(), num_rows, Epilogue::gelu);
      multiply(thread, feed.outer, wide.rows(), x.rows(), num_rows, Epilogue::gated_add, *gate++);
    }
  }

  void read_out(int thread, const MicroBatch& batch) {
    const std::size_t count = batch.x.num_tokens, width = sizes.width;
    const Rows last{x.rows()[count - 1], count * x.rows().stride};
    const Rows normal = normalise(thread, batch.stack.weights.head_norm, last, batch.x.num_lists);
    multiply(thread, batch.stack.weights.head, normal, logits.rows(), batch.x.num_lists);
    const Share lists(batch.x.num_lists, thread, pool.size());
    for (std::size_t i = lists.first; i < lists.last; ++i) {
      const auto size = static_cast<std::size_t>(batch.stack.sizes.num_logits);
      std::copy_n(logits.rows()[i], size, batch.logits + i * size);
      for (std::size_t j = 0; j < count; ++j)
        std::copy_n(x.rows()[i * count + j], width, features.rows()[batch.x.lists[i] * count + j]);
    }
  }

  const Sizes sizes;
  const Isa isa;
  const Kernel& kernel;
  const bool is_bfloat16;
  Pool pool;
  Barrier barrier;
  Arena arena;
  std::vector<Stack> stacks;
  std::size_t num_lists = 0, encoded_length = 0;
  RowMemory x, mixed, wide, logits;
  RowMemory features;             // what the last stack gave, by list and token
  std::vector<RowMemory> normal;  // of each thread
  std::vector<Memory> scratch;
  const int head_size;
};

Decoder::Decoder(Sizes sizes, int num_threads, const std::string& isa, bool is_bfloat16)
    : impl_(std::make_unique<Impl>(sizes, num_threads, isa, is_bfloat16)) {}
Decoder::~Decoder() = default;

std::string Decoder::isa() const { return name_of(impl_->isa); }

void Decoder::add_stack(StackSizes sizes, const std::vector<const float*>& weights) {
  Packer packer(impl_->kernel, impl_->sizes, impl_->is_bfloat16, impl_->arena);
  const bool is_first = impl_->stacks.empty();
  impl_->stacks.push_back({sizes, packer.stack(sizes, is_first, weights.data()), {}, {}, 0});
}

void Decoder::prefill(const float* encoded, std::size_t num_lists, std::size_t length,
                      std::size_t capacity) {
  Impl& impl = *impl_;
  impl.num_lists = num_lists;
  impl.encoded_length = length;
  const std::size_t most = rounded_up(std::max(capacity, length), kMaxLanes);
  const Heads heads = impl.heads(0);
  for (Memory& memory : impl.scratch) memory.reserve(most + 2 * heads.padded_size);
  const std::size_t together = std::max<std::size_t>(1, kMicroBatchRows / length);
  impl.reserve(together * length, together);
  for (Stack& stack : impl.stacks) {
    stack.num_tokens = 0;
    stack.own.resize(stack.weights.layers.size());
    stack.cross.resize(stack.weights.layers.size());
    for (KvCache& cache : stack.own)
      cache.reserve(num_lists, impl.sizes.num_heads, heads, capacity);
    for (KvCache& cache : stack.cross)
      cache.reserve(num_lists, impl.sizes.num_heads, heads, length);
    for (std::size_t first = 0; first < num_lists; first += together) {
      const std::size_t count = std::min(together, num_lists - first);
      impl.pool.run(
          [&](int thread) { impl.prefill_cross(thread, stack, encoded, first, count, length); });
    }
  }
}

void Decoder::decode_step(std::size_t number, const Tokens& x, float* logits) {
  Impl& impl = *impl_;
  Stack& stack = impl.stacks[number];
  if (number == 0) impl.features.reserve(impl.num_lists * x.num_tokens, impl.sizes.width);
  const std::size_t together = std::max<std::size_t>(1, kMicroBatchRows / x.num_tokens);
  const std::size_t most = std::min(together, x.num_lists);
  impl.reserve(most * x.num_tokens, most);
  for (std::size_t first = 0; first < x.num_lists; first += together) {
    const std::size_t count = std::min(together, x.num_lists - first);
    const std::size_t size = x.num_tokens * impl.sizes.width;
    const float* inputs = x.inputs + first * x.num_tokens * stack.sizes.num_inputs;
    const MicroBatch batch{stack,
                           {x.data + first * size, inputs, count, x.num_tokens, x.lists + first},
                           number == 0,
                           logits + first * stack.sizes.num_logits};
    impl.pool.run([&](int thread) {
      impl.embed(thread, batch);
      for (std::size_t layer = 0; layer < stack.weights.layers.size(); ++layer)
        impl.run_layer(thread, batch, layer);
      impl.read_out(thread, batch);
    });
  }
  stack.num_tokens += x.num_tokens;
}

}  // namespace overtone::transformer

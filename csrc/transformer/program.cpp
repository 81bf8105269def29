#include "program.h"

#include <algorithm>

namespace overtone::transformer {
namespace {

// Of `count` things, those of one thread.
struct Share {
  std::size_t first, last;
  Share(std::size_t count, int thread, int num_threads)
      : first(count * thread / num_threads), last(count * (thread + 1) / num_threads) {}
};

}  // namespace

Program::Program(Sizes sizes, int num_threads, Isa isa, bool is_bfloat16)
    : sizes(sizes), head_size(sizes.width / sizes.num_heads), isa(isa),
      kernel(OVERTONE_VARIANT(isa, kernel)), is_bfloat16(is_bfloat16), pool(num_threads, kNumSpins),
      barrier(pool.size(), kNumSpins), normal(pool.size()), scratch(pool.size()) {}

void Program::reserve(std::size_t num_rows, std::size_t num_last) {
  std::size_t most_logits = 0;
  for (const Stack& stack : stacks)
    most_logits = std::max<std::size_t>(most_logits, stack.sizes.num_logits);
  for (RowMemory& rows : normal) rows.reserve(num_rows, sizes.width);
  x.reserve(num_rows, sizes.width);
  mixed.reserve(num_rows, sizes.width);
  wide.reserve(num_rows, std::max(3 * sizes.width, sizes.hidden));
  logits.reserve(num_last, most_logits);
}

void Program::run(int thread, const MicroBatch& batch) {
  embed(thread, batch);
  for (std::size_t layer = 0; layer < batch.stack.weights.layers.size(); ++layer)
    run_layer(thread, batch, layer);
  read_out(thread, batch);
}

// A thread's panels of a product; all of it is there after the barrier.
void Program::multiply(int thread, const Linear& linear, ConstRows input, Rows output,
                       std::size_t num_rows, Epilogue epilogue, float gate) {
  const std::size_t num_panels = (linear.outputs + kernel.panel - 1) / kernel.panel;
  const Share panels(num_panels, thread, pool.size());
  kernel.multiply({&linear, input, output, static_cast<int>(num_rows), epilogue, gate,
                   static_cast<int>(panels.first), static_cast<int>(panels.last)});
  barrier.wait();
}

Rows Program::normalise(int thread, Norm norm, ConstRows from, std::size_t num_rows) {
  const Rows to = normal[thread].rows();
  kernel.normalise(norm, sizes.width, from, to, static_cast<int>(num_rows));
  return to;
}

// Keys and values of tokens from `first` on; rows begin with the keys.
void Program::append(const Heads& heads, const KvCache& cache, std::size_t list, std::size_t head,
                     ConstRows rows, std::size_t num_tokens, std::size_t first) const {
  const HeadCache own = cache.at(list, head);
  for (std::size_t j = 0; j < num_tokens; ++j) {
    const float* key = rows[j] + head * head_size;
    kernel.append(heads, key, key + sizes.width, own, static_cast<int>(first + j));
  }
}

void Program::prefill_cross(int thread, const Stack& stack, const float* encoded, std::size_t first,
                            std::size_t num_lists, std::size_t length) {
  const Heads heads = this->heads(thread);
  const Share items(num_lists * sizes.num_heads, thread, pool.size());
  const auto width = static_cast<std::size_t>(sizes.width);
  const ConstRows input{encoded + first * length * width, width};
  for (std::size_t l = 0; l < stack.weights.layers.size(); ++l) {
    multiply(thread, stack.weights.layers[l].cross.keys_values, input, wide.rows(),
             num_lists * length);
    for (std::size_t item = items.first; item < items.last; ++item) {
      const std::size_t list = item / sizes.num_heads, head = item % sizes.num_heads;
      append(heads, stack.cross[l], first + list, head, wide.rows().from(list * length), length, 0);
    }
    barrier.wait();
  }
}

void Program::attend_self(int thread, const MicroBatch& batch, const KvCache& cache) {
  const Heads heads = this->heads(thread);
  const Share items(batch.x.num_lists * sizes.num_heads, thread, pool.size());
  const std::size_t count = batch.x.num_tokens, before = batch.stack.num_tokens;
  for (std::size_t item = items.first; item < items.last; ++item) {
    const std::size_t i = item / sizes.num_heads, head = item % sizes.num_heads;
    const auto list = static_cast<std::size_t>(batch.x.lists[i]);
    const Rows rows = wide.rows().from(i * count);
    append(heads, cache, list, head, {rows.data + sizes.width, rows.stride}, count, before);
    const HeadCache own = cache.at(list, head);
    for (std::size_t j = 0; j < count; ++j)
      kernel.attend(heads, rows[j] + head * head_size, own, static_cast<int>(before + j + 1),
                    mixed.rows()[i * count + j] + head * head_size);
  }
  barrier.wait();
}

void Program::attend_cross(int thread, const MicroBatch& batch, const KvCache& cache) {
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

void Program::embed(int thread, const MicroBatch& batch) {
  const Share rows(batch.num_rows(), thread, pool.size());
  const auto width = static_cast<std::size_t>(sizes.width);
  const StackWeights& weights = batch.stack.weights;
  if (batch.stack.sizes.num_inputs) {
    const ConstRows inputs{batch.x.inputs, static_cast<std::size_t>(weights.inner.inputs)};
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

void Program::run_layer(int thread, const MicroBatch& batch, std::size_t number) {
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
  multiply(thread, layer.cross.out, mixed.rows(), x.rows(), num_rows, Epilogue::gated_add, *gate++);

  for (const FeedForwardWeights& feed : layer.feed) {
    normal = normalise(thread, feed.norm, x.rows(), num_rows);
    multiply(thread, feed.inner, normal, wide.rows(), num_rows, Epilogue::gelu);
    multiply(thread, feed.outer, wide.rows(), x.rows(), num_rows, Epilogue::gated_add, *gate++);
  }
}

void Program::read_out(int thread, const MicroBatch& batch) {
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

}  // namespace overtone::transformer

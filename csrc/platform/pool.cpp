#include "pool.h"

#include <stdexcept>
#include <string>

namespace overtone {
namespace {

// A thread asleep takes some 50 microseconds to wake, a fair part of a short step; so waiting
// starts with spinning.
void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old, int num_spins) {
  for (int i = 0; i < num_spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
#ifdef OVERTONE_X86
    __builtin_ia32_pause();
#endif
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

Pool::Pool(int num_threads, int num_spins) : num_spins_(num_spins) {
  if (num_threads < 1 || num_threads > kMaxThreads)
    throw std::invalid_argument("num_threads must be in 1.." + std::to_string(kMaxThreads) +
                                ", got " + std::to_string(num_threads));
  threads_.reserve(static_cast<std::size_t>(num_threads - 1));
  try {
    for (int i = 1; i < num_threads; ++i) threads_.emplace_back([this, i] { serve(i); });
  } catch (...) {  // the system has no more threads
    stop();
    throw;
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  is_stopping_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::run(const std::function<void(int)>& work) {
  if (threads_.empty()) {
    work(0);
    return;
  }
  work_ = &work;
  pending_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  work(0);
  for (std::uint32_t left; (left = pending_.load(std::memory_order_acquire)) != 0;)
    wait_while(pending_, left, num_spins_);
}

void Pool::serve(int index) {
  std::uint32_t seen = 0;
  while (true) {
    wait_while(round_, seen, num_spins_);
    seen = round_.load(std::memory_order_acquire);
    if (is_stopping_) return;
    (*work_)(index);
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
  }
}

}  // namespace overtone

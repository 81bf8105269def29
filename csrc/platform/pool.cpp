#include "pool.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#ifndef OVERTONE_NO_THREADS
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <system_error>
#include <utility>
#endif

namespace overtone {

int checked_num_threads(int num_threads) {
  if (num_threads < 1)
    throw std::invalid_argument("num_threads must be at least 1, got " +
                                std::to_string(num_threads));
  return std::min(num_threads, kMaxThreads);
}

#ifdef OVERTONE_NO_THREADS

void prepare_thread() {}

#else

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

// What must be free before another thread starts: the C library ends the process when a thread
// has no memory for its first thread-local variable.
constexpr std::size_t kHeadroom = std::size_t{1} << 20;

bool has_headroom() {
  void* volatile memory = std::malloc(kHeadroom);
  std::free(memory);
  return memory != nullptr;
}

[[maybe_unused]] const bool is_prepared = (prepare_thread(), true);

}  // namespace

void prepare_thread() {
  try {
    throw 0;
  } catch (int) {
  }
}

Pool::Pool(int num_threads, int num_spins)
    : num_spins_(num_spins), num_threads_(checked_num_threads(num_threads)) {
  num_threads_ = start(num_threads_);
}

Pool::~Pool() { stop(); }

// Returns the number of threads there are then.
int Pool::start(int num_threads) {
  process_ = getpid();
  const std::uint32_t round = round_.load(std::memory_order_relaxed);
  try {
    threads_.reserve(static_cast<std::size_t>(num_threads - 1));
    for (int i = 1; i < num_threads && has_headroom(); ++i)
      threads_.emplace_back([this, i, round] { serve(i, round); });
  } catch (const std::system_error&) {  // the system has no more threads,
  } catch (const std::bad_alloc&) {     // or no memory for one
  }
  return static_cast<int>(threads_.size()) + 1;
}

// In the child of a fork: what is there of the threads are their names only.
void Pool::restart() {
  for (std::thread& thread : threads_) thread.detach();
  threads_.clear();
  pending_.store(0, std::memory_order_relaxed);
  if (start(num_threads_) == num_threads_) return;
  stop();
  threads_.clear();
  is_stopping_ = false;
  process_ = 0;  // so that the next call tries again
  throw std::runtime_error("cannot start " + std::to_string(num_threads_ - 1) +
                           " threads after a fork; ask for fewer");
}

void Pool::stop() {
  if (process_ != getpid()) {
    for (std::thread& thread : threads_) thread.detach();
    return;
  }
  is_stopping_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::run(const std::function<void(int)>& work) {
  if (num_threads_ == 1) {
    work(0);
    return;
  }
  if (process_ != getpid()) restart();
  work_ = &work;
  pending_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(0);
  for (std::uint32_t left; (left = pending_.load(std::memory_order_acquire)) != 0;)
    wait_while(pending_, left, num_spins_);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Pool::call(int index) {
  try {
    (*work_)(index);
  } catch (...) {
    const std::lock_guard lock(failing_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void Pool::serve(int index, std::uint32_t seen) {
  while (true) {
    wait_while(round_, seen, num_spins_);
    seen = round_.load(std::memory_order_acquire);
    if (is_stopping_) return;
    call(index);
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
  }
}

#endif

}  // namespace overtone

// Where threads that run one program wait for each other, some 50 times a step.
#pragma once

#include <atomic>
#include <cstdint>

namespace overtone {

class Barrier {
 public:
  // A waiting thread spins that often before it sleeps.
  Barrier(int num_threads, int num_spins) : num_threads_(num_threads), num_spins_(num_spins) {}

  void wait() {
    if (num_threads_ == 1) return;
    const std::uint32_t round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == num_threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.fetch_add(1, std::memory_order_release);
      round_.notify_all();
      return;
    }
    for (int i = 0; i < num_spins_; ++i) {
      if (round_.load(std::memory_order_acquire) != round) return;
#ifdef OVERTONE_X86
      __builtin_ia32_pause();
#endif
    }
    round_.wait(round, std::memory_order_acquire);
  }

 private:
  const int num_threads_, num_spins_;
  std::atomic<int> arrived_{0};
  std::atomic<std::uint32_t> round_{0};
};

}  // namespace overtone

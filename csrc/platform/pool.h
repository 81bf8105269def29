// A fixed set of threads that run one function together.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace overtone {

class Pool {
 public:
  // A waiting thread spins that often before it sleeps; 2,000 times take about 30 microseconds.
  // Throws std::invalid_argument when num_threads is not in 1..256.
  explicit Pool(int num_threads, int num_spins = 2000);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls work(0) here and work(1) ... work(size() - 1) on the other threads; returns when all
  // are done. `work` must not throw. One caller at a time.
  void run(const std::function<void(int)>& work);

 private:
  static constexpr int kMaxThreads = 256;
  void serve(int index);
  void stop();

  const int num_spins_;
  std::vector<std::thread> threads_;
  const std::function<void(int)>* work_ = nullptr;
  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::uint32_t> pending_{0};
  bool is_stopping_ = false;  // written before round_ advances
};

}  // namespace overtone

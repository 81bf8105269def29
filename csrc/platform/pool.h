// A fixed set of threads that run one function together.
#pragma once

#include <functional>
#ifndef OVERTONE_NO_THREADS
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>
#endif

namespace overtone {

inline constexpr int kMaxThreads = 256;

// The number asked for, at most kMaxThreads; throws std::invalid_argument when it is below 1.
int checked_num_threads(int num_threads);

// Makes what a thread needs to throw exceptions, while there is memory: the C library ends the
// process when there is none for a thread-local variable.
void prepare_thread();

#ifdef OVERTONE_NO_THREADS

// Where there are no threads: the caller does all the work.
class Pool {
 public:
  explicit Pool(int num_threads, int = 0) { checked_num_threads(num_threads); }

  int size() const { return 1; }
  void run(const std::function<void(int)>& work) { work(0); }
};

#else

class Pool {
 public:
  // Has checked_num_threads(num_threads) threads, or as many as the system grants, this one among
  // them. A waiting thread spins `num_spins` times before it sleeps; 2,000 times take about 30
  // microseconds.
  explicit Pool(int num_threads, int num_spins = 2000);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int size() const { return num_threads_; }

  // Calls work(0) here and work(1) ... work(size() - 1) on the other threads; returns when all
  // are done, and throws what the first of them threw. One caller at a time. Of threads that wait
  // for each other inside `work` none may throw.
  //
  // After a fork the child has none of the threads; the first call there starts as many anew, and
  // throws std::runtime_error if they cannot be had.
  void run(const std::function<void(int)>& work);

 private:
  int start(int num_threads);
  void restart();
  void serve(int index, std::uint32_t seen);
  void call(int index);
  void stop();

  const int num_spins_;
  std::vector<std::thread> threads_;
  int num_threads_ = 1;
  pid_t process_ = 0;  // that the threads belong to
  const std::function<void(int)>* work_ = nullptr;
  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::uint32_t> pending_{0};
  std::mutex failing_;
  std::exception_ptr failure_;
  bool is_stopping_ = false;  // written before round_ advances
};

#endif

}  // namespace overtone

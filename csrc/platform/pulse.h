// What long work without the lock of Python does now and then: it lets Python handle signals, and
// calls what it was given, which may raise to end the work.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <utility>

namespace overtone {

class Pulse {
 public:
  // `check` is a function without arguments, or None.
  explicit Pulse(nanobind::object check) : check_(std::move(check)) {}

  // Looks at the clock only, mostly. Throws what Python raised.
  void operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(50);
    const nanobind::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
    if (!check_.is_none()) check_();
  }

 private:
  nanobind::object check_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace overtone

#include <nanobind/nanobind.h>

NB_MODULE(_series, m) { m.doc() = "overtone native kernels: series"; }

#include <nanobind/nanobind.h>

NB_MODULE(_fourier, m) { m.doc() = "overtone native kernels: fourier"; }

#pragma once

#include <nanobind/nanobind.h>

namespace overtone::fit {

void bind_fit(nanobind::module_& module);

}  // namespace overtone::fit

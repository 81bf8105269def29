// Block cosine series between the pixels: any size, any part.
#pragma once

#include "coefficients.h"

namespace overtone::ovt::sparse_dct {

// Rows `top` to before `bottom` of a view, interleaved; each component's series at its own scale.
std::vector<std::uint8_t> evaluate(const Coefficients& from, const ovt_view& view, int top,
                                   int bottom, Pulse& pulse);

}  // namespace overtone::ovt::sparse_dct

#include "codec.h"

#include <cmath>

namespace overtone::ovt {

bool Work::is_aligned() const {
  for (const double value : {view.x, view.y, view.width, view.height})
    if (value != std::floor(value)) return false;
  return view.out_width == view.width && view.out_height == view.height;
}

std::vector<double> centres(double start, double length, std::size_t count) {
  std::vector<double> places(count);
  const double step = length / static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Rounded after the product, so that no machine fuses the two.
    const volatile double offset = (static_cast<double>(i) + 0.5) * step;
    places[i] = start + offset;
  }
  return places;
}

std::shared_ptr<const Data> Context::find(const std::string& name) const {
  const auto found = data_.find(name);
  if (found == data_.end())
    fail(OVT_NO_DATA, "decoding needs the data " + name + "; add it to the context first");
  return found->second;
}

}  // namespace overtone::ovt

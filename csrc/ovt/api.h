// What the two halves of the C functions share: their objects, and how what is thrown ends there.
#pragma once

#include <cstdio>
#include <new>
#include <stdexcept>

#include "codecs.h"

struct ovt_context {
  overtone::ovt::Context context;
};

struct ovt_file {
  overtone::ovt::Container container;
  const ovt_context* context = nullptr;
  bool is_head = false;
};

namespace overtone::ovt {

// Allocates nothing, for there may be no memory.
inline ovt_status report(ovt_error* error, ovt_status status, const char* text,
                         std::int64_t offset = OVT_NO_OFFSET) noexcept {
  if (error != nullptr) {
    error->status = status;
    error->offset = offset;
    std::snprintf(error->text, sizeof error->text, "%s", text);
  }
  return status;
}

// Calls `work`, and makes a status of what it throws.
template <class Function>
ovt_status guarded(ovt_error* error, Function work) noexcept {
  try {
    if (error != nullptr) *error = {OVT_OK, OVT_NO_OFFSET, {}};
    return work();
  } catch (const Failure& failure) {
    return report(error, failure.status, failure.text.c_str(), failure.offset);
  } catch (const std::bad_alloc&) {
    return report(error, OVT_NO_MEMORY, "there is not enough memory");
  } catch (const std::length_error&) {  // more than any vector holds
    return report(error, OVT_NO_MEMORY, "there is not enough memory");
  } catch (const std::invalid_argument& wrong) {
    return report(error, OVT_BAD_ARGUMENT, wrong.what());
  } catch (const std::exception& wrong) {
    return report(error, OVT_INTERNAL, wrong.what());
  } catch (...) {
    return report(error, OVT_INTERNAL, "an unknown exception");
  }
}

inline void require(bool condition, const char* text) {
  if (!condition) fail(OVT_BAD_ARGUMENT, text);
}

inline Bytes bytes_of(const void* data, std::size_t size) {
  require(data != nullptr || size == 0, "data is NULL and its size is not 0");
  return {static_cast<const std::uint8_t*>(data), size};
}

inline std::uint64_t or_default(std::uint64_t max_pixels) {
  return max_pixels == 0 ? OVT_DEFAULT_MAX_PIXELS : max_pixels;
}

// Throws OVT_UNSUPPORTED_CODEC for a file of another.
const Codec& codec_for(const ovt_file& file);

}  // namespace overtone::ovt

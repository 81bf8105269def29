// What the library throws inside; the functions of ovt.h turn it into a status.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "ovt.h"

namespace overtone::ovt {

struct Failure {
  ovt_status status;
  std::string text;
  std::int64_t offset = OVT_NO_OFFSET;
};

[[noreturn]] inline void fail(ovt_status status, std::string text,
                              std::int64_t offset = OVT_NO_OFFSET) {
  throw Failure{status, std::move(text), offset};
}

// What a file lacks, and the data of codecs.
[[noreturn]] inline void fail_corrupt(std::string text, std::int64_t offset = OVT_NO_OFFSET) {
  fail(OVT_CORRUPT, std::move(text), offset);
}

}  // namespace overtone::ovt

// What JavaScript calls: libovt with one context, one file and one decoder at a time, and numbers
// and pointers only. js/engine.js is the other side.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include "ovt.h"

namespace {

ovt_error last_error{};
ovt_context* context = nullptr;
ovt_file* file = nullptr;
ovt_decoder* decoder = nullptr;
ovt_metadata metadata{};
std::vector<std::uint8_t> rgba;  // the last strip, four channels

void close_decoder() {
  ovt_decoder_free(decoder);
  decoder = nullptr;
}

ovt_status refuse_memory() {
  last_error = {OVT_NO_MEMORY, OVT_NO_OFFSET, "there is not enough memory"};
  return OVT_NO_MEMORY;
}

std::uint8_t* write_rgba(const std::uint8_t* from, std::size_t count, std::uint32_t channels) {
  rgba.resize(4 * count);
  std::uint8_t* to = rgba.data();
  const bool is_gray = channels <= 2, has_alpha = channels % 2 == 0;
  for (std::size_t i = 0; i < count; ++i, from += channels, to += 4) {
    to[0] = from[0];
    to[1] = from[is_gray ? 0 : 1];
    to[2] = from[is_gray ? 0 : 2];
    to[3] = has_alpha ? from[channels - 1] : 255;
  }
  return rgba.data();
}

}  // namespace

extern "C" {

// Status, offset and text of the last call that failed.
const ovt_error* web_error() { return &last_error; }

ovt_status web_add_data(const char* name, const void* bytes, std::size_t size) {
  if (context == nullptr) {
    const ovt_status status = ovt_context_new(&context, &last_error);
    if (status != OVT_OK) return status;
  }
  return ovt_context_add_data(context, name, bytes, size, &last_error);
}

int web_has_data(const char* name) { return ovt_context_has_data(context, name); }

void web_close() {
  close_decoder();
  ovt_file_free(file);
  file = nullptr;
}

// The bytes stay where they are until web_close. `max_bytes` 0 wants the file whole.
ovt_status web_open(const void* data, std::size_t size, std::size_t max_bytes, double max_pixels) {
  web_close();
  if (context == nullptr) {
    const ovt_status status = ovt_context_new(&context, &last_error);
    if (status != OVT_OK) return status;
  }
  const ovt_open_options options = {static_cast<std::uint64_t>(max_pixels), max_bytes};
  return ovt_open(context, data, size, &options, &file, &last_error);
}

ovt_status web_open_head(const void* data, std::size_t size, double max_pixels) {
  web_close();
  const ovt_open_options options = {static_cast<std::uint64_t>(max_pixels), 0};
  return ovt_open_head(data, size, &options, &file, &last_error);
}

const ovt_header* web_header() { return ovt_file_header(file); }

const ovt_metadata* web_metadata() {
  metadata = ovt_file_metadata(file);
  return &metadata;
}

ovt_status web_start(double x, double y, double width, double height, std::uint32_t out_width,
                     std::uint32_t out_height, double max_pixels) {
  close_decoder();
  const ovt_view view = {x, y, width, height, out_width, out_height};
  ovt_decode_options options{};
  options.max_pixels = static_cast<std::uint64_t>(max_pixels);
  return ovt_decoder_new(file, &view, &options, &decoder, &last_error);
}

// The next rows of the view, at `*pixels`: as they are, or with `as_rgba` in four channels.
ovt_status web_next(const std::uint8_t** pixels, std::uint32_t* num_rows, int as_rgba) {
  const ovt_status status = ovt_decoder_next(decoder, pixels, num_rows, &last_error);
  if (status != OVT_OK || !as_rgba) return status;
  const std::size_t count = std::size_t{*num_rows} * ovt_decoder_view(decoder).out_width;
  try {
    *pixels = write_rgba(*pixels, count, ovt_file_header(file)->channels);
  } catch (const std::bad_alloc&) {
    return refuse_memory();
  }
  return OVT_OK;
}

}  // extern "C"

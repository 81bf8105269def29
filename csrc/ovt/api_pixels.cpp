// The functions of ovt.h that decode a view.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "api.h"

using namespace overtone;
using namespace overtone::ovt;

struct ovt_decoder {
  ovt_view view{};
  std::size_t row_bytes = 0;
  Pulse pulse;
  Context empty;  // of a file that was opened without a context
  std::unique_ptr<Strips> strips;
  Strip strip;           // what is handed out now
  std::size_t row = 0;   // of the strip, handed out by ovt_decoder_read
  std::size_t done = 0;  // rows of the view that were decoded
  bool is_over = false;
  ovt_error failure{};  // what ended it

  ovt_decoder(ovt_check check, void* user) : pulse(check, user) {}
};

namespace {

constexpr std::uint32_t kMaxThreads = 256;
constexpr std::uint32_t kMaxOutputSide = 1u << 30;
// Codecs have up to some hundred bytes for each byte of a row, whose sizes no address may wrap.
constexpr std::uint64_t kMaxRowBytes = std::numeric_limits<std::ptrdiff_t>::max() / 128;

std::string short_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

ovt_view checked_view(const ovt_header& header, const ovt_view* asked, std::uint64_t max_pixels) {
  const double width = header.width, height = header.height;
  const ovt_view view =
      asked != nullptr ? *asked : ovt_view{0, 0, width, height, header.width, header.height};
  const double box[4] = {view.x, view.y, view.width, view.height};
  const bool is_finite = std::all_of(box, box + 4, [](double v) { return std::isfinite(v); });
  if (!is_finite || view.x < 0 || view.y < 0 || !(view.width > 0) || !(view.height > 0) ||
      view.x + view.width > width || view.y + view.height > height) {
    fail(OVT_BAD_ARGUMENT, "the view " + short_of(view.x) + "," + short_of(view.y) + "," +
                               short_of(view.width) + "," + short_of(view.height) +
                               " (left, top, width, height) is not inside the picture of " +
                               std::to_string(header.width) + "x" + std::to_string(header.height) +
                               " pixels");
  }
  const std::string size = std::to_string(view.out_width) + "x" + std::to_string(view.out_height);
  if (view.out_width < 1 || view.out_height < 1)
    fail(OVT_BAD_ARGUMENT, "size must be at least 1x1, got " + size);
  if (std::max(view.out_width, view.out_height) > kMaxOutputSide)
    fail(OVT_BAD_ARGUMENT,
         "sides of the output must be at most " + std::to_string(kMaxOutputSide) + ", got " + size);
  if (std::uint64_t{view.out_width} * view.out_height > max_pixels) {
    fail(OVT_BAD_ARGUMENT, "output of " + size + " pixels is over the limit of " +
                               std::to_string(max_pixels) +
                               "; ask for a smaller one or raise max_pixels");
  }
  return view;
}

std::unique_ptr<ovt_decoder> new_decoder(const ovt_file* file, const ovt_view* view,
                                         const ovt_decode_options* given) {
  require(file != nullptr, "file is NULL");
  require(!file->is_head, "the file was opened by ovt_open_head, which reads no pixels");
  const ovt_decode_options options = given != nullptr ? *given : ovt_decode_options{};
  require(options.num_threads <= kMaxThreads, "num_threads must be at most 256");
  const Codec& codec = codec_for(*file);
  auto decoder = std::make_unique<ovt_decoder>(options.check, options.user);
  const ovt_header& header = file->container.header;
  decoder->view = checked_view(header, view, or_default(options.max_pixels));
  const std::uint64_t row_bytes = std::uint64_t{decoder->view.out_width} * header.channels;
  if (row_bytes > kMaxRowBytes) throw std::bad_alloc();
  decoder->row_bytes = static_cast<std::size_t>(row_bytes);
  const Isa isa = resolve(isa_of(options.isa != nullptr ? options.isa : "auto"));
  const Context& context = file->context != nullptr ? file->context->context : decoder->empty;
  decoder->strips =
      codec.open({file->container, context, decoder->view,
                  std::max(1, static_cast<int>(options.num_threads)), isa, decoder->pulse});
  return decoder;
}

// Makes the next strip; false after the last one.
bool advance(ovt_decoder& decoder) {
  // The decoder has a strip only once it is whole; its memory is used again.
  Strip made;
  std::swap(made, decoder.strip);
  decoder.row = 0;
  if (decoder.is_over) return false;
  const ovt_status status = guarded(&decoder.failure, [&] {
    decoder.is_over = !decoder.strips->next(made);
    if (!decoder.is_over) decoder.done += made.num_rows;
    const bool fits = decoder.is_over
                          ? decoder.done == decoder.view.out_height
                          : made.num_rows > 0 && decoder.done <= decoder.view.out_height &&
                                made.pixels.size() == made.num_rows * decoder.row_bytes;
    if (!fits) fail(OVT_INTERNAL, "the codec decoded other rows than those of the view");
    return OVT_OK;
  });
  if (status != OVT_OK) fail(status, decoder.failure.text, decoder.failure.offset);
  if (decoder.is_over) {
    decoder.strips.reset();
    return false;
  }
  decoder.strip = std::move(made);
  return true;
}

// Whether rows are left, of this strip or the next. After a failure the decoder only fails again.
bool has_rows(ovt_decoder& decoder) {
  if (decoder.failure.status != OVT_OK)
    fail(decoder.failure.status, decoder.failure.text, decoder.failure.offset);
  return decoder.row < decoder.strip.num_rows || advance(decoder);
}

// `required` rows at `stride` bytes from one to the next; throws where the buffer is too small.
void check_buffer(const void* buffer, std::size_t size, std::size_t stride, std::size_t row_bytes,
                  std::uint64_t rows) {
  require(buffer != nullptr, "buffer is NULL");
  if (stride < row_bytes) {
    fail(OVT_BAD_ARGUMENT, "stride must be at least " + std::to_string(row_bytes) +
                               ", the bytes of a row, got " + std::to_string(stride));
  }
  const std::uint64_t gaps = rows - 1;
  const bool fits = size >= row_bytes && (size - row_bytes) / stride >= gaps;
  if (!fits) {
    fail(OVT_BAD_ARGUMENT, "the buffer must have room for " + std::to_string(rows) + " rows of " +
                               std::to_string(row_bytes) + " bytes at a stride of " +
                               std::to_string(stride) + ", got " + std::to_string(size) + " bytes");
  }
}

// Copies rows of the strip on.
std::size_t take_rows(ovt_decoder& decoder, std::uint8_t* to, std::size_t stride,
                      std::size_t max_rows) {
  const std::size_t count = std::min(max_rows, decoder.strip.num_rows - decoder.row);
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * stride,
                decoder.strip.pixels.data() + (decoder.row + i) * decoder.row_bytes,
                decoder.row_bytes);
  }
  decoder.row += count;
  return count;
}

}  // namespace

extern "C" {

ovt_status ovt_decoder_new(const ovt_file* file, const ovt_view* view,
                           const ovt_decode_options* options, ovt_decoder** decoder,
                           ovt_error* error) {
  return guarded(error, [&] {
    require(decoder != nullptr, "decoder is NULL");
    *decoder = nullptr;
    *decoder = new_decoder(file, view, options).release();
    return OVT_OK;
  });
}

void ovt_decoder_free(ovt_decoder* decoder) { delete decoder; }

ovt_view ovt_decoder_view(const ovt_decoder* decoder) {
  return decoder != nullptr ? decoder->view : ovt_view{};
}

ovt_status ovt_decoder_next(ovt_decoder* decoder, const std::uint8_t** pixels,
                            std::uint32_t* num_rows, ovt_error* error) {
  return guarded(error, [&] {
    require(pixels != nullptr && num_rows != nullptr, "pixels or num_rows is NULL");
    *pixels = nullptr;
    *num_rows = 0;
    require(decoder != nullptr, "decoder is NULL");
    // What ovt_decoder_read has left of a strip comes first.
    if (!has_rows(*decoder)) return OVT_END;
    *pixels = decoder->strip.pixels.data() + decoder->row * decoder->row_bytes;
    *num_rows = static_cast<std::uint32_t>(decoder->strip.num_rows - decoder->row);
    decoder->row = decoder->strip.num_rows;
    return OVT_OK;
  });
}

ovt_status ovt_decoder_read(ovt_decoder* decoder, void* buffer, std::size_t buffer_size,
                            std::size_t stride, std::uint32_t max_rows, std::uint32_t* num_rows,
                            ovt_error* error) {
  return guarded(error, [&] {
    require(num_rows != nullptr, "num_rows is NULL");
    *num_rows = 0;
    require(decoder != nullptr, "decoder is NULL");
    require(max_rows > 0, "max_rows must be at least 1");
    const std::size_t step = stride == 0 ? decoder->row_bytes : stride;
    check_buffer(buffer, buffer_size, step, decoder->row_bytes, max_rows);
    if (!has_rows(*decoder)) return OVT_END;
    *num_rows = static_cast<std::uint32_t>(
        take_rows(*decoder, static_cast<std::uint8_t*>(buffer), step, max_rows));
    return OVT_OK;
  });
}

ovt_status ovt_decode(const ovt_file* file, const ovt_view* view, const ovt_decode_options* options,
                      void* buffer, std::size_t buffer_size, std::size_t stride, ovt_error* error) {
  return guarded(error, [&] {
    const std::unique_ptr<ovt_decoder> decoder = new_decoder(file, view, options);
    const std::size_t step = stride == 0 ? decoder->row_bytes : stride;
    check_buffer(buffer, buffer_size, step, decoder->row_bytes, decoder->view.out_height);
    auto* to = static_cast<std::uint8_t*>(buffer);
    while (has_rows(*decoder)) to += step * take_rows(*decoder, to, step, decoder->strip.num_rows);
    return OVT_OK;
  });
}

}  // extern "C"

// Any bytes as a whole file, through the public functions of libovt. The checksums are made right
// first, so that damage reaches the codecs; the last bytes choose the view.
//
// OVERTONE_DATA names the folder that the codecs' data are in: src/overtone/codecs.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "input.h"
#include "ovt/checksum.h"
#include "ovt/ovt.h"

namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint64_t kMaxPixels = 1 << 14;

ovt_context* make_context() {
  ovt_context* context = nullptr;
  if (ovt_context_new(&context, nullptr) != OVT_OK) std::abort();
  const char* folder = std::getenv("OVERTONE_DATA");
  for (std::uint32_t codec = 0; codec < ovt_num_codecs(); ++codec) {
    for (std::uint32_t i = 0; const char* name = ovt_codec_data(ovt_codec_id(codec), i); ++i) {
      std::string path = std::string("/") + name + ".bin";
      std::replace(path.begin(), path.end(), '-', '_');
      std::ifstream file((folder != nullptr ? folder : "src/overtone/codecs") + path,
                         std::ios::binary);
      const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
      if (ovt_context_add_data(context, name, bytes.data(), bytes.size(), nullptr) != OVT_OK)
        std::abort();
    }
  }
  return context;
}

// Where a varint ends, or the end of the file.
std::size_t after_varint(const Buffer& file, std::size_t at, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; at < file.size() && shift < 32; shift += 7) {
    value |= std::uint64_t{file[at] & 0x7fu} << shift;
    if (file[at++] < 0x80) return at;
  }
  return file.size();
}

// Checksums of all sections that lie in the file.
void correct_checksums(Buffer& file) {
  std::size_t at = 4, covered = 0;
  std::uint64_t value = 0;
  for (int field = 0; field < 6; ++field) at = after_varint(file, at, value);
  while (at < file.size()) {
    at = after_varint(file, at, value);
    if (value > file.size() - at || file.size() - at - value < 4) return;
    at += static_cast<std::size_t>(value);
    const std::uint32_t sum = overtone::ovt::crc32({file.data() + covered, at - covered});
    for (int i = 0; i < 4; ++i) file[at++] = static_cast<std::uint8_t>(sum >> (8 * i));
    covered = at;
  }
}

// Rows of a view by either function, in the order that the input says, to the last or to a failure,
// which asking further only repeats.
void walk(const ovt_file* file, const ovt_view& view, ovt_decode_options options, Buffer& buffer,
          overtone::fuzz::Input& choices) {
  // Stops the first time, or never: what is asked again is asked too late for a fuzzer.
  if (choices.number(0, 3) == 0) options.check = [](void*) { return 1; };
  const std::size_t row = std::size_t{view.out_width} * ovt_file_header(file)->channels;
  ovt_decoder* decoder = nullptr;
  ovt_error error;
  if (ovt_decoder_new(file, &view, &options, &decoder, &error) != OVT_OK) return;
  std::uint64_t num_rows = 0;
  ovt_status ended = OVT_OK;
  for (int further = 0; further < 4;) {
    std::uint32_t count = 0;
    ovt_status status;
    if (choices.number(0, 1) != 0) {
      const std::uint8_t* pixels = nullptr;
      status = ovt_decoder_next(decoder, &pixels, &count, &error);
      if ((status == OVT_OK) != (pixels != nullptr)) std::abort();
      std::copy_n(pixels, count * row, buffer.begin());
    } else {
      const auto most = std::min(static_cast<std::uint32_t>(choices.number(1, 9)), view.out_height);
      status = ovt_decoder_read(decoder, buffer.data(), buffer.size(), 0, most, &count, &error);
    }
    num_rows += count;
    if ((status == OVT_OK) != (count > 0) || num_rows > view.out_height) std::abort();
    if (status == OVT_INTERNAL || status == OVT_BAD_ARGUMENT) std::abort();
    if (ended != OVT_OK && status != ended) std::abort();
    if (status == OVT_OK) continue;
    ended = status;
    ++further;
  }
  if (ended == OVT_END && num_rows != view.out_height) std::abort();
  ovt_decoder_free(decoder);
}

void decode(const ovt_file* file, overtone::fuzz::Input& choices) {
  const ovt_header& header = *ovt_file_header(file);
  ovt_view view{0, 0, double(header.width), double(header.height), header.width, header.height};
  if (choices.number(0, 1) != 0) {
    view.x = header.width * choices.number(0, 255) / 512.0;
    view.y = header.height * choices.number(0, 255) / 512.0;
    view.width = (header.width - view.x) * choices.number(1, 256) / 256.0;
    view.height = (header.height - view.y) * choices.number(1, 256) / 256.0;
    view.out_width = static_cast<std::uint32_t>(choices.number(1, 60));
    view.out_height = static_cast<std::uint32_t>(choices.number(1, 60));
  }
  ovt_decode_options options{};
  options.isa = "baseline";
  const std::size_t row = std::size_t{view.out_width} * header.channels;
  const std::size_t stride = row + static_cast<std::size_t>(choices.number(0, 3));
  Buffer pixels((view.out_height - 1) * stride + row);
  if (choices.number(0, 1) != 0) {
    walk(file, view, options, pixels, choices);
    return;
  }
  ovt_error error;
  const ovt_status status =
      ovt_decode(file, &view, &options, pixels.data(), pixels.size(), stride, &error);
  if (status == OVT_INTERNAL || status == OVT_BAD_ARGUMENT) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ovt_context* const context = make_context();
  constexpr std::size_t kChoices = 16;
  const std::size_t body = size > kChoices ? size - kChoices : size;
  overtone::fuzz::Input choices(data + body, size - body);
  Buffer bytes(data, data + body);
  if (choices.number(0, 3) != 0) correct_checksums(bytes);
  ovt_file* file = nullptr;
  ovt_open_options options{kMaxPixels, 0};
  if (ovt_open(context, bytes.data(), bytes.size(), &options, &file, nullptr) != OVT_OK) {
    options.max_bytes = std::max<std::size_t>(1, bytes.size());
    if (ovt_open(context, bytes.data(), bytes.size(), &options, &file, nullptr) != OVT_OK) return 0;
  }
  decode(file, choices);
  ovt_file_free(file);
  return 0;
}

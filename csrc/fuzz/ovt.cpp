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
  ovt_error error;
  const ovt_status status =
      ovt_decode(file, &view, &options, pixels.data(), pixels.size(), stride, &error);
  if (status == OVT_INTERNAL || status == OVT_BAD_ARGUMENT) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ovt_context* const context = make_context();
  constexpr std::size_t kChoices = 8;
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

#include "container.h"

#include <algorithm>
#include <cstdio>

#include "checksum.h"
#include "inflate.h"

namespace overtone::ovt {
namespace {

constexpr char kMagic[] = "OVTN";
constexpr std::size_t kMagicBytes = 4;
constexpr std::uint64_t kFormatVersion = 1;
constexpr int kMaxSide = 65535;
constexpr int kMaxSections = 64;
constexpr std::size_t kMaxMetadataBytes = std::size_t{1} << 24;  // unpacked, each of ICC and EXIF
constexpr int kDpiUnits = 1000;
constexpr std::uint32_t kLayoutMask = 7, kHasIcc = 8, kHasExif = 16, kHasDpi = 32;

constexpr Field kCodecId{"codec id", 1, 127};
constexpr Field kWidth{"width", 1, kMaxSide};
constexpr Field kHeight{"height", 1, kMaxSide};
constexpr Field kFlags{"layout and metadata flags", 1, 63};
constexpr Field kNumSections{"number of sections", 1, kMaxSections};
constexpr Field kDpi{"resolution", 1, 1'000'000 * kDpiUnits};

// Bytes as Python writes them.
std::string quoted(Bytes bytes) {
  const bool has_single = std::find(bytes.begin(), bytes.end(), '\'') != bytes.end();
  const bool has_double = std::find(bytes.begin(), bytes.end(), '"') != bytes.end();
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string text = std::string("b") + quote;
  for (const std::uint8_t byte : bytes) {
    char escaped[5];
    if (byte == '\\' || byte == quote) {
      text += '\\';
      text += static_cast<char>(byte);
    } else if (byte == '\t' || byte == '\n' || byte == '\r') {
      text += byte == '\t' ? "\\t" : byte == '\n' ? "\\n" : "\\r";
    } else if (byte >= 32 && byte < 127) {
      text += static_cast<char>(byte);
    } else {
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      text += escaped;
    }
  }
  return text + quote;
}

ovt_header read_header(Reader& reader, std::uint64_t max_pixels) {
  const Bytes magic = reader.take(std::min(reader.remaining(), kMagicBytes), "magic");
  if (!std::equal(magic.begin(), magic.end(), kMagic, kMagic + kMagicBytes)) {
    fail(OVT_NOT_A_BITSTREAM,
         "an .ovt file begins with b'OVTN', this one with " + quoted(magic) +
             "; it is another kind of file",
         0);
  }
  std::int64_t at = reader.offset();
  const std::uint64_t version = reader.varint("format version");
  if (version != kFormatVersion) {
    fail(OVT_UNSUPPORTED_VERSION,
         "format version " + std::to_string(version) + " is not " + std::to_string(kFormatVersion) +
             "; the file may need a newer version of Overtone",
         at);
  }
  ovt_header header{};
  header.codec_id = static_cast<std::uint32_t>(kCodecId.read(reader));
  at = reader.offset();
  header.width = static_cast<std::uint32_t>(kWidth.read(reader));
  header.height = static_cast<std::uint32_t>(kHeight.read(reader));
  if (std::uint64_t{header.width} * header.height > max_pixels) {
    fail(OVT_LIMIT_EXCEEDED,
         "image is " + std::to_string(header.width) + "x" + std::to_string(header.height) +
             " pixels, over the limit of " + std::to_string(max_pixels) +
             "; raise max_pixels if you trust the file",
         at);
  }
  at = reader.offset();
  const auto flags = static_cast<std::uint32_t>(kFlags.read(reader));
  header.channels = flags & kLayoutMask;
  if (header.channels < 1 || header.channels > 4)
    fail_corrupt("layout must be in 1..4, got " + std::to_string(header.channels), at);
  header.num_sections = static_cast<std::uint32_t>(kNumSections.read(reader));
  header.has_icc = (flags & kHasIcc) != 0;
  header.has_exif = (flags & kHasExif) != 0;
  header.has_dpi = (flags & kHasDpi) != 0;
  return header;
}

// Takes one section after the other, checking each checksum: it is over all bytes since the one
// before it.
class SectionReader {
 public:
  SectionReader(Bytes data, Reader& reader) : data_(data), reader_(reader) {}

  Section take(const std::string& what) {
    const std::uint64_t length = reader_.varint("length of " + what);
    const auto offset = reader_.position();
    const Bytes payload = reader_.take(length, what);
    const std::size_t at = reader_.position();
    const std::uint32_t checksum = reader_.uint32("checksum of " + what);
    if (checksum != crc32(data_.subspan(covered_, at - covered_))) {
      fail_corrupt("checksum of " + what + " does not match; the file is damaged",
                   static_cast<std::int64_t>(at));
    }
    covered_ = reader_.position();
    return {payload, offset};
  }

 private:
  Bytes data_;
  Reader& reader_;
  std::size_t covered_ = 0;
};

std::vector<std::uint8_t> unpacked(const Section& section, const std::string& what) {
  const auto offset = static_cast<std::int64_t>(section.offset);
  Inflation found = inflate(section.bytes, kMaxMetadataBytes);
  if (found.result == Inflated::invalid)
    fail_corrupt(what + " is not a deflate stream: " + found.reason, offset);
  if (found.result == Inflated::too_long) {
    fail(OVT_LIMIT_EXCEEDED,
         what + " unpacks to over " + std::to_string(kMaxMetadataBytes) + " bytes", offset);
  }
  if (found.result == Inflated::cut || found.num_used != section.bytes.size() ||
      found.bytes.empty())
    fail_corrupt(what + " is not one complete, non-empty deflate stream", offset);
  return std::move(found.bytes);
}

void read_metadata(Container& container, SectionReader& sections) {
  if (container.header.has_icc)
    container.icc = unpacked(sections.take("ICC profile"), "ICC profile");
  if (container.header.has_exif)
    container.exif = unpacked(sections.take("EXIF block"), "EXIF block");
  if (container.header.has_dpi) {
    const Section section = sections.take("resolution");
    Reader reader(section.bytes, section.offset, "resolution");
    container.dpi_x = static_cast<double>(kDpi.read(reader)) / kDpiUnits;
    container.dpi_y = static_cast<double>(kDpi.read(reader)) / kDpiUnits;
    reader.finish();
  }
}

std::size_t varint_bytes(std::size_t value) {
  std::size_t count = 1;
  for (; value >= 0x80; value >>= 7) ++count;
  return count;
}

}  // namespace

Reader Container::reader(std::size_t index) const {
  const Section& section = sections[index];
  return Reader(section.bytes, section.offset, "section " + std::to_string(index));
}

ovt_header read_header(Bytes data, std::uint64_t max_pixels) {
  Reader reader(data);
  return read_header(reader, max_pixels);
}

Container read_head(Bytes data, std::uint64_t max_pixels) {
  Reader reader(data);
  Container container;
  container.header = read_header(reader, max_pixels);
  SectionReader sections(data, reader);
  read_metadata(container, sections);
  return container;
}

Container read_container(Bytes data, std::uint64_t max_pixels) {
  Reader reader(data);
  Container container;
  container.header = read_header(reader, max_pixels);
  SectionReader sections(data, reader);
  read_metadata(container, sections);
  for (std::uint32_t index = 0; index < container.header.num_sections; ++index)
    container.sections.push_back(sections.take("section " + std::to_string(index)));
  reader.finish();
  return container;
}

Container read_prefix(Bytes data, std::uint64_t max_pixels, std::size_t max_bytes) {
  if (data.size() <= max_bytes) {
    // Only what is cut already needs to be taken as a beginning.
    try {
      return read_container(data, max_pixels);
    } catch (const Failure& failure) {
      if (failure.status != OVT_TRUNCATED) throw;
    }
  }
  const Bytes first = data.first(std::min(data.size(), max_bytes));
  Reader reader(first);
  Container container;
  container.header = read_header(reader, max_pixels);
  if (container.header.num_sections != 1) {
    fail_corrupt("the beginning of a file shows something where it has 1 section, this one has " +
                 std::to_string(container.header.num_sections));
  }
  SectionReader sections(first, reader);
  read_metadata(container, sections);
  const std::size_t head = reader.position();
  const std::uint64_t length = reader.varint("length of section 0");
  const std::size_t offset = reader.position();
  Bytes payload = reader.take(std::min<std::uint64_t>(length, reader.remaining()), "section 0");
  // As many bytes fit in a whole file of that size, which has a checksum at its end.
  const std::size_t whole = head + varint_bytes(payload.size()) + payload.size() + kChecksumBytes;
  const std::size_t surplus = whole > max_bytes ? whole - max_bytes : 0;
  if (surplus > payload.size()) {
    fail(OVT_TRUNCATED, std::to_string(max_bytes) + " bytes hold no picture; " +
                            std::to_string(max_bytes + surplus) + " do");
  }
  payload = payload.first(payload.size() - surplus);
  container.sections.push_back({payload, offset});
  container.is_prefix = true;
  return container;
}

}  // namespace overtone::ovt

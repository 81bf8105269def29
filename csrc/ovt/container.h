// The container of a file: header, metadata and codec sections, each under a checksum; see
// docs/format.md.
#pragma once

#include <optional>
#include <vector>

#include "reader.h"

namespace overtone::ovt {

inline constexpr std::size_t kChecksumBytes = 4;

struct Section {
  Bytes bytes;
  std::size_t offset;  // in the file
};

struct Container {
  ovt_header header{};
  std::vector<std::uint8_t> icc, exif;
  double dpi_x = 0, dpi_y = 0;
  std::vector<Section> sections;
  bool is_prefix = false;  // the section may be cut, and its checksum is not known

  // A cursor over a section, whose errors point into the file.
  Reader reader(std::size_t index) const;
};

// The header alone.
ovt_header read_header(Bytes data, std::uint64_t max_pixels);
// Header and metadata; no section.
Container read_head(Bytes data, std::uint64_t max_pixels);
// A whole file, every length, range and checksum of which has been looked at.
Container read_container(Bytes data, std::uint64_t max_pixels);
// The beginning of a file with one section, of which any part may be missing. Its pixels shall be
// those of a whole file of at most `max_bytes`.
Container read_prefix(Bytes data, std::uint64_t max_pixels, std::size_t max_bytes);

}  // namespace overtone::ovt

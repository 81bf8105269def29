// The functions of ovt.h for contexts, the table of codecs and files.
#include <iterator>
#include <memory>

#include "api.h"

namespace overtone::ovt {

const Codec& codec_for(const ovt_file& file) {
  const std::uint32_t id = file.container.header.codec_id;
  if (const Codec* codec = codec_of(id)) return *codec;
  std::string known;
  for (const Codec& codec : codecs())
    known += (known.empty() ? "" : ", ") + std::to_string(codec.id);
  fail(OVT_UNSUPPORTED_CODEC,
       "codec id " + std::to_string(id) + " is not one of [" + known +
           "]; the file may need a newer version of Overtone",
       5);
}

}  // namespace overtone::ovt

using namespace overtone::ovt;

extern "C" {

std::uint32_t ovt_version(void) { return OVT_VERSION_MAJOR * 1000 + OVT_VERSION_MINOR; }

const char* ovt_status_name(ovt_status status) {
  static constexpr const char* kNames[] = {"OVT_OK",
                                           "OVT_END",
                                           "OVT_NOT_A_BITSTREAM",
                                           "OVT_UNSUPPORTED_VERSION",
                                           "OVT_UNSUPPORTED_CODEC",
                                           "OVT_TRUNCATED",
                                           "OVT_CORRUPT",
                                           "OVT_LIMIT_EXCEEDED",
                                           "OVT_BAD_ARGUMENT",
                                           "OVT_NO_DATA",
                                           "OVT_NO_MEMORY",
                                           "OVT_STOPPED",
                                           "OVT_INTERNAL"};
  const auto index = static_cast<std::size_t>(status);
  return index < std::size(kNames) ? kNames[index] : "OVT_?";
}

ovt_status ovt_context_new(ovt_context** context, ovt_error* error) {
  return guarded(error, [&] {
    require(context != nullptr, "context is NULL");
    *context = nullptr;
    *context = new ovt_context;
    return OVT_OK;
  });
}

void ovt_context_free(ovt_context* context) { delete context; }

ovt_status ovt_context_add_data(ovt_context* context, const char* name, const void* bytes,
                                std::size_t size, ovt_error* error) {
  return guarded(error, [&] {
    require(context != nullptr, "context is NULL");
    require(name != nullptr, "name is NULL");
    context->context.add(name, bytes_of(bytes, size));
    return OVT_OK;
  });
}

int ovt_context_has_data(const ovt_context* context, const char* name) {
  return context != nullptr && name != nullptr && context->context.has(name);
}

std::uint32_t ovt_num_codecs(void) { return static_cast<std::uint32_t>(codecs().size()); }

std::uint32_t ovt_codec_id(std::uint32_t index) {
  return index < codecs().size() ? codecs()[index].id : 0;
}

const char* ovt_codec_name(std::uint32_t codec_id) {
  const Codec* codec = codec_of(codec_id);
  return codec != nullptr ? codec->name : nullptr;
}

int ovt_codec_is_progressive(std::uint32_t codec_id) {
  const Codec* codec = codec_of(codec_id);
  return codec != nullptr && codec->is_progressive;
}

const char* ovt_codec_data(std::uint32_t codec_id, std::uint32_t index) {
  const Codec* codec = codec_of(codec_id);
  return codec != nullptr && index < codec->data.size() ? codec->data[index].name : nullptr;
}

ovt_status ovt_read_header(const void* data, std::size_t size, std::uint64_t max_pixels,
                           ovt_header* header, ovt_error* error) {
  return guarded(error, [&] {
    require(header != nullptr, "header is NULL");
    *header = {};
    *header = read_header(bytes_of(data, size), or_default(max_pixels));
    return OVT_OK;
  });
}

ovt_status ovt_open(const ovt_context* context, const void* data, std::size_t size,
                    const ovt_open_options* given, ovt_file** file, ovt_error* error) {
  return guarded(error, [&] {
    require(file != nullptr, "file is NULL");
    *file = nullptr;
    const ovt_open_options options = given != nullptr ? *given : ovt_open_options{};
    const Bytes bytes = bytes_of(data, size);
    const std::uint64_t max_pixels = or_default(options.max_pixels);
    auto opened = std::make_unique<ovt_file>();
    opened->context = context;
    if (options.max_bytes == 0) {
      opened->container = read_container(bytes, max_pixels);
    } else {
      opened->container.header = read_header(bytes, max_pixels);
      const Codec& codec = codec_for(*opened);
      if (!codec.is_progressive) {
        fail(OVT_BAD_ARGUMENT, std::string("a file of codec ") + codec.name +
                                   " shows nothing before its last byte; leave out max_bytes");
      }
      opened->container = read_prefix(bytes, max_pixels, options.max_bytes);
    }
    *file = opened.release();
    return OVT_OK;
  });
}

ovt_status ovt_open_head(const void* data, std::size_t size, const ovt_open_options* options,
                         ovt_file** file, ovt_error* error) {
  return guarded(error, [&] {
    require(file != nullptr, "file is NULL");
    *file = nullptr;
    auto opened = std::make_unique<ovt_file>();
    opened->is_head = true;
    opened->container =
        read_head(bytes_of(data, size), or_default(options != nullptr ? options->max_pixels : 0));
    *file = opened.release();
    return OVT_OK;
  });
}

void ovt_file_free(ovt_file* file) { delete file; }

const ovt_header* ovt_file_header(const ovt_file* file) {
  return file != nullptr ? &file->container.header : nullptr;
}

ovt_metadata ovt_file_metadata(const ovt_file* file) {
  if (file == nullptr) return {};
  const Container& own = file->container;
  return {own.icc.empty() ? nullptr : own.icc.data(),
          own.icc.size(),
          own.exif.empty() ? nullptr : own.exif.data(),
          own.exif.size(),
          own.dpi_x,
          own.dpi_y};
}

ovt_section ovt_file_section(const ovt_file* file, std::uint32_t index) {
  if (file == nullptr || index >= file->container.sections.size()) return {};
  const Section& section = file->container.sections[index];
  return {section.bytes.data(), section.bytes.size(), section.offset};
}

}  // extern "C"

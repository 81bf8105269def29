// Decodes an .ovt file to a PGM, PPM or PAM file, with nothing but ovt.h.
//
//     ovt_decode picture.ovt picture.ppm --data src/overtone/codecs [--scale 0.5]
//         [--crop LEFT,TOP,WIDTH,HEIGHT] [--max-bytes N] [--threads N]
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include "ovt.h"

namespace {

struct Options {
  std::string input, output, data = "src/overtone/codecs";
  double scale = 1, crop[4] = {};
  bool has_crop = false;
  ovt_open_options open{};
  ovt_decode_options decode{};
};

[[noreturn]] void stop(const std::string& text) {
  std::fprintf(stderr, "ovt_decode: %s\n", text.c_str());
  std::exit(1);
}

void check(ovt_status status, const ovt_error& error, const std::string& name) {
  if (status == OVT_OK) return;
  const std::string where =
      error.offset == OVT_NO_OFFSET ? "" : " (at byte " + std::to_string(error.offset) + ")";
  stop(name + ": " + error.text + where);
}

std::vector<char> bytes_of(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) stop(name + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

double number(const std::string& option, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value > 0) || !std::isfinite(value))
    stop(option + " must be above 0, got " + text);
  return value;
}

template <class Integer>
Integer whole_number(const std::string& option, const std::string& text) {
  Integer value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stopped != end || value == 0) {
    stop(option + " must be a whole number from 1 to " +
         std::to_string(std::numeric_limits<Integer>::max()) + ", got " + text);
  }
  return value;
}

void read_box(const std::string& option, const char* text, double (&box)[4]) {
  int length = 0;
  const int count = std::sscanf(text, "%lf,%lf,%lf,%lf%n", box, box + 1, box + 2, box + 3, &length);
  const bool is_finite = std::all_of(box, box + 4, [](double side) { return std::isfinite(side); });
  if (count != 4 || text[length] != '\0' || !is_finite)
    stop(option + " must be LEFT,TOP,WIDTH,HEIGHT, got " + text);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.rfind("--", 0) != 0) {
      std::string& place = options.input.empty() ? options.input : options.output;
      if (!place.empty()) stop("one file to read and one to write, got " + name + " too");
      place = name;
      continue;
    }
    if (++i == argc) stop(name + " needs a value");
    if (name == "--data") {
      options.data = argv[i];
    } else if (name == "--scale") {
      options.scale = number(name, argv[i]);
    } else if (name == "--max-bytes") {
      options.open.max_bytes = whole_number<std::size_t>(name, argv[i]);
    } else if (name == "--threads") {
      options.decode.num_threads = whole_number<std::uint32_t>(name, argv[i]);
    } else if (name == "--crop") {
      options.has_crop = true;
      read_box(name, argv[i], options.crop);
    } else {
      stop("unknown option " + name);
    }
  }
  if (options.output.empty())
    stop(
        "usage: ovt_decode IN.ovt OUT.ppm [--data DIR] [--scale S] "
        "[--crop X,Y,W,H] [--max-bytes N] [--threads N]");
  return options;
}

ovt_view view_of(const Options& options, const ovt_header& header) {
  const double whole[4] = {0, 0, static_cast<double>(header.width),
                           static_cast<double>(header.height)};
  const double* box = options.has_crop ? options.crop : whole;
  const auto side = [&](double length) {
    return static_cast<std::uint32_t>(std::clamp(std::nearbyint(length * options.scale), 1.0, 4e9));
  };
  return {box[0], box[1], box[2], box[3], side(box[2]), side(box[3])};
}

// The head of a PGM, PPM or, with alpha, PAM file.
std::string head_of(const ovt_view& view, std::uint32_t channels) {
  const std::string width = std::to_string(view.out_width),
                    height = std::to_string(view.out_height);
  if (channels % 2 != 0)
    return (channels == 1 ? "P5\n" : "P6\n") + width + " " + height + "\n255\n";
  return "P7\nWIDTH " + width + "\nHEIGHT " + height + "\nDEPTH " + std::to_string(channels) +
         "\nMAXVAL 255\nTUPLTYPE " + (channels == 2 ? "GRAYSCALE_ALPHA" : "RGB_ALPHA") +
         "\nENDHDR\n";
}

// Nothing is left half-written: the file gets its name when it is whole.
void write_picture(const Options& options, const ovt_file* file) {
  ovt_error error{};
  const std::uint32_t channels = ovt_file_header(file)->channels;
  const ovt_view view = view_of(options, *ovt_file_header(file));
  std::error_code unknown;  // a folder that cannot be searched has no such file
  const std::filesystem::file_status place = std::filesystem::status(options.output, unknown);
  if (std::filesystem::exists(place) && !std::filesystem::is_regular_file(place))
    stop(options.output + ": is there and is no file");
  const std::string unfinished = options.output + ".part";
  std::ofstream out(unfinished, std::ios::binary);
  if (!out) stop(options.output + ": cannot be written");
  out << head_of(view, channels);
  ovt_decoder* decoder = nullptr;
  ovt_status status = ovt_decoder_new(file, &view, &options.decode, &decoder, &error);
  while (out && status == OVT_OK) {
    const std::uint8_t* pixels = nullptr;
    std::uint32_t rows = 0;  // none after the last, and after a failure
    status = ovt_decoder_next(decoder, &pixels, &rows, &error);
    out.write(reinterpret_cast<const char*>(pixels),
              static_cast<std::streamsize>(std::size_t{rows} * view.out_width * channels));
  }
  ovt_decoder_free(decoder);
  out.close();
  if (status != OVT_END || !out || std::rename(unfinished.c_str(), options.output.c_str()) != 0) {
    std::remove(unfinished.c_str());
    check(status == OVT_END ? OVT_OK : status, error, options.input);
    stop(options.output + ": cannot be written");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  ovt_error error{};
  ovt_context* context = nullptr;
  check(ovt_context_new(&context, &error), error, "context");
  const std::vector<char> data = bytes_of(options.input);
  ovt_file* file = nullptr;
  check(ovt_open(context, data.data(), data.size(), &options.open, &file, &error), error,
        options.input);
  const ovt_header header = *ovt_file_header(file);
  for (std::uint32_t i = 0; const char* name = ovt_codec_data(header.codec_id, i); ++i) {
    std::string path = options.data + "/" + name + ".bin";
    std::replace(path.begin() + static_cast<std::ptrdiff_t>(options.data.size()), path.end(), '-',
                 '_');
    const std::vector<char> bytes = bytes_of(path);
    check(ovt_context_add_data(context, name, bytes.data(), bytes.size(), &error), error, path);
  }
  write_picture(options, file);
  ovt_file_free(file);
  ovt_context_free(context);
  return 0;
}

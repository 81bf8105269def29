// Python face of libovt; what Python calls is overtone.kernels.ovt. Only ovt.h is used here.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "ovt.h"
#include "platform/arrays.h"

namespace nb = nanobind;
using namespace nb::literals;

// A named namespace: nanobind tells the types of all modules apart by their names.
namespace overtone::ovt_python {

// What is raised: its arguments are the name of the status, the text, and the offset or None.
struct Failure {
  ovt_error error;
};

void check(ovt_status status, const ovt_error& error) {
  if (status == OVT_NO_MEMORY) throw std::bad_alloc();
  if (status != OVT_OK) throw Failure{error};
}

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <class T, auto kFree>
using Owned = std::unique_ptr<T, Freed<kFree>>;

struct Context {
  Owned<ovt_context, ovt_context_free> own;

  Context() {
    ovt_context* made = nullptr;
    ovt_error error;
    check(ovt_context_new(&made, &error), error);
    own.reset(made);
  }
  void add_data(const std::string& name, const nb::bytes& data) {
    ovt_error error;
    check(ovt_context_add_data(own.get(), name.c_str(), data.c_str(), data.size(), &error), error);
  }
  bool has_data(const std::string& name) const {
    return ovt_context_has_data(own.get(), name.c_str()) != 0;
  }
};

nb::bytes bytes_of(const std::uint8_t* data, std::size_t size) {
  return nb::bytes(reinterpret_cast<const char*>(data), size);
}

// Keeps the bytes and the context that it was opened with.
struct File {
  nb::object context;
  nb::bytes data;
  Owned<ovt_file, ovt_file_free> own;

  File(nb::object context_or_none, nb::bytes bytes, std::uint64_t max_pixels, std::size_t max_bytes)
      : context(std::move(context_or_none)), data(std::move(bytes)) {
    const ovt_context* given =
        context.is_none() ? nullptr : nb::cast<const Context&>(context).own.get();
    const ovt_open_options options{max_pixels, max_bytes};
    ovt_file* opened = nullptr;
    ovt_error error;
    check(ovt_open(given, data.c_str(), data.size(), &options, &opened, &error), error);
    own.reset(opened);
  }

  nb::tuple header() const {
    const ovt_header& found = *ovt_file_header(own.get());
    return nb::make_tuple(found.codec_id, found.width, found.height, found.channels);
  }
  nb::tuple metadata() const {
    const ovt_metadata found = ovt_file_metadata(own.get());
    return nb::make_tuple(bytes_of(found.icc, found.icc_size),
                          bytes_of(found.exif, found.exif_size), found.dpi_x, found.dpi_y);
  }
  nb::list sections() const {
    nb::list all;
    for (std::uint32_t i = 0;; ++i) {
      const ovt_section section = ovt_file_section(own.get(), i);
      if (section.offset == 0) return all;
      all.append(nb::make_tuple(section.offset, bytes_of(section.bytes, section.size)));
    }
  }
};

using Box = std::tuple<double, double, double, double>;
using Size = std::tuple<std::uint32_t, std::uint32_t>;

// A view of a file on its way.
struct Decoder {
  nb::object file;  // kept
  nb::object asked;
  std::optional<nb::python_error> raised;  // by `asked`, or by a signal's handler
  Owned<ovt_decoder, ovt_decoder_free> own;

  Decoder(nb::object opened, const Box& box, const Size& size, std::uint32_t num_threads,
          const std::string& isa, nb::object check_function)
      : file(std::move(opened)), asked(std::move(check_function)) {
    const auto [x, y, width, height] = box;
    const ovt_view view{x, y, width, height, std::get<0>(size), std::get<1>(size)};
    const ovt_decode_options options{num_threads, isa.c_str(), UINT64_MAX, &Decoder::ask, this};
    const ovt_file* from = nb::cast<const File&>(file).own.get();
    ovt_decoder* made = nullptr;
    ovt_error error;
    ovt_status status;
    {
      nb::gil_scoped_release release;
      status = ovt_decoder_new(from, &view, &options, &made, &error);
    }
    finish(status, error);
    own.reset(made);
  }

  // The next rows, or None after the last.
  nb::object next() {
    const std::uint8_t* pixels = nullptr;
    std::uint32_t rows = 0;
    ovt_error error;
    ovt_status status;
    {
      nb::gil_scoped_release release;
      status = ovt_decoder_next(own.get(), &pixels, &rows, &error);
    }
    if (status == OVT_END) return nb::none();
    finish(status, error);
    const std::size_t width = ovt_decoder_view(own.get()).out_width;
    const std::size_t channels = ovt_file_header(nb::cast<const File&>(file).own.get())->channels;
    std::vector<std::uint8_t> copy(pixels, pixels + rows * width * channels);
    return nb::cast(overtone::to_numpy<std::uint8_t, 3>(std::move(copy), {rows, width, channels}));
  }

 private:
  static int ask(void* user) {
    auto& self = *static_cast<Decoder*>(user);
    const nb::gil_scoped_acquire held;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      if (!self.asked.is_none()) self.asked();
      return 0;
    } catch (nb::python_error& error) {
      self.raised.emplace(std::move(error));
      return 1;
    }
  }

  void finish(ovt_status status, const ovt_error& error) {
    if (status == OVT_STOPPED && raised) {
      nb::python_error thrown = std::move(*raised);
      raised.reset();  // a decoder that goes on being asked only says that it was stopped
      throw thrown;
    }
    check(status, error);
  }
};

nb::list data_names(std::uint32_t codec_id) {
  nb::list names;
  for (std::uint32_t i = 0; const char* name = ovt_codec_data(codec_id, i); ++i) names.append(name);
  return names;
}

nb::list codecs() {
  nb::list all;
  for (std::uint32_t i = 0; i < ovt_num_codecs(); ++i) {
    const std::uint32_t id = ovt_codec_id(i);
    all.append(nb::make_tuple(id, ovt_codec_name(id), ovt_codec_is_progressive(id) != 0));
  }
  return all;
}

}  // namespace overtone::ovt_python

using namespace overtone::ovt_python;

NB_MODULE(_ovt, m) {
  nb::object failure =
      nb::steal(PyErr_NewException("overtone.kernels._ovt.Failure", nullptr, nullptr));
  m.attr("Failure") = failure;
  nb::register_exception_translator(
      [](const std::exception_ptr& thrown, void* type) {
        try {
          std::rethrow_exception(thrown);
        } catch (const Failure& found) {
          const nb::object offset = found.error.offset == OVT_NO_OFFSET
                                        ? nb::none()
                                        : nb::object(nb::int_(found.error.offset));
          const nb::tuple arguments =
              nb::make_tuple(ovt_status_name(found.error.status), found.error.text, offset);
          PyErr_SetObject(static_cast<PyObject*>(type), arguments.ptr());
        }
      },
      failure.ptr());
  m.attr("VERSION") = ovt_version();
  m.def("codecs", &codecs);
  m.def("data_names", &data_names, "codec_id"_a);
  nb::class_<Context>(m, "Context")
      .def(nb::init<>())
      .def("add_data", &Context::add_data, "name"_a, "data"_a)
      .def("has_data", &Context::has_data, "name"_a);
  nb::class_<File>(m, "File")
      .def(nb::init<nb::object, nb::bytes, std::uint64_t, std::size_t>(), "context"_a.none(),
           "data"_a, nb::kw_only(), "max_pixels"_a = 0, "max_bytes"_a = 0)
      .def_prop_ro("header", &File::header)
      .def_prop_ro("metadata", &File::metadata)
      .def_prop_ro("sections", &File::sections);
  nb::class_<Decoder>(m, "Decoder")
      .def(nb::init<nb::object, const Box&, const Size&, std::uint32_t, const std::string&,
                    nb::object>(),
           "file"_a, nb::kw_only(), "box"_a, "size"_a, "num_threads"_a, "isa"_a,
           "check"_a.none() = nb::none())
      .def("next", &Decoder::next);
}

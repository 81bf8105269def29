"""libovt as a C program sees it, through ctypes."""

from __future__ import annotations

import ctypes
import functools
import pathlib

from overtone.codecs.library import stored
from overtone.kernels import _ovt, ovt

GOLDEN = {
    entry.name: pathlib.Path(__file__).parent / "golden" / f"{entry.name}-1.ovt"
    for entry in ovt.table()
}
WIDTH, HEIGHT = 23, 41  # of the golden files
OK, END, CORRUPT, BAD_ARGUMENT, STOPPED = 0, 1, 6, 8, 11


class Error(ctypes.Structure):
    _fields_ = (
        ("status", ctypes.c_int),
        ("offset", ctypes.c_int64),
        ("text", ctypes.c_char * 496),
    )


class View(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_double) for name in ("x", "y", "width", "height")),
        *((name, ctypes.c_uint32) for name in ("out_width", "out_height")),
    )


CHECK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class Options(ctypes.Structure):
    _fields_ = (
        ("num_threads", ctypes.c_uint32),
        ("isa", ctypes.c_char_p),
        ("max_pixels", ctypes.c_uint64),
        ("check", CHECK),
        ("user", ctypes.c_void_p),
    )


@functools.cache
def load() -> ctypes.CDLL:
    """The functions inside the module that Python loads."""
    library = ctypes.CDLL(_ovt.__file__)
    for name in ("codec_name", "codec_data", "status_name"):
        getattr(library, f"ovt_{name}").restype = ctypes.c_char_p
    for name in ("context", "file", "decoder"):
        getattr(library, f"ovt_{name}_free").argtypes = [ctypes.c_void_p]
    return library


class Opened:
    """A file, opened with the data of its codec; `call` gives the status and keeps the error."""

    def __init__(self, name: str, data: bytes | None = None) -> None:
        self.library = load()
        self.data = GOLDEN[name].read_bytes() if data is None else data
        self.error = Error()
        self.context, self.file = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.call("context_new", ctypes.byref(self.context)) == OK
        for part in next(entry.data for entry in ovt.table() if entry.name == name):
            bytes_of = stored(part)
            size = ctypes.c_size_t(len(bytes_of))
            assert self.call("context_add_data", self.context, part.encode(), bytes_of, size) == OK
        size = ctypes.c_size_t(len(self.data))
        assert self.call("open", self.context, self.data, size, None, ctypes.byref(self.file)) == OK

    def call(self, name: str, *arguments) -> int:
        return getattr(self.library, f"ovt_{name}")(*arguments, ctypes.byref(self.error))

    def decoder(self, view: View | None = None, options: Options | None = None) -> ctypes.c_void_p:
        decoder = ctypes.c_void_p()
        pointers = [each and ctypes.byref(each) for each in (view, options)]
        assert self.call("decoder_new", self.file, *pointers, ctypes.byref(decoder)) == OK
        return decoder

    def decode(self, buffer, size: int, stride: int, view: View | None = None) -> int:
        pointer = view and ctypes.byref(view)
        sizes = ctypes.c_size_t(size), ctypes.c_size_t(stride)
        return self.call("decode", self.file, pointer, None, buffer, *sizes)

    def text(self) -> str:
        return self.error.text.decode()

    def close(self) -> None:
        self.library.ovt_file_free(self.file)
        self.library.ovt_context_free(self.context)

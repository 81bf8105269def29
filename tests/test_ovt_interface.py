"""The C interface of libovt as a C program calls it: misuse, buffers, strides, what is reported."""

from __future__ import annotations

import ctypes
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
from c_library import (
    BAD_ARGUMENT,
    CHECK,
    END,
    GOLDEN,
    HEIGHT,
    OK,
    STOPPED,
    WIDTH,
    Opened,
    Options,
    View,
    load,
)

from overtone.codecs.registry import decode
from overtone.kernels import _ovt

ROOT = pathlib.Path(__file__).parent.parent
HEADER = ROOT / "csrc" / "ovt" / "ovt.h"


@pytest.fixture
def library():
    return load()


@pytest.fixture
def opened(request):
    made = Opened(getattr(request, "param", "tiled-dct"))
    yield made
    made.close()


in_every_codec = pytest.mark.parametrize("opened", sorted(GOLDEN), indirect=True)


def expected(opened: Opened) -> np.ndarray:
    return decode(opened.data, num_threads=1)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler cc")
def test_the_header_is_c():
    command = ["cc", "-std=c99", "-pedantic", "-Wall", "-Werror", "-fsyntax-only", "-x", "c"]
    subprocess.run([*command, str(HEADER)], check=True)


def test_versions_and_names(library):
    text = HEADER.read_text("utf-8")
    assert "#define OVT_VERSION_MAJOR 1\n" in text
    assert library.ovt_version() == _ovt.VERSION >= 1000
    names = [library.ovt_status_name(status).decode() for status in range(13)]
    assert all(f"{name} = {status}" in text for status, name in enumerate(names))
    assert library.ovt_status_name(99) == b"OVT_?"
    assert library.ovt_codec_id(99) == 0
    assert library.ovt_codec_name(99) is None
    assert library.ovt_codec_data(1, 99) is None


@in_every_codec
def test_a_buffer_gets_rows_at_its_stride_and_nothing_between(opened):
    pixels = expected(opened)
    row = WIDTH * 3
    for gap in (0, 1, 50):
        stride = row + gap
        size = (HEIGHT - 1) * stride + row
        buffer = np.full(size + 7, 0xA5, np.uint8)
        assert opened.decode(buffer.ctypes.data_as(ctypes.c_void_p), size, stride) == OK
        assert (buffer[size:] == 0xA5).all()
        rows = np.append(buffer[:size], np.full(gap, 0xA5, np.uint8)).reshape(HEIGHT, stride)
        np.testing.assert_array_equal(rows[:, :row].reshape(pixels.shape), pixels)
        assert (rows[:, row:] == 0xA5).all()
    dense = np.empty(HEIGHT * row, np.uint8)
    assert opened.decode(dense.ctypes.data_as(ctypes.c_void_p), dense.size, 0) == OK
    np.testing.assert_array_equal(dense.reshape(pixels.shape), pixels)


@in_every_codec
def test_rows_can_be_read_a_few_at_a_time(opened):
    decoder = opened.decoder()
    rows, count = [], ctypes.c_uint32()
    buffer = (ctypes.c_uint8 * (7 * WIDTH * 3))()
    size, stride = ctypes.c_size_t(len(buffer)), ctypes.c_size_t(0)
    while (
        status := opened.call("decoder_read", decoder, buffer, size, stride, 7, ctypes.byref(count))
    ) == OK:
        assert 1 <= count.value <= 7
        rows.append(np.frombuffer(bytes(buffer), np.uint8)[: count.value * WIDTH * 3].copy())
    assert status == END
    assert count.value == 0
    assert opened.call("decoder_read", decoder, buffer, size, stride, 7, ctypes.byref(count)) == END
    np.testing.assert_array_equal(np.concatenate(rows).reshape(HEIGHT, WIDTH, 3), expected(opened))
    opened.library.ovt_decoder_free(decoder)


@pytest.mark.parametrize(
    ("size", "stride", "message"),
    [
        (HEIGHT * WIDTH * 3 - 1, 0, "room for 41 rows of 69 bytes at a stride of 69, got 2828"),
        (0, 0, "room for"),
        (1 << 20, WIDTH * 3 - 1, "stride must be at least 69, the bytes of a row, got 68"),
        ((HEIGHT - 1) * 100 + 68, 100, "at a stride of 100"),
    ],
)
def test_a_buffer_or_a_stride_that_is_too_small_is_refused(opened, size, stride, message):
    buffer = np.full(1 << 20, 0xA5, np.uint8)
    assert opened.decode(buffer.ctypes.data_as(ctypes.c_void_p), size, stride) == BAD_ARGUMENT
    assert message in opened.text()
    assert opened.error.offset == -1
    assert (buffer == 0xA5).all()


def test_views_that_make_no_sense_are_refused(opened):
    buffer = (ctypes.c_uint8 * 100)()
    for view, message in (
        (View(0, 0, 23, 41.5, 1, 1), "the view 0,0,23,41.5 .* is not inside the picture of 23x41"),
        (View(-1, 0, 2, 2, 1, 1), "is not inside"),
        (View(0, 0, float("nan"), 2, 1, 1), "is not inside"),
        (View(0, 0, 0, 2, 1, 1), "is not inside"),
        (View(0, 0, 2, 2, 0, 1), "size must be at least 1x1, got 0x1"),
        (View(0, 0, 2, 2, 1 << 20, 1 << 20), "is over the limit of 268435456"),
        (View(0, 0, 2, 2, (1 << 32) - 1, 1), "must be at most"),
    ):
        assert opened.decode(buffer, 100, 0, view) == BAD_ARGUMENT
        with pytest.raises(AssertionError, match=message):
            raise AssertionError(opened.text())


def test_nothing_is_read_through_a_null_pointer(opened):
    library, null, size = opened.library, None, ctypes.c_size_t(5)
    count, pixels = ctypes.c_uint32(), ctypes.c_void_p()
    some = ctypes.c_void_p()
    buffer = (ctypes.c_uint8 * 9999)()
    for name, arguments, message in (
        ("context_new", (null,), "context is NULL"),
        ("context_add_data", (null, b"x", b"", size), "context is NULL"),
        ("context_add_data", (opened.context, null, b"", size), "name is NULL"),
        (
            "context_add_data",
            (opened.context, b"tiled-dct/post_filter", null, size),
            "data is NULL",
        ),
        ("read_header", (opened.data, size, ctypes.c_uint64(0), null), "header is NULL"),
        ("open", (null, null, size, null, ctypes.byref(some)), "data is NULL and its size is not"),
        ("open", (null, opened.data, size, null, null), "file is NULL"),
        ("open_head", (opened.data, size, null, null), "file is NULL"),
        ("decoder_new", (null, null, null, ctypes.byref(some)), "file is NULL"),
        ("decoder_new", (opened.file, null, null, null), "decoder is NULL"),
        ("decoder_next", (null, ctypes.byref(pixels), ctypes.byref(count)), "decoder is NULL"),
        ("decoder_next", (null, null, null), "pixels or num_rows is NULL"),
        ("decoder_read", (null, buffer, size, size, 1, ctypes.byref(count)), "decoder is NULL"),
        ("decode", (null, null, null, buffer, size, size), "file is NULL"),
        ("decode", (opened.file, null, null, null, size, size), "buffer is NULL"),
    ):
        assert opened.call(name, *arguments) == BAD_ARGUMENT, name
        assert message in opened.text(), name
        function = getattr(library, f"ovt_{name}")
        assert function(*arguments, null) == BAD_ARGUMENT  # and without a place for the error
    assert not some.value
    for name in ("context", "file", "decoder"):
        getattr(library, f"ovt_{name}_free")(null)
    assert library.ovt_context_has_data(null, b"x") == 0
    assert library.ovt_file_header(null) == 0


def test_settings_out_of_range_are_refused(opened):
    for options, message in (
        (Options(num_threads=257), "num_threads must be at most 256"),
        (Options(isa=b"mmx"), "isa must be auto, baseline, avx2 or avx512, got mmx"),
        (Options(max_pixels=942), "23x41 pixels is over the limit of 942"),
    ):
        decoder = ctypes.c_void_p()
        made = ctypes.byref(decoder)
        assert opened.call("decoder_new", opened.file, None, ctypes.byref(options), made) == 8
        assert message in opened.text()
        assert not decoder.value


@in_every_codec
def test_the_callers_check_stops_the_work(opened):
    asked = []
    options = Options(check=CHECK(lambda user: asked.append(user) or 1), user=77)
    decoder = ctypes.c_void_p()
    made = ctypes.byref(decoder)
    status = opened.call("decoder_new", opened.file, None, ctypes.byref(options), made)
    count, pixels = ctypes.c_uint32(), ctypes.c_void_p()
    for _ in range(2):  # a stopped decoder stays so
        if decoder.value:
            status = opened.call("decoder_next", decoder, ctypes.byref(pixels), ctypes.byref(count))
        assert status == STOPPED
        assert "stopped" in opened.text()
    assert asked == [77]
    opened.library.ovt_decoder_free(decoder)


def test_a_head_is_enough_for_what_it_says_and_no_pixel(opened):
    file, size = ctypes.c_void_p(), ctypes.c_size_t(11)
    assert opened.call("open_head", opened.data[:11], size, None, ctypes.byref(file)) == OK
    buffer = (ctypes.c_uint8 * 9999)()
    sizes = ctypes.c_size_t(9999), ctypes.c_size_t(0)
    assert opened.call("decode", file, None, None, buffer, *sizes) == BAD_ARGUMENT
    assert "ovt_open_head" in opened.text()
    opened.library.ovt_file_free(file)

"""A decoder of libovt that fails or is stopped on its way stays so, and hands out nothing more."""

from __future__ import annotations

import ctypes
import dataclasses
import time

import pytest
from c_library import CHECK, CORRUPT, END, GOLDEN, HEIGHT, OK, STOPPED, WIDTH, Opened, Options, View

from overtone.bitstream.container import Container

LARGE = View(0, 0, WIDTH, HEIGHT, 600, 900)  # of several strips in every codec
FUNCTIONS = ("next", "read")

every_codec = pytest.mark.parametrize("name", sorted(GOLDEN))
every_function = pytest.mark.parametrize("function", FUNCTIONS)


def take(opened: Opened, decoder: ctypes.c_void_p, function: str) -> tuple[int, int]:
    """Status and number of rows of one call; where they are is NULL if there are none."""
    count = ctypes.c_uint32(99)
    if function == "next":
        pixels = ctypes.c_void_p(99)
        status = opened.call("decoder_next", decoder, ctypes.byref(pixels), ctypes.byref(count))
        assert (pixels.value is None) == (status != OK)
        return status, count.value
    buffer = (ctypes.c_uint8 * (70 * LARGE.out_width * 3))()
    size, stride = ctypes.c_size_t(len(buffer)), ctypes.c_size_t(0)
    status = opened.call("decoder_read", decoder, buffer, size, stride, 70, ctypes.byref(count))
    return status, count.value


@every_codec
@every_function
@pytest.mark.parametrize("has_begun", [False, True])
def test_a_decoder_that_is_stopped_on_its_way_stays_so(name, function, has_begun):
    opened, answer = Opened(name), [0]
    options = Options(check=CHECK(lambda user: answer[0]))
    decoder = opened.decoder(LARGE, options)
    num_rows = 0
    if has_begun:
        status, num_rows = take(opened, decoder, function)
        assert status == OK
        assert num_rows > 0
    answer[0] = 1
    time.sleep(0.06)  # the check is asked some twenty times a second
    while (found := take(opened, decoder, function))[0] == OK:  # rows that are there already
        num_rows += found[1]
    assert has_begun == (num_rows > 0)
    assert num_rows < LARGE.out_height
    assert found == (STOPPED, 0)
    answer[0] = 0
    for again in (function, *FUNCTIONS):
        assert take(opened, decoder, again) == (STOPPED, 0)
        assert opened.text() == "the caller stopped the decoder"
    opened.library.ovt_decoder_free(decoder)
    opened.close()


@every_function
def test_damage_that_is_found_on_the_way_is_reported_each_time(function):
    container = Container.from_bytes(GOLDEN["tiled-dct"].read_bytes())
    cut = dataclasses.replace(container, sections=(container.sections[0][:-40],))
    opened = Opened("tiled-dct", cut.to_bytes())
    decoder = opened.decoder()
    reports = set()
    for again in (function, *FUNCTIONS):
        assert take(opened, decoder, again) == (CORRUPT, 0)
        reports.add((opened.error.status, opened.error.offset, opened.text()))
    assert len(reports) == 1
    opened.library.ovt_decoder_free(decoder)
    opened.close()


@every_codec
@every_function
def test_after_the_last_row_there_is_none_whoever_asks(name, function):
    opened = Opened(name)
    decoder = opened.decoder()
    num_rows = 0
    while (found := take(opened, decoder, function))[0] == OK:
        num_rows += found[1]
    assert num_rows == HEIGHT
    for again in (function, *FUNCTIONS):
        assert take(opened, decoder, again) == (END, 0)
    opened.library.ovt_decoder_free(decoder)
    opened.close()

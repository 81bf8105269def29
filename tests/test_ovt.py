"""Libovt over every codec of its table: pixels and errors are those of the obvious Python.

A codec that joins the table is tested without new test code, but for its twin in
`overtone.codecs.library_twin`.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import random
import time
import zlib

import numpy as np
import pytest
from helpers import mutate_section, scene

from overtone.bitstream.container import Container, Metadata
from overtone.codecs.base import ProgressiveCodec, View, full_view
from overtone.codecs.library import context_of, decode_rows, stored
from overtone.codecs.library_twin import TWINS
from overtone.codecs.registry import CODEC_IDS, encode, get_codec, shorten
from overtone.codecs.view import assemble, resolve_view
from overtone.deadline import time_limit
from overtone.errors import BitstreamError, ConfigError, CorruptError, LimitExceededError
from overtone.kernels import ovt
from overtone.kernels.fourier import supported_isas

TESTS = pathlib.Path(__file__).parent
TABLE = {entry.name: entry for entry in ovt.table()}
METADATA = Metadata(icc=b"profile " * 9, exif=b"II*\0", dpi=(300.0, 72.5))
FILES = sorted((TESTS / "golden").glob("*.ovt")) + sorted((TESTS / "corpus").glob("*.ovt"))

# The twin of dfm-latent is held against the library in test_latent_*.py.
TWINNED = sorted(TABLE.keys() - {"dfm-latent"})
every_codec = pytest.mark.parametrize("name", TWINNED)


@functools.cache
def kept(name: str) -> list[bytes]:
    """The golden file and the corpus of a codec."""
    files = [path.read_bytes() for path in FILES]
    return [file for file in files if file[5] == TABLE[name].codec_id]


def views(width: int, height: int) -> list[View]:
    """The whole, odd parts of it, and both at other sizes."""
    asked = [
        {},
        {"scale": 1.7},
        {"scale": 0.3},
        {"size": (5, 11)},
        {"crop": (width // 3, height // 2, width - width // 3, height - height // 2)},
        {"crop": (width * 0.2, height * 0.3, width * 0.7, height * 0.5), "scale": 3},
        {"crop": (width - 1, height - 1, 1, 1), "size": (3, 2)},
    ]
    return [resolve_view(width, height, max_pixels=1 << 20, **each) for each in asked]


def decoded(file: Container, view: View, **settings) -> np.ndarray:
    opened = ovt.File(file.file_bytes(), context_of(file.codec_id))
    box = (view.x, view.y, view.width, view.height)
    return assemble(opened.strips(box, (view.out_width, view.out_height), **settings), view)


def outcome(work) -> tuple:
    """What was made, or what was raised: class, offset and message."""
    try:
        return ("done", work())
    except BitstreamError as error:
        return (type(error).__name__, error.offset, str(error))


def test_the_table_is_that_of_the_package():
    assert sorted(TWINS) == TWINNED
    for name, entry in TABLE.items():
        assert CODEC_IDS[entry.codec_id] == name
        assert entry.is_progressive == isinstance(get_codec(name), ProgressiveCodec)


@every_codec
def test_every_view_of_every_kept_file_is_that_of_the_twin(name):
    different = samples = 0
    for data in kept(name):
        file = Container.from_bytes(data)
        for view in views(file.width, file.height):
            expected = assemble(TWINS[name](file, view), view).astype(int)
            distance = np.abs(decoded(file, view) - expected)
            assert distance.max() <= 1
            different += np.count_nonzero(distance)
            samples += distance.size
    assert len(kept(name)) > 5
    assert different <= 1 + samples // 10_000


@every_codec
def test_a_picture_of_many_strips_is_that_of_the_twin(name):
    image = scene(210, 331)
    settings = {"steps": 20, "width": 3, "depth": 2, "tile_px": 100} if name == "dfm" else {}
    data = encode(
        image, codec=name, quality=40, effort="fast", num_threads=1, verify=False, settings=settings
    )
    file = Container.from_bytes(data)
    for view in (
        full_view(331, 210),
        View(x=17, y=101, width=300, height=109, out_width=900, out_height=218),
    ):
        expected = assemble(TWINS[name](file, view), view).astype(int)
        distance = np.abs(decoded(file, view) - expected)
        assert distance.max() <= 1
        assert np.count_nonzero(distance) <= distance.size // 10_000


@every_codec
def test_instruction_sets_and_threads_agree(name):
    file = Container.from_bytes(kept(name)[0])
    for view in views(file.width, file.height)[:3]:
        one = decoded(file, view, isa="baseline")
        np.testing.assert_array_equal(decoded(file, view, isa="baseline", num_threads=3), one)
        for isa in supported_isas():
            assert np.abs(decoded(file, view, isa=isa).astype(int) - one).max() <= 1


@every_codec
def test_a_container_is_taken_apart_as_by_python(name):
    container = dataclasses.replace(Container.from_bytes(kept(name)[0]), metadata=METADATA)
    data = container.to_bytes()
    expected = Container.from_bytes(data)
    file = ovt.File(data).native
    header = (expected.codec_id, expected.width, expected.height, expected.layout)
    assert file.header == header
    assert file.metadata == (METADATA.icc, METADATA.exif, 300.0, 72.5)
    assert file.sections == list(zip(expected.offsets, expected.sections, strict=True))


def described(result: tuple) -> tuple:
    """Without the words of zlib, which are its own."""
    return (*result[:2], result[2].split("deflate stream")[0]) if result[0] != "done" else ("done",)


@every_codec
def test_every_cut_and_every_damaged_byte_is_reported_as_by_python(name):
    container = dataclasses.replace(Container.from_bytes(kept(name)[0]), metadata=METADATA)
    data = container.to_bytes()
    head = container.offsets[0] + 160
    changed = [data[:cut] for cut in range(min(head, len(data)))]
    changed += [data[:-1], data + b"x", b"", b"GIF89a", b"OV'\"\n\\"]
    for at in [*range(min(head, len(data))), len(data) - 3]:
        for value in (0, 0x7F, 0x80, 0xFF, data[at] ^ 1):
            changed.append(data[:at] + bytes([value]) + data[at + 1 :])
    for each in changed:
        expected = outcome(lambda each=each: Container.from_bytes(each, max_pixels=1 << 28))
        found = outcome(lambda each=each: ovt.File(each))
        assert described(found) == described(expected)


@every_codec
def test_damage_under_right_checksums_is_reported_as_by_the_twin(name):
    rng = random.Random(name)
    container = Container.from_bytes(kept(name)[0])
    differences = 0
    for number in range(250):
        sections = list(container.sections)
        index = rng.randrange(len(sections))
        head = sections[index][:40] if number % 2 else sections[index]
        sections[index] = mutate_section(head, rng) + sections[index][len(head) :]
        if number == 0:
            sections.append(b"surplus")
        changed = dataclasses.replace(container, sections=tuple(sections))
        file = Container.from_bytes(changed.to_bytes())
        view = full_view(file.width, file.height)
        expected = outcome(lambda file=file, view=view: assemble(TWINS[name](file, view), view))
        found = outcome(lambda file=file, view=view: decoded(file, view))
        assert found[0] == expected[0], (number, found, expected)
        if found[0] != "done":
            assert found[1] == expected[1]
            assert found[2].split("range code")[0] == expected[2].split("range code")[0]
        else:
            differences += int(np.abs(found[1].astype(int) - expected[1]).max())
    assert differences <= 2  # absurd coefficients may round another way


@pytest.mark.parametrize("name", [n for n in TWINNED if TABLE[n].is_progressive])
def test_the_beginning_of_a_file_shows_what_its_shortened_file_does(name):
    container = dataclasses.replace(Container.from_bytes(kept(name)[-1]), metadata=METADATA)
    data = container.to_bytes()
    view = full_view(container.width, container.height)
    box, size = (0, 0, view.width, view.height), (view.out_width, view.out_height)
    shown = 0
    for max_bytes in [*range(1, 200, 7), *range(200, len(data) + 20, 61)]:
        for arrived in (data, data[:max_bytes]):

            def by_library(arrived=arrived, max_bytes=max_bytes):
                file = ovt.File(arrived, context_of(container.codec_id), max_bytes=max_bytes)
                return assemble(file.strips(box, size), view).tobytes()

            def by_shortening(arrived=arrived, max_bytes=max_bytes):
                whole = Container.from_bytes(shorten(arrived, max_bytes))
                return decoded(whole, view).tobytes()

            expected = outcome(by_shortening)
            assert outcome(by_library) == expected
            shown += expected[0] == "done"
    assert shown > 10


@pytest.mark.parametrize("name", [n for n in sorted(TABLE) if TABLE[n].is_progressive])
def test_the_beginning_of_a_file_of_two_sections_shows_nothing(name):
    container = Container.from_bytes(kept(name)[0])
    changed = dataclasses.replace(container, sections=container.sections * 2)
    data = changed.to_bytes()
    view = full_view(container.width, container.height)
    box, size = (0, 0, view.width, view.height), (view.out_width, view.out_height)
    for max_bytes in (10, 40, len(data) // 2, len(data) - 1, len(data)):

        def by_library(max_bytes=max_bytes):
            file = ovt.File(data, context_of(container.codec_id), max_bytes=max_bytes)
            return assemble(file.strips(box, size), view)

        def by_shortening(max_bytes=max_bytes):
            return decoded(Container.from_bytes(shorten(data, max_bytes)), view)

        found = outcome(by_library)
        assert found == outcome(by_shortening)
        assert found[0] == "CorruptError"
        assert "1 section" in found[2]


@every_codec
def test_only_progressive_codecs_show_the_beginning_of_a_file(name):
    if not TABLE[name].is_progressive:
        with pytest.raises(ConfigError, match="shows nothing before its last byte"):
            ovt.File(kept(name)[0], max_bytes=100)


@every_codec
def test_what_is_missing_or_over_a_limit_is_said(name):
    data = kept(name)[0]
    with pytest.raises(LimitExceededError, match="over the limit of 10"):
        ovt.File(data, max_pixels=10)
    with pytest.raises(ConfigError, match="is not inside the picture"):
        next(ovt.File(data, context_of(TABLE[name].codec_id)).strips((0, 0, 9999, 1), (1, 1)))
    if TABLE[name].data:
        with pytest.raises(RuntimeError, match=f"needs the data {TABLE[name].data[0]}"):
            ovt.File(data).strips((0, 0, 1, 1), (1, 1))
    for part in TABLE[name].data:
        short = (zlib.compress(b""), zlib.compress(b"abc"))
        for damaged in (b"", stored(part)[:-1], stored(part) + b"x", *short):
            with pytest.raises(CorruptError):
                ovt.Context({part: damaged})
    with pytest.raises(ConfigError, match="no codec has data of-nobody"):
        ovt.Context({"of-nobody": b""})


@every_codec
def test_a_time_limit_and_an_interrupt_end_the_work(name, monkeypatch):
    file = Container.from_bytes(kept(name)[0])
    view = full_view(file.width, file.height)
    with time_limit(1e-9, LimitExceededError, "decoding"):
        time.sleep(0.001)
        with pytest.raises(LimitExceededError, match="takes more than"):
            assemble(decode_rows(file, view, 1), view)

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ovt, "check_time", interrupt)
    with pytest.raises(KeyboardInterrupt):
        assemble(decode_rows(file, view, 1), view)


def test_the_fixed_point_ratios_are_those_of_python():
    import importlib.util

    path = TESTS.parent / "tools" / "make_entropy_ratios.py"
    spec = importlib.util.spec_from_file_location("make_entropy_ratios", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.HEADER.read_text("utf-8") == tool.cpp_header()
    assert tool.TARGET.read_text("utf-8") == tool.python_module()

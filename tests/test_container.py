"""The container: what it writes, and that every damage is noticed."""

from __future__ import annotations

import contextlib
import pathlib
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overtone.bitstream.container import (
    MAX_SIDE_PX,
    Container,
    Layout,
    Metadata,
    read_header,
)
from overtone.bitstream.metadata import MAX_METADATA_BYTES
from overtone.bitstream.writer import Writer
from overtone.errors import (
    BitstreamError,
    CorruptError,
    LimitExceededError,
    NotABitstreamError,
    TruncatedError,
    UnsupportedVersionError,
)

dpis = st.none() | st.tuples(*[st.integers(1, 10**6).map(lambda n: n / 1000)] * 2)
metadata = st.builds(Metadata, icc=st.binary(max_size=60), exif=st.binary(max_size=60), dpi=dpis)
containers = st.builds(
    Container,
    codec_id=st.integers(1, 127),
    width=st.integers(1, 5000),
    height=st.integers(1, 5000),
    layout=st.sampled_from(Layout),
    sections=st.lists(st.binary(max_size=200), min_size=1, max_size=5).map(tuple),
    metadata=metadata,
)
SMALL = Container(1, 768, 512, Layout.RGB, (b"payload",))


def frame(header: bytes, *payloads: bytes) -> bytes:
    """A file put together by hand from the words of `docs/format.md`."""
    data, covered = header, 0
    for payload in payloads:
        assert len(payload) < 128
        data += bytes([len(payload)]) + payload
        data += zlib.crc32(data[covered:]).to_bytes(4, "little")
        covered = len(data)
    return data


def test_the_bytes_are_those_of_the_specification():
    header = b"OVTN\x01\x01" + bytes([0x80, 0x06, 0x80, 0x04]) + b"\x03\x01"
    assert SMALL.to_bytes() == frame(header, b"payload")


def test_the_example_of_the_specification_is_that_file():
    text = (pathlib.Path(__file__).parent.parent / "docs" / "format.md").read_text("utf-8")
    example = text.partition("### An example")[2].split("```")[1]
    data = bytes.fromhex("".join(re.findall(r"\b[0-9a-f]{2}\b", example)))
    assert data == SMALL.to_bytes()


def test_one_section_costs_seventeen_bytes_on_a_photograph():
    assert len(SMALL.to_bytes()) - len(b"payload") == 17


@given(containers)
def test_bytes_are_the_inverse_of_parsing(container):
    data = container.to_bytes()
    parsed = Container.from_bytes(data)
    assert parsed == container
    for payload, offset in zip(parsed.sections, parsed.offsets, strict=True):
        assert data[offset : offset + len(payload)] == payload


@given(containers, st.data())
def test_every_cut_is_noticed(container, data):
    whole = container.to_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BitstreamError):
        Container.from_bytes(whole[:cut])


@given(containers, st.data())
def test_every_flipped_bit_is_noticed(container, data):
    damaged = bytearray(container.to_bytes())
    bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BitstreamError):
        Container.from_bytes(bytes(damaged))


@given(containers, st.binary(min_size=1, max_size=9))
def test_trailing_bytes_are_noticed(container, tail):
    with pytest.raises(CorruptError, match="follow the end of the file"):
        Container.from_bytes(container.to_bytes() + tail)


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_raise_bitstream_error(data):
    with contextlib.suppress(BitstreamError):
        Container.from_bytes(b"OVTN\x01" + data)


def test_a_foreign_file_is_named_as_such():
    for data in (b"", b"OVT", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(NotABitstreamError, match="another kind of file"):
            Container.from_bytes(data)


def test_a_newer_format_is_named_as_such():
    with pytest.raises(UnsupportedVersionError, match=r"format version 2 is not 1.*at byte 4"):
        Container.from_bytes(b"OVTN\x02" + SMALL.to_bytes()[5:])


def test_too_many_pixels_are_refused_before_anything_else_is_read():
    data = SMALL.to_bytes()[:12]
    with pytest.raises(LimitExceededError, match=r"768x512.*raise max_pixels.*at byte 6"):
        Container.from_bytes(data, max_pixels=768 * 512 - 1)
    assert read_header(data, max_pixels=768 * 512).width == 768


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"OVTN\x01\x00\x01\x01\x03\x01", "codec id must be in 1..127, got 0"),
        (b"OVTN\x01\x01\x00\x01\x03\x01", "width must be in"),
        (b"OVTN\x01\x01\x01\x00\x03\x01", "height must be in"),
        (b"OVTN\x01\x01\x01\x01\x05\x01", "layout must be in 1..4, got 5"),
        (b"OVTN\x01\x01\x01\x01\x43\x01", "flags must be in 1..63, got 67"),
        (b"OVTN\x01\x01\x01\x01\x03\x00", "number of sections must be in 1..64, got 0"),
        (b"OVTN\x01\x81\x00\x01\x01\x03\x01", "not in its shortest form"),
        (b"OVTN\x01\x01" + b"\xff" * 12 + b"\x01\x03\x01", "more than 64 bits"),
    ],
)
def test_header_values_out_of_range_are_named(header, message):
    with pytest.raises(CorruptError, match=message):
        Container.from_bytes(frame(header, b"payload"))


def test_a_section_longer_than_the_file_is_not_allocated():
    data = b"OVTN\x01\x01\x01\x01\x03\x01" + b"\xff\xff\xff\xff\x0f"
    with pytest.raises(TruncatedError, match="section 0 needs 4294967295 bytes but only 0"):
        Container.from_bytes(data)


def test_metadata_that_unpacks_to_too_much_is_refused():
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = bomb.compress(bytes(MAX_METADATA_BYTES + 1)) + bomb.flush()
    writer = Writer()
    writer.put(b"OVTN\x01\x01\x01\x01\x0b\x01")
    writer.varint(len(payload))
    writer.put(payload)
    writer.uint(zlib.crc32(writer.to_bytes()), 4)
    with pytest.raises(LimitExceededError, match="ICC profile unpacks to over"):
        Container.from_bytes(writer.to_bytes())


@pytest.mark.parametrize("payload", [b"", b"\x00", b"\x03\x00", b"\x4b\x04\x00rest"])
def test_metadata_that_is_no_whole_deflate_stream_is_refused(payload):
    with pytest.raises(CorruptError, match="deflate stream"):
        Container.from_bytes(frame(b"OVTN\x01\x01\x01\x01\x13\x01", payload, b""))


def test_what_cannot_be_read_back_is_not_written():
    for bad in (
        Container(0, 1, 1, Layout.RGB, (b"",)),
        Container(1, MAX_SIDE_PX + 1, 1, Layout.RGB, (b"",)),
        Container(1, 1, 1, Layout.RGB, ()),
        Container(1, 1, 1, Layout.RGB, (b"",), Metadata(dpi=(0.0, 72.0))),
        Container(1, 1, 1, Layout.RGB, (b"",), Metadata(exif=bytes(MAX_METADATA_BYTES + 1))),
    ):
        with pytest.raises(ValueError, match=r"must be in|over the limit"):
            bad.to_bytes()


def test_errors_inside_a_section_point_into_the_file():
    parsed = Container.from_bytes(SMALL.to_bytes())
    reader = parsed.reader(0)
    reader.take(5, "first part")
    with pytest.raises(TruncatedError, match=r"second part needs 9 bytes but only 2") as caught:
        reader.take(9, "second part")
    assert caught.value.offset == SMALL.to_bytes().index(b"payload") + 5

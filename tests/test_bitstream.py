"""Reader, Writer and Field: inverse of one another, and strict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.errors import CorruptError, TruncatedError


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_varints_come_back(values):
    writer = Writer()
    for value in values:
        writer.varint(value)
    reader = Reader(writer.to_bytes())
    assert [reader.varint("value") for _ in values] == values
    reader.finish()


@given(st.binary(min_size=1, max_size=10))
def test_a_varint_has_one_spelling(data):
    reader = Reader(data)
    try:
        value = reader.varint("value")
    except (CorruptError, TruncatedError):
        return
    writer = Writer()
    writer.varint(value)
    assert data.startswith(writer.to_bytes())
    assert reader.offset == len(writer)


def test_varint_bytes_by_hand():
    writer = Writer()
    for value in (0, 127, 128, 300):
        writer.varint(value)
    assert writer.to_bytes() == bytes([0, 127, 0x80, 1, 0xAC, 2])


@given(st.integers(-1000, 1000), st.integers(0, 2000), st.data())
def test_fields_come_back(low, span, data):
    field = Field("value", low, low + span)
    value = data.draw(st.integers(field.low, field.high))
    writer = Writer()
    field.write(writer, value)
    assert field.read(Reader(writer.to_bytes())) == value


def test_fields_refuse_both_ways():
    field = Field("q_step", 1, 255)
    with pytest.raises(ValueError, match=r"q_step must be in 1..255, got 0"):
        field.write(Writer(), 0)
    with pytest.raises(CorruptError, match=r"q_step must be in 1..255, got 0 \(at byte 9\)"):
        field.read(Reader(b"\x00", offset=9))


def test_signed_fields_are_in_zigzag_order():
    field = Field("offset", -2, 2)
    writer = Writer()
    for value in (0, -1, 1, -2, 2):
        field.write(writer, value)
    assert writer.to_bytes() == bytes(range(5))


def test_uints_are_little_endian_and_checked():
    writer = Writer()
    writer.uint(0x0102, 2)
    assert writer.to_bytes() == b"\x02\x01"
    assert Reader(writer.to_bytes()).uint(2, "value") == 0x0102
    with pytest.raises(ValueError, match=r"in 0..255, got 256"):
        writer.uint(256, 1)
    with pytest.raises(ValueError, match="negative"):
        writer.varint(-1)


def test_left_over_bytes_are_named():
    with pytest.raises(CorruptError, match="2 bytes follow the end of the section 1"):
        Reader(b"ab", name="section 1").finish()

"""Metadata left out: where a picture was taken, or all of it without changing its look."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers import scene
from PIL import Image, ImageCms

from overtone.bitstream.container import Metadata
from overtone.errors import ConversionNeededError, ImageError
from overtone.imaging.convert import to_srgb
from overtone.imaging.image import Picture, read_picture
from overtone.imaging.metadata import stripped, without_gps, without_metadata

TAKEN_AT = b"52.51630"


def exif_block(order: str = "<", *, orientation: int = 1) -> bytes:
    """A maker, an orientation, a note of the maker, and where the picture was taken."""
    exif = Image.Exif()
    exif.endian = order
    exif[0x010F], exif[0x0112] = "Maker", orientation
    exif.get_ifd(0x8769)[0x927C] = b"a note of the maker"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[29] = "N", TAKEN_AT.decode()
    return exif.tobytes().removeprefix(b"Exif\0\0")


def tags(block: bytes) -> tuple[dict, dict, dict]:
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    return dict(exif), dict(exif.get_ifd(0x8769)), dict(exif.get_ifd(0x8825))


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_place_goes_and_all_else_stays_where_it_is(order):
    block = exif_block(order)
    found = without_gps(Metadata(exif=block, icc=b"profile", dpi=(72.0, 96.0)))
    assert (found.icc, found.dpi, len(found.exif)) == (b"profile", (72.0, 96.0), len(block))
    assert TAKEN_AT in block
    assert TAKEN_AT not in found.exif
    before, note, gps = tags(block)
    assert set(gps) == {1, 29}
    assert tags(found.exif) == ({k: v for k, v in before.items() if k != 0x8825}, note, {})
    assert found.exif.index(b"a note") == block.index(b"a note")
    assert without_gps(found) == found


def test_a_block_that_cannot_be_read_is_left_out_whole():
    block = exif_block()
    for damaged in (b"junk", block[:60], b"MM\0*\xff\xff\xff\xff", block[:6] + b"\xff" + block[7:]):
        assert without_gps(Metadata(exif=damaged)).exif == b""
    assert without_gps(Metadata()) == Metadata()


def test_no_damaged_block_keeps_the_place_or_fails():
    block = exif_block()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(block)
        damaged[rng.integers(len(block))] = rng.integers(256)
        without_gps(Metadata(exif=bytes(damaged)))


def test_a_picture_without_metadata_is_turned_upright():
    pixels = scene(24, 40)
    picture = Picture(pixels, Metadata(exif=exif_block(orientation=6), dpi=(72.0, 96.0)))
    found = without_metadata(picture)
    np.testing.assert_array_equal(found.pixels, np.rot90(pixels, -1))
    assert found.metadata == Metadata(dpi=(96.0, 72.0))
    assert stripped(picture, None) is picture
    junk = without_metadata(Picture(pixels, Metadata(exif=b"II*\0junk")))
    np.testing.assert_array_equal(junk.pixels, pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_colours_without_their_profile_are_those_of_srgb(channels):
    pixels = scene(24, 40, channels)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = without_metadata(Picture(pixels, Metadata(icc=srgb)))
    assert np.abs(found.pixels.astype(int) - pixels).max() <= 1
    junk = without_metadata(Picture(pixels, Metadata(icc=b"junk")))
    np.testing.assert_array_equal(junk.pixels, pixels)


def test_a_profile_of_use_changes_the_numbers():
    lab = Image.new("LAB", (5, 3), (128, 200, 128))
    found = to_srgb(lab, None, "RGB")
    assert found is not None
    red, green, blue = np.asarray(found)[0, 0].tolist()
    assert red > blue > green


def test_conversion_is_asked_for():
    file = io.BytesIO()
    Image.fromarray(scene(24, 40, 4), "CMYK").save(file, "TIFF")
    with pytest.raises(ConversionNeededError):
        read_picture(io.BytesIO(file.getvalue()))
    assert read_picture(io.BytesIO(file.getvalue()), convert=True).pixels.shape == (24, 40, 3)
    floats = io.BytesIO()
    Image.new("F", (4, 3)).save(floats, "TIFF")
    with pytest.raises(ImageError) as caught:
        read_picture(floats)
    assert not isinstance(caught.value, ConversionNeededError)

"""Files of 16 bits a sample: every bit in, every bit out."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import pytest
from helpers import SHAPES, scene
from PIL import Image
from test_image import METADATA, frames, png_with_16_bit_colour

from overtone.bitstream.container import Metadata
from overtone.errors import ImageError
from overtone.imaging.high_depth import (
    DeepPicture,
    deep_picture_to_bytes,
    read_deep_picture,
    to_depth,
)
from overtone.imaging.image import read_picture


def deep(height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(
        0, 65536, (height, width, channels), dtype=np.uint16
    )


def read(data):
    return read_deep_picture(io.BytesIO(data))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_png_files_bring_16_bits_back(shape, channels):
    pixels = deep(*shape, channels=channels)
    data = deep_picture_to_bytes(DeepPicture(pixels, Metadata()), ".png")
    np.testing.assert_array_equal(read(data).pixels, pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pillow_reads_them_as_far_as_it_can(channels):
    pixels = deep(24, 40, channels)
    data = deep_picture_to_bytes(DeepPicture(pixels, Metadata()), ".PNG")
    with Image.open(io.BytesIO(data)) as image:
        seen = np.asarray(image)
    if channels == 1:
        np.testing.assert_array_equal(seen, pixels[..., 0])
    else:
        colours = pixels[..., [0, 0, 0, 1]] if channels == 2 else pixels
        np.testing.assert_array_equal(seen, colours >> 8)


def test_metadata_survives():
    data = deep_picture_to_bytes(DeepPicture(deep(3, 5, 3), METADATA), ".png")
    metadata = read(data).metadata
    assert (metadata.icc, metadata.exif) == (METADATA.icc, METADATA.exif)
    assert metadata.dpi == pytest.approx(METADATA.dpi, abs=0.0254 / 2)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_8_bits_are_as_ever(channels, suffix):
    pixels = scene(9, 20, channels)
    data = deep_picture_to_bytes(DeepPicture(pixels, METADATA), suffix)
    expected = read_picture(io.BytesIO(data))
    assert read(data).pixels.dtype == np.uint8
    np.testing.assert_array_equal(read(data).pixels, expected.pixels)
    assert read(data).metadata == expected.metadata


def test_gray_tiff_files_are_read():
    pixels = deep(7, 9, 1)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0]).save(file, "TIFF")
    np.testing.assert_array_equal(read(file.getvalue()).pixels, pixels)


def tiff_of_colours(pixels, order):
    """An uncompressed TIFF of 16-bit RGB or RGBA, in two strips, little or big endian."""
    height, width, channels = pixels.shape
    mark: Literal["little", "big"] = "little" if order == "<" else "big"
    rows = height // 2 + 1
    body = pixels.astype(order + "u2").tobytes()
    first = rows * width * channels * 2
    bits = b"".join((16).to_bytes(2, mark) for _ in range(channels))
    tail = 8 + len(body)
    lists = bits + b"".join(n.to_bytes(4, mark) for n in (8, 8 + first, first, len(body) - first))
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, tail), (259, 3, 1, 1)]
    tags += [(262, 3, 1, 2), (273, 4, 2, tail + len(bits)), (277, 3, 1, channels)]
    tags += [(278, 4, 1, rows), (279, 4, 2, tail + len(bits) + 8)]
    if channels == 4:
        tags.append((338, 3, 1, 2))
    entries = b""
    for tag, kind, count, value in tags:
        size = 2 if kind == 3 and count == 1 else 4
        held = value.to_bytes(size, mark).ljust(4, b"\0")
        entries += tag.to_bytes(2, mark) + kind.to_bytes(2, mark) + count.to_bytes(4, mark) + held
    start = (tail + len(lists)).to_bytes(4, mark)
    head = (b"II*\0" if order == "<" else b"MM\0*") + start
    return head + body + lists + len(tags).to_bytes(2, mark) + entries + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_files_of_colours_are_read(channels, order):
    pixels = deep(7, 5, channels)
    np.testing.assert_array_equal(read(tiff_of_colours(pixels, order)).pixels, pixels)


def test_names_of_files_and_streams_are_read(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(png_with_16_bit_colour().getvalue())
    pixels = read_deep_picture(str(path)).pixels
    assert pixels.shape == (2, 2, 3)
    assert pixels[0, 0, 0] == 0x0001
    with pytest.raises(FileNotFoundError):
        read_deep_picture(str(tmp_path / "missing.png"))


def test_other_formats_of_16_bits_are_refused_with_a_way_out():
    with pytest.raises(ImageError, match=r"written to \.png only, not to '\.jpg'"):
        deep_picture_to_bytes(DeepPicture(deep(2, 2, 3), Metadata()), ".jpg")
    with pytest.raises(ImageError, match="save the one you want"):
        read(frames("GIF").getvalue())
    with pytest.raises(ImageError, match="damaged"):
        read(png_with_16_bit_colour().getvalue()[:48])
    with pytest.raises(ImageError, match="no picture"):
        read(b"nothing")
    ppm = b"P6 1 1 65535\n" + bytes(6)
    with pytest.raises(ImageError, match="save it as PNG"):
        read(ppm)


def test_levels_are_rounded_and_clipped():
    levels = np.array([[-3.0, 0.5, 1.5, 65535.4, 7e5]])
    np.testing.assert_array_equal(to_depth(levels, 16), [[0, 0, 2, 65535, 65535]])
    np.testing.assert_array_equal(to_depth(levels, 8), [[0, 0, 2, 255, 255]])

"""Picture files to arrays and back: what is kept, what is refused."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from helpers import SHAPES, scene
from PIL import Image, ImageCms

from overtone.bitstream.container import Metadata
from overtone.errors import ConfigError, ImageError
from overtone.imaging.formats import OPENED_FORMATS, SUFFIXES_OF, endings_like
from overtone.imaging.image import (
    Picture,
    from_pillow,
    picture_to_bytes,
    read_picture,
    to_grid,
    to_pillow,
    to_uint8,
)

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes().removeprefix(b"Exif\x00\x00")


METADATA = Metadata(icc=ICC, exif=exif_of(6), dpi=(300.0, 150.0))


def saved(image: Image.Image, file_format: str, **options) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_files_bring_pixels_back(shape, channels, suffix):
    pixels = scene(*shape, channels=channels)
    data = picture_to_bytes(Picture(pixels, Metadata()), suffix)
    read = read_picture(io.BytesIO(data)).pixels
    if suffix == ".webp":  # which knows no gray, and loses the colour of clear pixels
        visible = pixels[..., -1:] > 0 if channels in (2, 4) else np.True_
        colour = pixels[..., [0]] if channels <= 2 else pixels[..., :3]
        np.testing.assert_array_equal(
            read[..., :3] * visible, colour.repeat(3 // colour.shape[2], 2) * visible
        )
    else:
        np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif"])
def test_metadata_survives_a_file_and_pixels_stay_unturned(suffix):
    data = picture_to_bytes(Picture(scene(24, 40), METADATA), suffix)
    read = read_picture(io.BytesIO(data))
    assert read.pixels.shape == (24, 40, 3)
    assert read.metadata.icc == ICC
    kept = Image.Exif()
    kept.load(b"Exif\x00\x00" + read.metadata.exif)
    assert kept[0x0112] == 6
    if suffix not in (".webp", ".avif"):  # which have no field for it
        half_a_dot_per_metre = 0.0254 / 2  # the unit of PNG
        assert read.metadata.dpi == pytest.approx((300, 150), abs=half_a_dot_per_metre)


def test_a_turned_tiff_comes_upright_and_is_not_turned_twice():
    data = picture_to_bytes(Picture(scene(24, 40), METADATA), ".tif")
    read = read_picture(io.BytesIO(data))
    np.testing.assert_array_equal(read.pixels, np.rot90(scene(24, 40), -1))
    assert (read.metadata.icc, read.metadata.exif) == (ICC, b"")


def test_a_picture_without_metadata_has_none():
    data = picture_to_bytes(Picture(scene(8, 8), Metadata()), ".png")
    assert read_picture(io.BytesIO(data)).metadata == Metadata()


def test_palettes_become_colours():
    colours = Image.fromarray(scene(24, 40)).quantize(16)
    assert colours.mode == "P"
    read = read_picture(saved(colours, "PNG"))
    np.testing.assert_array_equal(read.pixels, np.asarray(colours.convert("RGB")))


def test_transparent_colours_become_alpha():
    palette = Image.fromarray(scene(24, 40)).quantize(16)
    pixels = read_picture(saved(palette, "PNG", transparency=3)).pixels
    np.testing.assert_array_equal(pixels[..., 3] == 0, np.asarray(palette) == 3)
    gray = Image.fromarray(scene(24, 40, channels=1)[..., 0])
    level = gray.getpixel((5, 5))
    assert read_picture(saved(gray, "PNG", transparency=level)).pixels.shape[2] == 2
    rgb = Image.fromarray(scene(24, 40))
    pixels = read_picture(saved(rgb, "PNG", transparency=rgb.getpixel((5, 3)))).pixels
    assert pixels[3, 5, 3] == 0
    assert pixels.shape[2] == 4


def test_bilevel_pictures_become_gray():
    bilevel = Image.fromarray(scene(8, 9, channels=1)[..., 0]).convert("1")
    pixels = read_picture(saved(bilevel, "PNG")).pixels
    assert pixels.shape == (8, 9, 1)
    assert set(np.unique(pixels)) == {0, 255}


def png_with_16_bit_colour() -> io.BytesIO:
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(2))
    head = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def frames(file_format: str) -> io.BytesIO:
    first, second = (Image.fromarray(scene(8, 8, seed=seed)) for seed in (0, 1))
    return saved(first, file_format, save_all=True, append_images=[second])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (saved(Image.fromarray(np.zeros((4, 4), np.uint16)), "PNG"), "more than 8 bits"),
        (png_with_16_bit_colour(), "more than 8 bits.*save it with 8 bits first"),
        (io.BytesIO(b"P6 1 1 65535\n" + bytes(6)), "more than 8 bits"),
        (io.BytesIO(b"P5 1 1 65535\n" + bytes(2)), "more than 8 bits"),
        (saved(Image.new("I", (4, 4)), "TIFF"), "more than 8 bits"),
        (saved(Image.new("F", (4, 4)), "TIFF"), "more than 8 bits"),
        (saved(Image.new("CMYK", (4, 4)), "JPEG"), "mode CMYK are not supported; convert it"),
        (saved(Image.new("LAB", (4, 4)), "TIFF"), "mode LAB"),
        (frames("GIF"), "2 frames"),
        (frames("TIFF"), "2 frames"),
        (io.BytesIO(b"no picture"), "no picture in a format that is read here"),
        (io.BytesIO(b""), "no picture"),
    ],
)
def test_what_is_not_supported_is_refused_plainly(file, message):
    with pytest.raises(ImageError, match=message):
        read_picture(file)


def test_a_cut_file_is_called_damaged():
    whole = saved(Image.fromarray(scene(40, 40)), "PNG").getvalue()
    with pytest.raises(ImageError, match="damaged"):
        read_picture(io.BytesIO(whole[: len(whole) // 2]))


def test_a_missing_file_stays_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_picture(str(tmp_path / "missing.png"))


def test_formats_that_cannot_hold_a_picture_say_so():
    with pytest.raises(ImageError, match=r"JPEG cannot hold this 8x8 picture.*use \.png"):
        picture_to_bytes(Picture(scene(8, 8, channels=4), Metadata()), ".jpg")
    with pytest.raises(ConfigError, match=r"name ending '\.xyz'; use \.png"):
        picture_to_bytes(Picture(scene(8, 8), Metadata()), ".xyz")


@pytest.mark.parametrize("dpi", [(0, 72), (float("nan"), 72), (1e9, 72), (72,)])
def test_senseless_resolutions_are_dropped(dpi):
    image = Image.fromarray(scene(8, 8))
    image.info["dpi"] = dpi
    assert from_pillow(image).metadata.dpi is None


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pillow_images_are_there_and_back(channels):
    picture = Picture(scene(8, 9, channels=channels), METADATA)
    back = from_pillow(to_pillow(picture))
    np.testing.assert_array_equal(back.pixels, picture.pixels)
    assert back.metadata == METADATA


def test_rounding_is_to_the_nearest_level_and_clips():
    levels = np.array([-3.0, -0.2, 0.4, 0.6, 254.4, 254.6, 300.0])
    np.testing.assert_array_equal(to_uint8(levels), [0, 0, 0, 1, 254, 255, 255])
    assert to_uint8(levels).dtype == np.uint8


def test_a_grid_holds_each_image_in_reading_order():
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    grid = to_grid(images, num_columns=3, margin_px=1)
    assert grid.shape == (2 * 3 + 1, 3 * 4 + 1, 1)
    np.testing.assert_array_equal(grid[1, [1, 5, 9], 0], [0, 1, 2])
    np.testing.assert_array_equal(grid[4, [1, 5, 9], 0], [3, 4, 255])
    assert (grid[[0, 3, 6]] == 255).all()


@pytest.mark.parametrize("name", [name for name in SUFFIXES_OF if name != "PSD"])
def test_every_format_that_is_searched_for_is_read(name):
    if name == "SUN":  # Pillow cannot write it: a header of eight numbers, then rows of even length
        file = io.BytesIO(struct.pack(">8I", 0x59A66A95, 3, 2, 24, 20, 1, 0, 0) + bytes(20))
        shape = (2, 3, 3)
    elif name == "ICO":  # squares only
        file, shape = saved(Image.new("RGBA", (16, 16)), name), (16, 16, 4)
    elif name == "XBM":
        file, shape = saved(Image.new("1", (40, 24)), name), (24, 40, 1)
    else:
        file, shape = saved(Image.fromarray(scene(24, 40)), name), (24, 40, 3)
    assert read_picture(file).pixels.shape == shape
    Image.init()
    assert {Image.EXTENSION[ending] for ending in SUFFIXES_OF[name]} <= {name, "MPO"}


def test_formats_that_other_programs_or_no_pictures_are_for_are_not_opened():
    assert not set(OPENED_FORMATS) & {"EPS", "WMF", "FITS", "PDF", "HDF5", "GRIB", "BUFR", "MPEG"}
    assert endings_like(".jpg") >= {".jpg", ".jpeg"}
    assert endings_like(".ovt") == {".ovt"}

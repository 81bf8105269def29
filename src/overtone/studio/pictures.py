"""Pictures as they come into the studio, and as the page is shown them."""

import io
import math
import sys
from typing import TYPE_CHECKING

import numpy as np

import overtone
from overtone.bitstream.container import Metadata
from overtone.errors import ConfigError
from overtone.imaging.image import Picture, from_pillow, saved, to_pillow
from overtone.imaging.metadata import without_metadata
from overtone.imaging.reader import read_with
from overtone.shapes import UInt8
from overtone.studio.failures import TooLargeError
from overtone.studio.shelf import HeldFile

if TYPE_CHECKING:
    from PIL import Image

_MAX_VIEW_S = 30.0
_MAX_NAME = 120  # characters


def read_upload(data: bytes, max_pixels: int) -> UInt8[np.ndarray, "h w c"]:
    """The picture in the bytes of a file, as it looks: upright, sRGB, 8 bits, the first frame.

    Raises:
        ImageError: It is no picture that can be read.
        TooLargeError: It has more pixels than that; they are not decoded.
    """

    def convert(image: "Image.Image") -> Picture:
        if image.width * image.height > max_pixels:
            raise TooLargeError(
                f"the picture has {image.width}x{image.height} pixels, and this studio takes "
                f"{max_pixels} at most; make it smaller, or start the studio with --max-pixels"
            )
        return from_pillow(image, convert=True)

    picture = read_with(io.BytesIO(data), convert, max_pixels=sys.maxsize)
    return without_metadata(picture).pixels


def shown_name(name: str) -> str:
    """What an upload is called on the page: the end of its path, printable, of bounded length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(each for each in last if each.isprintable()).strip()
    return printable[-_MAX_NAME:] or "picture"


def png(pixels: UInt8[np.ndarray, "h w c"]) -> HeldFile:
    """The picture as a PNG file, written fast."""
    image = to_pillow(Picture(np.ascontiguousarray(pixels), Metadata()))
    return HeldFile("image/png", saved(image, "PNG", {"compress_level": 1}))


def view_of(data: bytes, crop: str | None, size: str | None, max_pixels: int) -> HeldFile:
    """A part of an `.ovt` file, decoded at the size of the screen.

    Args:
        data: The file.
        crop: "left,top,width,height", source pixels; the whole by default.
        size: "WxH" of the result; that of the part by default.
        max_pixels: Largest number of pixels of the file and of the result.

    Raises:
        ConfigError: The part or size makes no sense or is over the limit.
        BitstreamError: The file is none of ours.
    """
    box = None if crop is None else _numbers(crop, ",", 4, "crop")
    out = None if size is None else _numbers(size, "x", 2, "size")
    pixels = overtone.decode(
        data,
        crop=None if box is None else (box[0], box[1], box[2], box[3]),
        size=None if out is None else (round(out[0]), round(out[1])),
        max_pixels=max_pixels,
        max_seconds=_MAX_VIEW_S,
    )
    return png(pixels)


def _numbers(text: str, separator: str, count: int, what: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(separator)]
    except ValueError:
        values = []
    if len(values) != count or not all(map(math.isfinite, values)):
        raise ConfigError(
            f"{what} must be {count} numbers with {separator!r} between, got {text!r}"
        )
    return values

"""Picture files and Pillow images from and to 8-bit arrays; the only rounding to 8 bits."""

from __future__ import annotations

import dataclasses
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.bitstream.metadata import MAX_METADATA_BYTES, Metadata
from overtone.errors import ConfigError, ConversionNeededError, ImageError
from overtone.imaging.convert import to_8_bits
from overtone.imaging.reader import pillow_errors_as, read_with, reason_of
from overtone.shapes import Float, UInt8

if TYPE_CHECKING:
    from PIL import Image

_EXIF_PREFIX = b"Exif\x00\x00"
_MAX_DPI = 1e6
# Pillow mode -> the mode with the same pixels that is read here.
_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "P": "RGB",
    "PA": "RGBA",
}
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}
_NUM_CHANNELS_MODE = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# Nothing more is lost in the file formats that can help it.
_SAVE_OPTIONS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "TIFF": {"compression": "tiff_adobe_deflate"},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """Pixels and what the file said about them.

    Attributes:
        pixels: 8-bit, as stored: the EXIF orientation is not applied. (A TIFF file, which has
            its orientation outside EXIF, is turned upright by Pillow.)
        metadata: ICC profile, EXIF block, resolution.
    """

    pixels: UInt8[np.ndarray, "h w c"]
    metadata: Metadata


def to_uint8(levels: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Rounds finite values on the scale 0..255 to the nearest level, clipping what is outside."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def to_grid(
    images: UInt8[np.ndarray, "n h w c"], *, num_columns: int | None = None, margin_px: int = 2
) -> UInt8[np.ndarray, "height width c"]:
    """Images of one size side by side on white, row by row; about as wide as high by default."""
    num_images, height, width, channels = images.shape
    if num_columns is None:
        num_columns = max(1, round(math.sqrt(num_images * height / width)))
    num_rows = -(-num_images // num_columns)
    tall, wide = height + margin_px, width + margin_px
    shape = (num_rows * tall + margin_px, num_columns * wide + margin_px, channels)
    grid = np.full(shape, 255, np.uint8)
    for number, image in enumerate(images):
        row, column = divmod(number, num_columns)
        top, left = row * tall + margin_px, column * wide + margin_px
        grid[top : top + height, left : left + width] = image
    return grid


def read_picture(
    source: str | BinaryIO, *, convert: bool = False, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Picture:
    """The picture in a file of any of the formats that are read.

    Args:
        source: Name of the file, or the open file.
        convert: Make gray or RGB of 8 bits a sample of the first frame, whatever it is.
        max_pixels: Largest number of pixels; checked before they are decoded.

    Raises:
        ConversionNeededError: It is only read with `convert`.
        ImageError: It cannot be read, or is larger than `max_pixels`.
        OSError: The file cannot be opened.
    """
    return read_with(
        source, lambda image: from_pillow(image, convert=convert), max_pixels=max_pixels
    )


def from_pillow(image: Image.Image, *, convert: bool = False) -> Picture:
    """Pixels and metadata of a Pillow image.

    Palette and bilevel pictures become RGB(A) and gray, which loses nothing.

    Args:
        image: The image, as it was opened.
        convert: Make gray or RGB of 8 bits a sample of the first frame, whatever it is.

    Raises:
        ConversionNeededError: More than 8 bits a sample, several frames, or a colour model like
            CMYK, without `convert`.
        ImageError: The samples are no levels of 8 or 16 bits.
    """
    if convert:
        image = to_8_bits(image)
    else:
        _refuse_unsupported(image)
    mode = _MODES[image.mode]
    if "transparency" in image.info and mode in _WITH_ALPHA:
        mode = _WITH_ALPHA[mode]
    if image.mode != mode:
        direct = image.mode in ("L", "P", "RGB") or mode not in ("LA", "RGBA")
        image_8bit = image.convert(mode) if direct else image.convert("RGBA").convert(mode)
    else:
        image_8bit = image
    pixels = np.asarray(image_8bit)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    return Picture(np.ascontiguousarray(pixels), metadata_of(image))


def to_pillow(picture: Picture) -> Image.Image:
    """A Pillow image with the metadata in `info`, where Pillow's writers look for it."""
    from PIL import Image

    pixels = picture.pixels
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    assert image.mode == _NUM_CHANNELS_MODE[pixels.shape[2]]
    image.info.update(pillow_info(picture.metadata))
    return image


def pillow_info(metadata: Metadata) -> dict[str, object]:
    """Metadata under the names Pillow uses for it."""
    info: dict[str, object] = {}
    if metadata.icc:
        info["icc_profile"] = metadata.icc
    if metadata.exif:
        info["exif"] = _EXIF_PREFIX + metadata.exif
    if metadata.dpi:
        info["dpi"] = metadata.dpi
    return info


def picture_to_bytes(picture: Picture, suffix: str) -> bytes:
    """The picture as a file of the format that `suffix` (".png") stands for.

    Raises:
        ConfigError: No writable format has this suffix.
        ImageError: It cannot hold this picture.
    """
    from PIL import Image

    Image.preinit()  # the usual formats; loading all the others takes longer than decoding
    if suffix.lower() not in Image.EXTENSION:
        Image.init()
    file_format = Image.EXTENSION.get(suffix.lower())
    if file_format is None or file_format not in Image.SAVE:
        raise ConfigError(f"no picture format is known for the name ending {suffix!r}; use .png")
    options = _SAVE_OPTIONS.get(file_format, {}) | pillow_info(picture.metadata)
    return saved(to_pillow(picture), file_format, options, "; use .png")


def saved(
    image: Image.Image, file_format: str, options: Mapping[str, Any], advice: str = ""
) -> bytes:
    """A Pillow image as a file: the one place that calls Pillow's writers.

    Args:
        image: The picture.
        file_format: Pillow's name of the format.
        options: Keywords of `PIL.Image.Image.save`.
        advice: What to do if it cannot be written; the end of the message.

    Raises:
        ImageError: The format cannot hold this picture or its metadata.
    """
    buffer = io.BytesIO()
    what = f"{file_format} cannot hold this {image.width}x{image.height} picture"
    with pillow_errors_as(lambda error: ImageError(f"{what}: {reason_of(error)}{advice}")):
        image.save(buffer, file_format, **options)
    return buffer.getvalue()


def refuse_frames(image: Image.Image) -> None:
    """Raises `ConversionNeededError` for an animation or a file of several pages."""
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        count = image.n_frames  # pyright: ignore[reportAttributeAccessIssue]
        raise ConversionNeededError(f"the file has {count} frames; save the one you want by itself")


def _refuse_unsupported(image: Image.Image) -> None:
    refuse_frames(image)
    if image.mode.startswith("F"):
        raise ImageError("floating-point samples have more than 8 bits; save it with 8 bits first")
    if image.mode.startswith("I") or is_deep(image):
        raise ConversionNeededError(
            f"the picture has more than 8 bits a sample (mode {image.mode}), "
            "which is not supported yet; save it with 8 bits first"
        )
    if image.mode not in _MODES:
        raise ConversionNeededError(
            f"pictures of mode {image.mode} are not supported; convert it to RGB or gray first"
        )


def is_deep(image: Image.Image) -> bool:
    """Whether a file Pillow opens in an 8-bit mode has more bits, which Pillow would drop."""
    for tile in getattr(image, "tile", ()):
        args = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if any(isinstance(arg, str) and (";16" in arg or ";32" in arg) for arg in args):
            return True
        if image.format == "PPM" and any(isinstance(arg, int) and arg > 255 for arg in args):
            return True
    return False


def metadata_of(image: Image.Image) -> Metadata:
    """ICC profile, EXIF block and resolution of a Pillow image."""
    return Metadata(
        icc=_block(image, "icc_profile", "ICC profile"),
        exif=_block(image, "exif", "EXIF block").removeprefix(_EXIF_PREFIX),
        dpi=_checked_dpi(image.info.get("dpi")),
    )


def _block(image: Image.Image, key: str, name: str) -> bytes:
    """A block of bytes that the file brought along; a text of that name is none."""
    block = image.info.get(key)
    if not isinstance(block, bytes):
        return b""
    if len(block) > MAX_METADATA_BYTES:
        raise ImageError(
            f"the {name} has {len(block)} bytes, and {MAX_METADATA_BYTES} are the most that is "
            "kept; take it out of the file first"
        )
    return block


def _checked_dpi(dpi: object) -> tuple[float, float] | None:
    """Resolution to a thousandth; None for what is missing or makes no sense."""
    if not isinstance(dpi, tuple) or len(dpi) != 2:
        return None
    horizontal, vertical = (float(value) for value in dpi)
    if not all(math.isfinite(v) and 0.001 <= v <= _MAX_DPI for v in (horizontal, vertical)):
        return None
    return round(horizontal, 3), round(vertical, 3)

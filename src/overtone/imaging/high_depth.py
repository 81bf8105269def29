"""Picture files of 8 or of 16 bits a sample, from and to arrays of that depth.

Pillow keeps 16 bits of gray pictures only. It does decode the others, to their upper bytes; asked
for the other order of bytes, it gives the lower ones.
"""

import dataclasses
import io
import pathlib
import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from overtone.bitstream.container import DEFAULT_MAX_PIXELS, Metadata
from overtone.errors import ImageError
from overtone.imaging.image import (
    Picture,
    from_pillow,
    is_deep,
    metadata_of,
    picture_to_bytes,
    refuse_frames,
    to_uint8,
)
from overtone.imaging.reader import open_picture, read_with
from overtone.shapes import Float64, UInt, UInt8, UInt16

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> colour type
_PNG_FILTER_UP = 2
# Order of the bytes of a sample -> the other one; N is that of the machine.
_SWAPPED = {"L": "B", "B": "L", "N": "B" if np.little_endian else "L"}


@dataclasses.dataclass(frozen=True, slots=True)
class DeepPicture:
    """As `Picture`, with 8 or 16 bits a sample."""

    pixels: UInt[np.ndarray, "h w c"]
    metadata: Metadata


def white_of(dtype: np.dtype) -> int:
    """The largest level."""
    return int(np.iinfo(dtype).max)


def to_depth(levels: Float64[np.ndarray, "*shape"], bits: int) -> UInt[np.ndarray, "*shape"]:
    """Rounds finite values to the nearest level of 8 or 16 bits, clipping what is outside."""
    if bits == 8:
        return to_uint8(levels)
    return np.clip(np.rint(levels), 0, 65535).astype(np.uint16)


def read_deep_picture(
    source: str | BinaryIO, *, convert: bool = False, max_pixels: int = DEFAULT_MAX_PIXELS
) -> DeepPicture:
    """The picture in a file of any of the formats that are read, with all of its 8 or 16 bits.

    Args:
        source: Name of the file, or the open file.
        convert: Take the first of several frames, and make RGB of other colour models.
        max_pixels: Largest number of pixels; checked before they are decoded.

    Raises:
        ConversionNeededError: It is only read with `convert`.
        ImageError: It cannot be read, is larger than `max_pixels`, or its depth is not supported.
        OSError: The file cannot be opened.
    """
    data = pathlib.Path(source).read_bytes() if isinstance(source, str) else source.read()
    return read_with(
        io.BytesIO(data), lambda image: _from_pillow(image, data, convert), max_pixels=max_pixels
    )


def deep_picture_to_bytes(picture: DeepPicture, suffix: str) -> bytes:
    """The picture as a file of the format that `suffix` (".png") stands for.

    Raises:
        ImageError: No writable format has this suffix, or it cannot hold this picture.
    """
    if picture.pixels.dtype == np.uint8:
        return picture_to_bytes(Picture(picture.pixels, picture.metadata), suffix)
    if suffix.lower() != ".png":
        raise ImageError(
            f"16 bits a sample are written to .png only, not to {suffix!r}; give a name that ends "
            "in .png, or 8 bits"
        )
    return _png(picture)


def _from_pillow(image: Image.Image, data: bytes, convert: bool) -> DeepPicture:
    if not (image.mode.startswith("I") or is_deep(image)):
        shallow = from_pillow(image, convert=convert)
        return DeepPicture(shallow.pixels, shallow.metadata)
    if not convert:
        refuse_frames(image)
    if "transparency" in image.info:
        raise ImageError(
            "16 bits a sample with a transparent colour are not supported; "
            "save it with an alpha channel"
        )
    return DeepPicture(_deep_pixels(image, data), metadata_of(image))


def _deep_pixels(image: Image.Image, data: bytes) -> UInt16[np.ndarray, "h w c"]:
    if image.mode.startswith("I"):
        samples = np.asarray(image)
        if samples.min() < 0 or samples.max() > 65535:
            raise ImageError(
                f"levels of 16 bits are expected, found {samples.min()}..{samples.max()}"
            )
        return samples.astype(np.uint16)[..., None]
    raw_mode = _raw_mode(image)
    mode, _, order = raw_mode.partition(";16")
    if mode not in ("LA", "RGB", "RGBA") or order not in _SWAPPED:
        raise ImageError(f"samples of the form {raw_mode} are not supported; save it as PNG")
    if mode == "LA":  # as four bytes a pixel: two of gray, two of alpha
        pairs = _decoded(data, "RGBA").astype(np.uint16)
        first, second = pairs[..., 0::2], pairs[..., 1::2]
        return first << 8 | second if order == "B" else second << 8 | first
    upper, lower = (_decoded(data, f"{mode};16{each}") for each in (order, _SWAPPED[order]))
    return upper.astype(np.uint16) << 8 | lower


def _raw_mode(image: ImageFile.ImageFile | Image.Image) -> str:
    """How the samples are stored, such as "RGB;16B"."""
    args = image.tile[0].args  # pyright: ignore[reportAttributeAccessIssue]
    return str(args[0] if isinstance(args, tuple) else args)


def _decoded(data: bytes, raw_mode: str) -> UInt8[np.ndarray, "h w c"]:
    """The pixels of a file whose samples are taken to be stored like this."""
    with open_picture(io.BytesIO(data)) as image:
        image.tile = [
            tile._replace(
                args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode
            )
            for tile in image.tile
        ]
        return np.asarray(image)


def _png(picture: DeepPicture) -> bytes:
    """A PNG of 16 bits a sample, each row stored as its difference to the one above."""
    height, width, channels = picture.pixels.shape
    rows = picture.pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _PNG_FILTER_UP
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]
    head = struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOURS[channels], 0, 0, 0)
    metadata = picture.metadata
    chunks = [_chunk(b"IHDR", head)]
    if metadata.icc:
        chunks.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.dpi:
        dots = (round(each / 0.0254) for each in metadata.dpi)
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", *dots, 1)))
    if metadata.exif:
        chunks.append(_chunk(b"eXIf", metadata.exif))
    chunks += [_chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)), _chunk(b"IEND", b"")]
    return _PNG_SIGNATURE + b"".join(chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

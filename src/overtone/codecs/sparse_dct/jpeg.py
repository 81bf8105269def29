"""JPEG files to files of `sparse-dct` and back without loss, through the package jpeglib."""

import dataclasses
import io
import os
import pathlib
import tempfile
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from overtone.bitstream.container import DEFAULT_MAX_PIXELS, Container, Layout, Metadata
from overtone.codecs.sparse_dct.codec import SparseDctCodec
from overtone.codecs.sparse_dct.header import NUM_BANDS, SparseDctHeader
from overtone.codecs.sparse_dct.stream import (
    Coefficients,
    pack_levels,
    read_coefficients,
    write_section,
)
from overtone.deadline import limits_time
from overtone.errors import ConfigError, FitError, ImageError, LimitExceededError
from overtone.imaging.image import read_picture
from overtone.shapes import Int16, UInt8
from overtone.transform.levels import JPEG_BLOCK
from overtone.transform.scan import zigzag, zigzag_number

MAX_JPEG_STEP = 255  # of a baseline file
_LAYOUTS = {1: Layout.GRAY, 3: Layout.RGB}
_START_OF_SCAN = 0xDA
_BLOCKS = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})  # APP1 to APP13, APP15, comments
_SAMPLINGS = ((1, 1), (1, 2), (2, 1), (2, 2))
_EXIF_MARKER, _ICC_MARKER = 0xE1, 0xE2
_ICC_PART_BYTES = 65519
_ICC_NAME = b"ICC_PROFILE\0"
_EXIF_NAME = b"Exif\0\0"


@limits_time(FitError, "packing")
def repack_jpeg(
    data: bytes,
    *,
    verify: bool = True,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_seconds: float | None = None,
) -> bytes:
    """A file of codec `sparse-dct` with the coefficients and tables of a JPEG file.

    The picture decodes to the pixels libjpeg shows of the JPEG file, and `to_jpeg` gives back a
    file with the same coefficients and tables. ICC profile, EXIF block and resolution are kept,
    other segments (comments, XMP, thumbnails) are not.

    Args:
        data: The JPEG file: gray or YCbCr, 8 bits, chroma 4:4:4, 4:2:2, 4:4:0 or 4:2:0.
        verify: Read the result back and compare every coefficient, and the pixels of the JPEG file
            that `to_jpeg` makes of it.
        max_pixels: Largest number of pixels; checked before they are decoded.
        max_seconds: Longest time to take; no limit by default.

    Raises:
        ImageError: It is no such JPEG file, or a damaged one, of which libjpeg shows a part only.
        FitError: The time is over.
        ModuleNotFoundError: jpeglib or simplejpeg is not installed.
    """
    if data[:2] != b"\xff\xd8":
        raise ImageError("this is no JPEG file; without loss only JPEG files can be packed")
    picture = read_picture(io.BytesIO(data), max_pixels=max_pixels)
    _refuse_damage(data)
    found = _read(data)
    levels = [_to_levels(component) for component in _components(found)]
    header = _header(found, len(levels))
    head = Container(
        codec_id=SparseDctCodec.codec_id,
        width=found.width,
        height=found.height,
        layout=_LAYOUTS[len(levels)],
        sections=(b"",),
        metadata=picture.metadata,
    )
    grids = [header.sampling(head).grid(c) for c in range(len(levels))]
    if [own.shape[1:] for own in levels] != grids:
        raise ImageError("the components of this JPEG file have an unusual number of blocks")
    section = write_section(header, pack_levels(levels, header.steps(len(levels))))
    packed = dataclasses.replace(head, sections=(section,)).to_bytes()
    if verify:
        _check_packed(packed, levels, picture.pixels, max_pixels)
    return packed


@limits_time(LimitExceededError, "unpacking")
def to_jpeg(
    data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS, max_seconds: float | None = None
) -> bytes:
    """A JPEG file with the coefficients, tables and metadata of a file of `sparse-dct`.

    Args:
        data: The whole file.
        max_pixels: Largest number of pixels of the picture in the file.
        max_seconds: Longest time to take; no limit by default.

    Raises:
        BitstreamError: The file is damaged or over the limit.
        ImageError: The picture has an alpha channel, or steps that JPEG cannot hold.
        ModuleNotFoundError: jpeglib is not installed.
    """
    container = Container.from_bytes(data, max_pixels=max_pixels)
    if container.codec_id != SparseDctCodec.codec_id:
        raise ConfigError("only files of codec sparse-dct hold the coefficients of a JPEG file")
    if container.layout not in _LAYOUTS.values():
        raise ImageError("JPEG files have no alpha channel; decode this file to PNG")
    return _jpeg_file(container, read_coefficients(container))


def _check_packed(
    packed: bytes,
    levels: Sequence[Int16[np.ndarray, "bands _rows _columns"]],
    pixels: UInt8[np.ndarray, "h w c"],
    max_pixels: int,
) -> None:
    """Raises `ImageError` if a file holds other coefficients, or shows other pixels as JPEG."""
    container = Container.from_bytes(packed, max_pixels=max_pixels)
    back = read_coefficients(container)
    if not all(np.array_equal(*pair) for pair in zip(levels, back.levels, strict=True)):
        raise ImageError("this JPEG file has coefficients beyond the range of 8-bit pictures")
    if max(int(table.max()) for table in back.tables) > MAX_JPEG_STEP:
        return  # which cannot be written as baseline again
    again = read_picture(io.BytesIO(_jpeg_file(container, back)), max_pixels=max_pixels)
    if not np.array_equal(again.pixels, pixels):
        raise ImageError("this JPEG file shows other pixels when it is written again")


def _jpeg_file(container: Container, found: Coefficients) -> bytes:
    """The JPEG file of coefficients, with the metadata of the file they are from."""
    tables, index_of = _distinct(found.tables)
    if max(int(table.max()) for table in tables) > MAX_JPEG_STEP:
        raise ImageError("baseline JPEG files have steps up to 255; decode this file to PNG")
    blocks = [_from_levels(levels) for levels in found.levels]
    jpeglib = _jpeglib()
    image = jpeglib.from_dct(
        *blocks,
        qt=np.stack(
            [t[zigzag_number(JPEG_BLOCK)].reshape(JPEG_BLOCK, JPEG_BLOCK) for t in tables]
        ).astype(np.uint16),
        quant_tbl_no=index_of,
    )
    image.height, image.width = container.height, container.width
    sampling = found.sampling
    if len(blocks) == 3:
        # Of a small picture the numbers of blocks do not tell.
        image.samp_factor = np.array([(sampling.down, sampling.across), (1, 1), (1, 1)])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.jpg")
        image.write_dct(path, flags=["OPTIMIZE_CODING"])
        written = pathlib.Path(path).read_bytes()
    return _with_metadata(written, container.metadata)


def _jpeglib() -> ModuleType:
    import jpeglib

    return jpeglib


def _refuse_damage(data: bytes) -> None:
    """Raises `ImageError` for a file about which libjpeg has a warning.

    Of such a file it shows what it could read and makes up the rest; packed, that would be all.
    """
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(data, strict=True)
    except ValueError as error:
        raise ImageError(
            f"the JPEG file is damaged, libjpeg says: {error}; without loss only whole files are "
            "packed, encode what is left of it as a picture"
        ) from error


def _read(data: bytes) -> Any:
    """The file as jpeglib reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.jpg")
        path.write_bytes(_without_blocks(data))
        try:
            found = _jpeglib().read_dct(str(path))
            found.load()
        except (OSError, RuntimeError, ValueError) as error:
            said = str(error).replace(str(path), "the file")
            raise ImageError(f"the JPEG file is damaged or unusual: {said}") from error
    return found


def _without_blocks(data: bytes) -> bytes:
    """The file without what applications and comments say before the picture.

    jpeglib takes 50 such blocks at the most, and of the coefficients they say nothing. What JFIF
    and Adobe say of the colours stays.
    """
    kept, at = [data[:2]], 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in (_START_OF_SCAN, 0xFF):  # the picture, or a filling byte, which is rare
            break
        if marker not in _BLOCKS:
            kept.append(data[at : at + 2 + length])
        at += 2 + length
    return b"".join([*kept, data[at:]])


def _components(found: Any) -> list[np.ndarray]:
    space = found.jpeg_color_space.name
    if space not in ("JCS_GRAYSCALE", "JCS_YCbCr"):
        raise ImageError(f"JPEG files in gray or YCbCr can be packed, this one is {space}")
    planes = [found.Y] if space == "JCS_GRAYSCALE" else [found.Y, found.Cb, found.Cr]
    return [np.asarray(plane) for plane in planes]


def _header(found: Any, num_components: int) -> SparseDctHeader:
    """Tables and sampling of the file."""
    down = across = 2
    if num_components == 3:
        factors = [tuple(map(int, pair)) for pair in np.asarray(found.samp_factor)[:3]]
        down, across = factors[0]
        if factors[1:] != [(1, 1), (1, 1)] or (down, across) not in _SAMPLINGS:
            raise ImageError(
                f"JPEG files of 4:4:4, 4:2:2, 4:4:0 or 4:2:0 can be packed; this one has the "
                f"sampling factors {factors}"
            )
    steps = [np.asarray(found.qt)[int(number)] for number in found.quant_tbl_no[:num_components]]
    tables = [table.reshape(-1)[zigzag(JPEG_BLOCK)].astype(np.int64) for table in steps]
    if min(int(table.min()) for table in tables) < 1:
        raise ImageError("the JPEG file is damaged: it has a quantiser step of 0")
    for quality in range(1, 101):
        standard = SparseDctHeader(quality=quality, down=down, across=across)
        if all(map(np.array_equal, standard.steps(num_components), tables)):
            return standard
    distinct, index_of = _distinct(tables)
    return SparseDctHeader(
        quality=0,
        down=down,
        across=across,
        tables=tuple(tuple(map(int, table)) for table in distinct),
        table_of=tuple(index_of),
    )


def _distinct(tables: list[np.ndarray]) -> tuple[list[np.ndarray], list[int]]:
    """The different ones in order, and which each is."""
    keys = [table.tobytes() for table in tables]
    order = list(dict.fromkeys(keys))
    return [tables[keys.index(key)] for key in order], [order.index(key) for key in keys]


def _to_levels(blocks: np.ndarray) -> Int16[np.ndarray, "bands _rows _columns"]:
    rows, columns = blocks.shape[:2]
    raster = blocks.reshape(rows, columns, NUM_BANDS)
    return np.ascontiguousarray(raster[..., zigzag(JPEG_BLOCK)].transpose(2, 0, 1)).astype(np.int16)


def _from_levels(levels: Int16[np.ndarray, "bands _rows _columns"]) -> np.ndarray:
    _, rows, columns = levels.shape
    raster = levels.transpose(1, 2, 0)[..., zigzag_number(JPEG_BLOCK)]
    return np.ascontiguousarray(raster).reshape(rows, columns, JPEG_BLOCK, JPEG_BLOCK)


def _with_metadata(data: bytes, metadata: Metadata) -> bytes:
    """The file with EXIF and ICC segments, and the resolution in its JFIF header."""
    end = 4 + int.from_bytes(data[4:6], "big")  # of the JFIF segment, which comes first
    head, rest = bytearray(data[:end]), data[end:]
    if metadata.dpi is not None and data[6:11] == b"JFIF\0":
        head[13] = 1  # dots per inch
        for at, value in zip((14, 16), metadata.dpi, strict=True):
            head[at : at + 2] = min(max(round(value), 1), 65535).to_bytes(2, "big")
    segments = b""
    if metadata.exif:
        segments += _segment(_EXIF_MARKER, _EXIF_NAME + metadata.exif)
    parts = range(0, len(metadata.icc), _ICC_PART_BYTES)
    for number, start in enumerate(parts, 1):
        part = metadata.icc[start : start + _ICC_PART_BYTES]
        segments += _segment(_ICC_MARKER, _ICC_NAME + bytes([number, len(parts)]) + part)
    return bytes(head) + segments + rest


def _segment(marker: int, payload: bytes) -> bytes:
    if len(payload) > 65533:
        raise ImageError(f"a JPEG file cannot hold {len(payload)} bytes of metadata in one segment")
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload

"""Pictures as levels, the quantised coefficients of their blocks, and back; batches too.

A component's levels are `(..., B^2, rows, columns)`: zigzag band, block row, block column. With
blocks of 8, conversion, resampling, transform and rounding are libjpeg's accurate integer ones, so
the levels of a picture are those of a JPEG file with the same tables, and the pixels of levels
those of that file. Other blocks have the same colours and the orthonormal transform.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from overtone.shapes import Int16, Int64, UInt8
from overtone.transform.blocks import from_blocks, num_blocks, to_blocks
from overtone.transform.color import enlarge, halve, rgb_to_ycbcr, ycbcr_to_rgb
from overtone.transform.dct import (
    MID_LEVEL,
    dct2,
    integer_dct2,
    integer_inverse_dct2,
    inverse_dct2,
)
from overtone.transform.quant import quantize
from overtone.transform.scan import zigzag, zigzag_number

JPEG_BLOCK = 8
MAX_LEVEL = 32767
Box = tuple[slice, slice]  # rows and columns of pixels, from a start to a stop
_LIBJPEG_SCALE = 8  # of its forward transform
_REACH = 2  # samples of chroma beside those of a part
_CHUNK_SAMPLES = 1 << 18  # that are transformed at once, so that temporaries stay small


@dataclasses.dataclass(frozen=True, slots=True)
class Sampling:
    """How a picture is cut into components.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 gray, 2 gray + alpha, 3 RGB (coded as Y, Cb, Cr), 4 RGBA.
        down: Rows of pixels a row of chroma, 1 or 2.
        across: Columns of pixels a column of chroma, 1 or 2.
        block_size: Side of a block, samples.
    """

    height: int
    width: int
    channels: int
    down: int = 2
    across: int = 2
    block_size: int = JPEG_BLOCK

    def is_chroma(self, component: int) -> bool:
        """Whether a component is Cb or Cr."""
        return self.channels >= 3 and component in (1, 2)

    def size(self, component: int) -> tuple[int, int]:
        """Samples of a component: rows, columns."""
        if self.is_chroma(component):
            return -(-self.height // self.down), -(-self.width // self.across)
        return self.height, self.width

    def grid(self, component: int) -> tuple[int, int]:
        """Blocks of a component: rows, columns."""
        height, width = self.size(component)
        return num_blocks(height, self.block_size), num_blocks(width, self.block_size)


def to_levels(
    images: UInt8[np.ndarray, "*batch h w c"],
    tables: Sequence[Int64[np.ndarray, " bands"]],
    block_size: int = JPEG_BLOCK,
) -> list[Int16[np.ndarray, "*batch bands _rows _columns"]]:
    """Levels of each component: Y, Cb, Cr, alpha; chroma at half the resolution (4:2:0).

    Args:
        images: 1 to 4 channels as in `Sampling`.
        tables: Steps of each component, zigzag order.
        block_size: Side of a block, samples.
    """
    height, width, channels = images.shape[-3:]
    if channels < 3:
        planes = [images[..., c] for c in range(channels)]
    else:
        color = rgb_to_ycbcr(images[..., :3])
        columns = Sampling(height, width, channels, block_size=block_size).grid(1)[1]
        chroma = [halve(color[..., c], columns * block_size) for c in (1, 2)]
        planes = [color[..., 0], *chroma, *(images[..., c] for c in range(3, channels))]
    return [
        _plane_levels(plane, steps, block_size) for plane, steps in zip(planes, tables, strict=True)
    ]


def _plane_levels(
    planes: UInt8[np.ndarray, "*batch h w"], steps: Int64[np.ndarray, " bands"], block_size: int
) -> Int16[np.ndarray, "*batch bands _rows _columns"]:
    blocks = to_blocks(planes, block_size)
    grid = blocks.shape[:-2]
    flat = blocks.reshape(-1, block_size, block_size)
    is_jpeg = block_size == JPEG_BLOCK
    transform, scale = (integer_dct2, _LIBJPEG_SCALE) if is_jpeg else (dct2, 1)
    divisors = (steps * scale)[zigzag_number(block_size)].reshape(block_size, block_size)
    levels = np.empty((len(flat), block_size**2), np.int16)
    for chunk in _chunks(len(flat), block_size):
        coeffs = transform(flat[chunk].astype(np.float64) - MID_LEVEL)
        found = quantize(coeffs, divisors).reshape(-1, block_size**2)
        levels[chunk] = found[:, zigzag(block_size)]
    return np.ascontiguousarray(np.moveaxis(levels.reshape(*grid, -1), -1, -3))


def component_planes(
    levels: Int16[np.ndarray, "*batch bands _rows _columns"],
    steps: Int64[np.ndarray, " bands"],
    size: tuple[int, int],
) -> UInt8[np.ndarray, "*batch h w"]:
    """Samples of one component, cut to its size."""
    block_size = round(len(steps) ** 0.5)
    grid = (*levels.shape[:-3], *levels.shape[-2:])
    inverse = integer_inverse_dct2 if block_size == JPEG_BLOCK else inverse_dct2
    flat = np.moveaxis(levels, -3, -1).reshape(-1, block_size**2)
    pixels = np.empty((len(flat), block_size, block_size), np.uint8)
    for chunk in _chunks(len(flat), block_size):
        coeffs = (flat[chunk].astype(np.int64) * steps)[:, zigzag_number(block_size)]
        samples = inverse(coeffs.reshape(-1, block_size, block_size))
        pixels[chunk] = np.clip(np.rint(samples + MID_LEVEL), 0, 255)
    return from_blocks(pixels.reshape(*grid, block_size, block_size), *size)


def _chunks(num_blocks_in_all: int, block_size: int) -> list[slice]:
    stride = max(1, _CHUNK_SAMPLES // block_size**2)
    return [slice(at, at + stride) for at in range(0, num_blocks_in_all, stride)]


def from_levels(
    levels: Sequence[Int16[np.ndarray, "*batch bands _rows _columns"]],
    tables: Sequence[Int64[np.ndarray, " bands"]],
    sampling: Sampling,
    box: Box | None = None,
) -> UInt8[np.ndarray, "*batch _h _w c"]:
    """The pixels of levels; with blocks of 8 those that libjpeg shows of a JPEG file with these.

    Args:
        levels: Levels of each component.
        tables: Quantiser steps of each component, zigzag order.
        sampling: Sizes of the components.
        box: Rows and columns of pixels to make, of which at least one is in the picture; all by
            default. Only the blocks that these need are transformed.
    """
    rows, columns = box or (slice(0, sampling.height), slice(0, sampling.width))
    planes = []
    for c, (own, steps) in enumerate(zip(levels, tables, strict=True)):
        down, across = (sampling.down, sampling.across) if sampling.is_chroma(c) else (1, 1)
        tall, wide = sampling.size(c)
        top, upper = _needed(rows, down, tall)
        left, right = _needed(columns, across, wide)
        plane = _part_plane(own, steps, (top, upper), (left, right))
        if sampling.is_chroma(c):
            plane = enlarge(plane, down, across, down * (upper - top), across * (right - left))
        y, x = rows.start - down * top, columns.start - across * left
        plane = plane[..., y : y + rows.stop - rows.start, x : x + columns.stop - columns.start]
        planes.append(plane)
    if sampling.channels < 3:
        return np.stack(planes, axis=-1)
    color = ycbcr_to_rgb(np.stack(planes[:3], axis=-1))
    return np.concatenate([color, *(plane[..., None] for plane in planes[3:])], axis=-1)


def _needed(pixels: slice, factor: int, limit: int) -> tuple[int, int]:
    """First sample of a component, and the one after the last, that pixels of a side depend on.

    Interpolation looks one sample further. Another one tells a part from a narrow component.
    """
    further = _REACH if factor > 1 else 0
    stop = -(-pixels.stop // factor)
    return max(0, pixels.start // factor - further), min(limit, stop + further)


def _part_plane(
    levels: Int16[np.ndarray, "*batch bands _rows _columns"],
    steps: Int64[np.ndarray, " bands"],
    rows: tuple[int, int],
    columns: tuple[int, int],
) -> UInt8[np.ndarray, "*batch _h _w"]:
    """Samples of one component, of which first and last row and column are given."""
    block_size = round(len(steps) ** 0.5)
    top, left = rows[0] // block_size, columns[0] // block_size
    below, right = num_blocks(rows[1], block_size), num_blocks(columns[1], block_size)
    size = (rows[1] - top * block_size, columns[1] - left * block_size)
    plane = component_planes(levels[..., top:below, left:right], steps, size)
    return plane[..., rows[0] - top * block_size :, columns[0] - left * block_size :]

"""Pictures as the quantised coefficients a JPEG file of them would hold, exactly, and back.

A component's levels are `(64, rows, columns)`: zigzag band, block row, block column. Conversion,
resampling, transform and rounding are libjpeg's accurate integer ones, so the levels of a picture
are those of a JPEG file with the same tables, and the pixels of levels those of that file.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from overtone.shapes import Int16, Int64, UInt8
from overtone.transform.blocks import from_blocks, num_blocks, to_blocks
from overtone.transform.color import enlarge, halve, rgb_to_ycbcr, ycbcr_to_rgb
from overtone.transform.dct import MID_LEVEL, integer_dct2, integer_inverse_dct2
from overtone.transform.quant import quantize
from overtone.transform.scan import zigzag, zigzag_number

BLOCK = 8
_LIBJPEG_SCALE = 8  # of its forward transform
MAX_LEVEL = 32767
_CHUNK_BLOCKS = 1 << 14  # that are transformed at once, so that temporaries stay small


@dataclasses.dataclass(frozen=True, slots=True)
class Sampling:
    """How a picture is cut into components.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 gray, 2 gray + alpha, 3 RGB (coded as Y, Cb, Cr), 4 RGBA.
        down: Rows of pixels a row of chroma, 1 or 2.
        across: Columns of pixels a column of chroma, 1 or 2.
    """

    height: int
    width: int
    channels: int
    down: int = 2
    across: int = 2

    def size(self, component: int) -> tuple[int, int]:
        """Samples of a component: rows, columns."""
        if self.channels >= 3 and component in (1, 2):
            return -(-self.height // self.down), -(-self.width // self.across)
        return self.height, self.width

    def grid(self, component: int) -> tuple[int, int]:
        """Blocks of a component: rows, columns."""
        height, width = self.size(component)
        return num_blocks(height, BLOCK), num_blocks(width, BLOCK)


def to_levels(
    image: UInt8[np.ndarray, "h w c"], tables: Sequence[Int64[np.ndarray, " bands"]]
) -> list[Int16[np.ndarray, "bands _rows _columns"]]:
    """Levels of each component: Y, Cb, Cr, alpha; chroma at half the resolution (4:2:0).

    Args:
        image: 1 to 4 channels as in `Sampling`.
        tables: Steps of each component, zigzag order.
    """
    channels = image.shape[2]
    if channels < 3:
        planes = [image[..., c] for c in range(channels)]
    else:
        color = rgb_to_ycbcr(image[..., :3])
        columns = Sampling(*image.shape).grid(1)[1]
        chroma = [halve(color[..., c], columns * BLOCK) for c in (1, 2)]
        planes = [color[..., 0], *chroma, *(image[..., c] for c in range(3, channels))]
    return [_plane_levels(plane, steps) for plane, steps in zip(planes, tables, strict=True)]


def _plane_levels(
    plane: UInt8[np.ndarray, "h w"], steps: Int64[np.ndarray, " bands"]
) -> Int16[np.ndarray, "bands _rows _columns"]:
    blocks = to_blocks(plane, BLOCK)
    rows, columns = blocks.shape[:2]
    levels = np.empty((BLOCK * BLOCK, rows, columns), np.int16)
    divisors = (steps * _LIBJPEG_SCALE)[zigzag_number(BLOCK)].reshape(BLOCK, BLOCK)
    stride = max(1, _CHUNK_BLOCKS // columns)
    for top in range(0, rows, stride):
        coeffs = integer_dct2(blocks[top : top + stride].astype(np.float64) - MID_LEVEL)
        found = quantize(coeffs, divisors).reshape(-1, columns, BLOCK * BLOCK)
        levels[:, top : top + stride] = found[..., zigzag(BLOCK)].transpose(2, 0, 1)
    return levels


def component_plane(
    levels: Int16[np.ndarray, "bands _rows _columns"],
    steps: Int64[np.ndarray, " bands"],
    size: tuple[int, int],
) -> UInt8[np.ndarray, "h w"]:
    """Samples of one component."""
    _, rows, columns = levels.shape
    plane = np.empty((rows * BLOCK, columns * BLOCK), np.uint8)
    stride = max(1, _CHUNK_BLOCKS // columns)
    for top in range(0, rows, stride):
        some = levels[:, top : top + stride].astype(np.int64) * steps[:, None, None]
        coeffs = some.transpose(1, 2, 0)[..., zigzag_number(BLOCK)]
        samples = integer_inverse_dct2(coeffs.reshape(*coeffs.shape[:2], BLOCK, BLOCK))
        pixels = np.clip(samples + MID_LEVEL, 0, 255).astype(np.uint8)
        height = len(coeffs) * BLOCK
        plane[top * BLOCK : top * BLOCK + height] = from_blocks(pixels, height, plane.shape[1])
    return plane[: size[0], : size[1]]


def from_levels(
    levels: Sequence[Int16[np.ndarray, "bands _rows _columns"]],
    tables: Sequence[Int64[np.ndarray, " bands"]],
    sampling: Sampling,
) -> UInt8[np.ndarray, "h w c"]:
    """The pixels of levels: those that libjpeg shows of a JPEG file with these."""
    planes = [
        component_plane(own, steps, sampling.size(c))
        for c, (own, steps) in enumerate(zip(levels, tables, strict=True))
    ]
    return join_planes(planes, sampling)


def join_planes(
    planes: Sequence[UInt8[np.ndarray, "_rows _columns"]], sampling: Sampling
) -> UInt8[np.ndarray, "h w c"]:
    """Pixels of the samples of each component."""
    if sampling.channels < 3:
        return np.stack(planes, axis=-1)
    full = (sampling.height, sampling.width)
    chroma = [enlarge(plane, sampling.down, sampling.across, *full) for plane in planes[1:3]]
    color = ycbcr_to_rgb(np.stack([planes[0], *chroma], axis=-1))
    return np.concatenate([color, *(plane[..., None] for plane in planes[3:])], axis=-1)

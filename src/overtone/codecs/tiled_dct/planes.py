"""Pixels to decorrelated planes around zero and back, and the size that planes are padded to."""

import numpy as np

from overtone.codecs.tiled_dct.color import rotation
from overtone.kernels.tiled_dct import MIN_TILE
from overtone.shapes import Float32, UInt8

MID_LEVEL = 128.0  # subtracted from every sample, so that an empty file is mid-gray


def to_planes(
    image: UInt8[np.ndarray, "h w c"], angles: tuple[int, int, int] | None
) -> Float32[np.ndarray, "c hp wp"]:
    """Decorrelated planes around zero, extended to whole tiles by repeating the edges."""
    height, width, _ = image.shape
    planes = np.moveaxis(image, 2, 0).astype(np.float32) - np.float32(MID_LEVEL)
    if angles is not None:
        matrix = rotation(angles).astype(np.float32)
        planes[:3] = np.einsum("kc,chw->khw", matrix, planes[:3])
    tall, wide = padded(height), padded(width)
    return np.pad(planes, ((0, 0), (0, tall - height), (0, wide - width)), mode="edge")


def padded(length: int) -> int:
    """`length` rounded up to whole smallest tiles."""
    return -(-length // MIN_TILE) * MIN_TILE


def to_pixels(
    values: Float32[np.ndarray, "c rows w"], angles: tuple[int, int, int] | None
) -> Float32[np.ndarray, "rows w c"]:
    """Planes back to colour, not yet rounded."""
    if angles is not None:
        matrix = rotation(angles).astype(np.float32)
        values = np.concatenate(
            [np.tensordot(matrix.T, values[:3], axes=1).astype(np.float32), values[3:]]
        )
    return np.moveaxis(values, 0, 2) + np.float32(MID_LEVEL)

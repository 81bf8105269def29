"""Pixels to decorrelated planes around zero and back, and the size that planes are padded to."""

import dataclasses

import numpy as np

from overtone.codecs.tiled_dct.color import rotation
from overtone.kernels.tiled_dct import MIN_TILE
from overtone.shapes import Float32, UInt8

MID_LEVEL = 128.0  # subtracted from every sample, so that an empty file is mid-gray


@dataclasses.dataclass(frozen=True, slots=True)
class Planes:
    """Decorrelated planes around zero, made of a picture's pixels a few rows at a time.

    They are extended to whole tiles by repeating the edges.

    Attributes:
        image: Pixels of the picture.
        angles: Rotation of RGB, in 1/256 turn; None for pictures without colour.
    """

    image: UInt8[np.ndarray, "h w c"]
    angles: tuple[int, int, int] | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width, both in whole tiles."""
        height, width, channels = self.image.shape
        return channels, padded(height), padded(width)

    def rows(self, top: int, bottom: int) -> Float32[np.ndarray, "c rows wp"]:
        """Rows `top` to before `bottom` of all planes."""
        height, width, _ = self.image.shape
        row = np.minimum(np.arange(top, bottom), height - 1)
        planes = np.moveaxis(self.image[row], 2, 0).astype(np.float32) - np.float32(MID_LEVEL)
        if self.angles is not None:
            matrix = rotation(self.angles).astype(np.float32)
            planes[:3] = np.einsum("kc,chw->khw", matrix, planes[:3])
        return np.pad(planes, ((0, 0), (0, 0), (0, padded(width) - width)), mode="edge")


def padded(length: int) -> int:
    """`length` rounded up to whole smallest tiles."""
    return -(-length // MIN_TILE) * MIN_TILE

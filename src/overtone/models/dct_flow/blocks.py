"""Cosines of blocks along one axis, evaluated anywhere, and the colour transform."""

import math

import torch
from torch import Tensor

from overtone.shapes import Float


def block_waves(length: int, block_px: int, count: int | None = None) -> Float[Tensor, "n k"]:
    """What the coefficients of each block add along an axis.

    At the pixel centres of the training images these are the orthonormal cosines of a block's own
    pixels and 0 elsewhere. Between the last pixel centre of a block and the first of the next,
    their series, which go on beyond the border, are faded into each other by squared sines: there
    is no step at the border, and the pixels of the training size are what they were.

    Args:
        length: Length of the axis, pixels of the training images.
        block_px: Pixels of a block; the last block may reach over the end.
        count: Places to evaluate at, the centres of as many equal parts; `length` by default.

    Returns:
        A row for each place; columns by block, then frequency.
    """
    count = count or length
    num_blocks = -(-length // block_px)
    places = (torch.arange(count, dtype=torch.float64) + 0.5) * (length / count)
    k = torch.arange(block_px, dtype=torch.float64)
    norms = torch.where(k == 0, math.sqrt(1 / block_px), math.sqrt(2 / block_px))
    waves = torch.zeros(count, num_blocks, block_px, dtype=torch.float64)
    for block in range(num_blocks):
        within = places - block * block_px
        rise = _fade(within) if block else torch.ones_like(within)
        fall = _fade(block_px - within) if block < num_blocks - 1 else torch.ones_like(within)
        cosines = torch.cos(math.pi / block_px * within[:, None] * k) * norms
        waves[:, block] = (rise * fall)[:, None] * cosines
    return waves.flatten(1).float()


def _fade(inside: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """0 up to half a pixel outside a border, 1 from half a pixel inside."""
    return torch.sin(math.pi / 2 * (inside + 0.5).clamp(0, 1)) ** 2

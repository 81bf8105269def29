"""The slow, obvious float64 twin of `overtone.kernels.tiled_dct`: series and blending as written.

Used by tests only; docs/format.md has the same formulas in words.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.tiled_dct import Reconstruction, Tile

Float64 = NDArray[np.float64]

MAX_REACH_PX = 8  # of blending: within the smallest tile


def reach(diagonals: int, n: int, how: Reconstruction) -> float:
    """How far a tile of n x n pixels may blend, pixels: further the smoother it is.

    Args:
        diagonals: Number of coded anti-diagonals of the tile, at least 1.
        n: Side of the tile, pixels.
        how: Reconstruction of the picture.
    """
    return max(how.overlap_px, min(how.blend * n / diagonals, MAX_REACH_PX, n / 2))


def dequantised(levels: NDArray[np.integer], how: Reconstruction) -> Float64:
    """What the levels (channel, v, u) of a tile stand for; the constant ones stand for themselves.

    Args:
        levels: Integer levels.
        how: Reconstruction of the picture.
    """
    q = levels.astype(np.float64)
    offset = np.where(np.abs(q) == 1, how.offset_one, how.offset)
    values = np.sign(q) * (np.abs(q) - offset * (q != 0))
    values[:, 0, 0] = q[:, 0, 0]
    return how.step * values


def render(
    tiles: Sequence[Tile],
    how: Reconstruction,
    shape: tuple[int, int, int],
    xs: Float64,
    ys: Float64,
) -> Float64:
    """Values (channels, len(ys), len(xs)) of the overlapping tiles' cosine series.

    Args:
        tiles: Every tile of the picture.
        how: Reconstruction of the picture.
        shape: Channels, height and width of the planes.
        xs: Horizontal positions, pixels.
        ys: Vertical positions, pixels.
    """
    channels, tall, wide = shape
    total = np.zeros((channels, len(ys), len(xs)))
    weights = np.zeros((len(ys), len(xs)))
    reaches = np.zeros((tall, wide))
    for x, y, diagonals, levels in tiles:
        n = levels.shape[1]
        reaches[y : y + n, x : x + n] = reach(diagonals, n, how)
    around = np.pad(reaches, 1, constant_values=np.inf)
    for x, y, _, levels in tiles:
        n = levels.shape[1]
        rows, columns = slice(y + 1, y + n + 1), slice(x + 1, x + n + 1)
        sides = (
            around[rows, x],
            around[rows, x + n + 1],
            around[y, columns],
            around[y + n + 1, columns],
        )
        left, right, above, below = (min(side.min(), reaches[y, x]) for side in sides)
        basis_x, weight_x = _axis(xs, x, n, wide, left, right)
        basis_y, weight_y = _axis(ys, y, n, tall, above, below)
        weight = weight_y[:, None] * weight_x
        total += weight * np.einsum("cvu,vj,ui->cji", dequantised(levels, how), basis_y, basis_x)
        weights += weight
    return total / weights


def squashed_differences(
    centre: NDArray[np.floating], neighbours: Sequence[NDArray[np.floating]], scale: float
) -> Float64:
    """X / (2 (1 + |x|)) of x = (neighbour - centre) / scale; (neighbours, pixels)."""
    x = np.stack([(own.astype(np.float64) - centre).ravel() for own in neighbours]) / scale
    return x / (2 * (1 + np.abs(x)))


def _axis(
    positions: Float64, start: int, n: int, limit: int, before: float, after: float
) -> tuple[Float64, Float64]:
    """Cosines (n, positions) of a tile along one axis, and its weight at the positions."""
    k = np.arange(n)[:, None]
    norms = np.where(k, math.sqrt(2 / n), n**-0.5)
    weight = np.ones(len(positions))
    if start > 0:
        weight = weight * _edge(positions - start, before)
    if start + n < limit:
        weight = weight * _edge(start + n - positions, after)
    return norms * np.cos(np.pi * k * (positions - start) / n), weight


def _edge(distance: Float64, blend_px: float) -> Float64:
    """From 0 outside a side to 1 inside, along half a sine."""
    return 0.5 * (1 + np.sin(np.pi / 2 * np.clip(distance / blend_px, -1, 1)))

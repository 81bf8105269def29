"""Quantiser tables by quality, and levels: rounded multiples of a step."""

import functools

import numpy as np

from overtone.shapes import Int64
from overtone.transform.scan import zigzag

# Example tables of ITU-T T.81, annex K.1: luminance and chrominance, raster order.
_LUMA = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 "
    "62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 "
    "72 92 95 98 112 100 103 99"
)
_CHROMA = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 "
    + "99 " * 36
)
MAX_STEP = 255


@functools.cache
def q_table(block_size: int, quality: int, *, is_chroma: bool) -> Int64[np.ndarray, " bands"]:
    """Steps of orthonormal coefficients in zigzag order, for quality 1..100.

    For blocks of 8 the tables of libjpeg at that quality; for others the same curve read at the
    same frequencies, cycles a pixel, so that the picture is as good.
    """
    base = np.array((_CHROMA if is_chroma else _LUMA).split(), np.float64).reshape(8, 8)
    if block_size != 8:
        base = _resampled(base, block_size)
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps = np.clip((np.rint(base) * percent + 50) // 100, 1, MAX_STEP).astype(np.int64)
    table = steps.reshape(-1)[zigzag(block_size)]
    table.setflags(write=False)
    return table


def _resampled(base: np.ndarray, block_size: int) -> np.ndarray:
    """The table at frequencies k / block_size of a half-cycle a pixel, bilinear."""
    at = np.minimum(np.arange(block_size) * 8 / block_size, 7)
    low = np.minimum(at.astype(int), 6)
    share = at - low
    rows = base[low] * (1 - share)[:, None] + base[low + 1] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, low + 1] * share


def quantize(coeffs: np.ndarray, steps: np.ndarray) -> Int64[np.ndarray, "*shape"]:
    """Levels: coefficients over steps rounded to the nearest, halves away from zero.

    Args:
        coeffs: Any array.
        steps: Broadcast against it, > 0.
    """
    return (np.sign(coeffs) * np.floor(np.abs(coeffs) / steps + 0.5)).astype(np.int64)

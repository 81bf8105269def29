"""Mean squared error and PSNR of 8-bit pictures."""

import math

import numpy as np

from overtone.metrics.base import check_same_shape
from overtone.shapes import UInt8

PEAK = 255
_ROWS_AT_ONCE = 64  # so that memory does not grow with the height


def mse(
    *, reference: UInt8[np.ndarray, "h w c"], reconstruction: UInt8[np.ndarray, "h w c"]
) -> float:
    """Squared error averaged over all samples and channels together, in 8-bit levels squared.

    Computed in integers, so it is exact and the same on every machine.
    """
    check_same_shape(reference, reconstruction)
    squared_error = 0
    for top in range(0, len(reference), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        error = reference[rows].astype(np.int32) - reconstruction[rows]
        squared_error += int(np.sum(np.square(error), dtype=np.int64))
    return squared_error / reference.size


def psnr_db(
    *, reference: UInt8[np.ndarray, "h w c"], reconstruction: UInt8[np.ndarray, "h w c"]
) -> float:
    """PSNR of two 8-bit pictures, in decibels; `inf` when they are equal.

    Integers only, so a caller cannot score pixels that no file can hold.
    """
    return psnr_db_from_mse(mse(reference=reference, reconstruction=reconstruction))


def psnr_db_from_mse(mean_squared_error: float) -> float:
    """10 log10(255² / MSE), in decibels; `inf` for 0."""
    if mean_squared_error < 0:
        raise ValueError(f"a mean squared error is not negative, got {mean_squared_error}")
    if mean_squared_error == 0:
        return math.inf
    return 10 * math.log10(PEAK**2 / mean_squared_error)


def mse_from_psnr_db(psnr: float) -> float:
    """The inverse of `psnr_db_from_mse`."""
    return PEAK**2 / 10 ** (psnr / 10)

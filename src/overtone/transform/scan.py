"""Orders of the coefficients of a block."""

import functools

import numpy as np

from overtone.shapes import Int64


@functools.cache
def zigzag(block_size: int) -> Int64[np.ndarray, " n"]:
    """Raster index `v * block_size + u` of each coefficient in zigzag order (ITU-T T.81, A.3.6)."""
    indices = [(v, u) for v in range(block_size) for u in range(block_size)]
    # Odd diagonals run down and to the left, even ones up and to the right.
    indices.sort(key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]))
    order = np.array([v * block_size + u for v, u in indices], np.int64)
    order.setflags(write=False)
    return order


@functools.cache
def zigzag_number(block_size: int) -> Int64[np.ndarray, " n"]:
    """Place in zigzag order of each raster index; the inverse of `zigzag`."""
    number = np.argsort(zigzag(block_size))
    number.setflags(write=False)
    return number

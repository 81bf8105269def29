"""The orthonormal DCT-II of square blocks, and libjpeg's integer form of it for blocks of 8.

Both work on arrays `... y x` -> `... v u`, u the horizontal frequency. The integer form rounds
where libjpeg's accurate method rounds ("islow", after Loeffler, Ligtenberg & Moschytz, ICASSP
1989): a pass is one matrix of 13-bit constants and one rounding shift, so pixels and levels come
out exactly as libjpeg computes them. Its sums stay below 2^53, where float64 makes no error.
"""

import functools
import math

import numpy as np

from overtone.shapes import Float64

CONSTANT_BITS = 13
PASS_BITS = 2  # kept between the passes
MID_LEVEL = 128  # subtracted from 8-bit samples


@functools.cache
def dct_matrix(block_size: int) -> Float64[np.ndarray, "k n"]:
    """Rows are the orthonormal cosines: C[k, x] = s_k cos(π (2x + 1) k / 2n)."""
    n = block_size
    k, x = np.mgrid[0:n, 0:n]
    matrix = np.cos(math.pi * (2 * x + 1) * k / (2 * n)) * math.sqrt(2 / n)
    matrix[0] /= math.sqrt(2)
    matrix.setflags(write=False)
    return matrix


def dct2(blocks: np.ndarray) -> Float64[np.ndarray, "*batch v u"]:
    """Orthonormal coefficients of blocks of samples."""
    matrix = dct_matrix(blocks.shape[-1])
    return matrix @ blocks.astype(np.float64) @ matrix.T


def inverse_dct2(coeffs: np.ndarray) -> Float64[np.ndarray, "*batch y x"]:
    """Samples of orthonormal coefficients."""
    matrix = dct_matrix(coeffs.shape[-1])
    return matrix.T @ coeffs.astype(np.float64) @ matrix


@functools.cache
def _integer_matrix() -> Float64[np.ndarray, "k n"]:
    """2^13 sqrt(8) times the orthonormal matrix, with the constants of the fast algorithm.

    The algorithm multiplies sums of samples by constants rounded to 13 bits; an entry here is the
    sum of the rounded constants on its path, which differs from the rounded entry by a unit or so.
    """

    def constant(value: float) -> int:
        return round(value * (1 << CONSTANT_BITS))

    c = [math.sqrt(2) * math.cos(k * math.pi / 16) for k in range(8)]
    matrix = np.zeros((8, 8))
    matrix[0] = constant(1)
    matrix[4] = constant(1) * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    # Even part: one rotation by 6π/16.
    common, plus, minus = constant(c[6]), constant(c[2] - c[6]), constant(c[2] + c[6])
    matrix[2, :4] = [common + plus, common, -common, -common - plus]
    matrix[6, :4] = [common, common - minus, minus - common, -common]
    matrix[[2, 6], 4:] = matrix[[2, 6], 3::-1]
    # Odd part: products of x3-x4, x2-x5, x1-x6, x0-x7, of sums of two and of all four of them.
    single = [
        constant(-c[1] + c[3] + c[5] - c[7]),
        constant(c[1] + c[3] - c[5] + c[7]),
        constant(c[1] + c[3] + c[5] - c[7]),
        constant(c[1] + c[3] - c[5] - c[7]),
    ]
    all_four = constant(c[3])
    pairs = {
        (0, 3): -constant(c[3] - c[7]),
        (1, 2): -constant(c[1] + c[3]),
        (0, 2): -constant(c[3] + c[5]),
        (1, 3): -constant(c[3] - c[5]),
    }
    for own, k in enumerate((7, 5, 3, 1)):
        row = np.zeros(4)
        row[own] += single[own]
        for pair, weight in pairs.items():
            if own in pair:
                row[list(pair)] += weight
        # The pairs (0, 2) and (1, 3) share the product of all four.
        row += all_four
        matrix[k, [3, 2, 1, 0]] = row
        matrix[k, [4, 5, 6, 7]] = -row
    matrix.setflags(write=False)
    return matrix


def _descale(values: np.ndarray, bits: int) -> np.ndarray:
    """Values / 2^bits, rounded to the nearest, halves up."""
    return np.floor(values * 2.0**-bits + 0.5)


def integer_dct2(blocks: np.ndarray) -> Float64[np.ndarray, "*batch v u"]:
    """Coefficients as in libjpeg of samples around zero: integers, 8 times orthonormal."""
    matrix = _integer_matrix()
    rows = _descale(blocks.astype(np.float64) @ matrix.T, CONSTANT_BITS - PASS_BITS)
    return _descale(matrix @ rows, CONSTANT_BITS + PASS_BITS)


def integer_inverse_dct2(coeffs: np.ndarray) -> Float64[np.ndarray, "*batch y x"]:
    """Samples as in libjpeg, integers around zero, of 8x8 coefficients (orthonormal)."""
    matrix = _integer_matrix()
    columns = _descale(matrix.T @ coeffs.astype(np.float64), CONSTANT_BITS - PASS_BITS)
    return _descale(columns @ matrix, CONSTANT_BITS + PASS_BITS + 3)

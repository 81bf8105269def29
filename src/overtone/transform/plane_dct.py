"""The orthonormal DCT-II of whole planes of any size, by real FFTs."""

import math

import numpy as np

from overtone.shapes import Float64


def plane_dct2(planes: Float64[np.ndarray, "*batch h w"]) -> Float64[np.ndarray, "*batch h w"]:
    """Coefficients `v u` of planes `y x`: what `dct2` gives for a square block, in N log N.

    Source: Makhoul, IEEE Trans. ASSP 28(1), 1980, section III.
    """
    return _forward(_forward(planes).swapaxes(-1, -2)).swapaxes(-1, -2)


def inverse_plane_dct2(
    coeffs: Float64[np.ndarray, "*batch h w"],
) -> Float64[np.ndarray, "*batch h w"]:
    """Planes `y x` of coefficients `v u`."""
    return _inverse(_inverse(coeffs.swapaxes(-1, -2)).swapaxes(-1, -2))


def dct_cycles(size: tuple[int, int]) -> Float64[np.ndarray, "v u"]:
    """Length of each coefficient's frequency vector, periods along the longer side.

    Along the longer side they are exactly the multiples of a half.

    Args:
        size: Height and width.
    """
    height, width = size
    down, across = (np.arange(side) * (max(size) / side) / 2 for side in (height, width))
    return np.hypot(down[:, None], across[None, :])


def _forward(samples: np.ndarray) -> np.ndarray:
    """Along the last axis: even samples, then the odd ones backwards, are one period of an FFT."""
    length = samples.shape[-1]
    order = np.concatenate([samples[..., 0::2], samples[..., 1::2][..., ::-1]], axis=-1)
    turned = np.fft.rfft(order) * np.exp(-0.5j * math.pi * _bins(length) / length)
    coeffs = np.empty(samples.shape)
    half = turned.shape[-1]
    coeffs[..., :half] = turned.real
    coeffs[..., half:] = -turned.imag[..., length - half : 0 : -1]
    coeffs *= math.sqrt(2 / length)
    coeffs[..., 0] /= math.sqrt(2)
    return coeffs


def _inverse(coeffs: np.ndarray) -> np.ndarray:
    """Undoes `_forward`, step by step."""
    length = coeffs.shape[-1]
    scaled = coeffs * math.sqrt(length / 2)
    scaled[..., 0] *= math.sqrt(2)
    bins = _bins(length)
    turned = scaled[..., bins].astype(np.complex128)
    turned[..., 1:] -= 1j * scaled[..., length - bins[1:]]
    order = np.fft.irfft(turned * np.exp(0.5j * math.pi * bins / length), length)
    samples = np.empty(coeffs.shape)
    num_even = (length + 1) // 2
    samples[..., 0::2] = order[..., :num_even]
    samples[..., 1::2] = order[..., num_even:][..., ::-1]
    return samples


def _bins(length: int) -> np.ndarray:
    return np.arange(length // 2 + 1)

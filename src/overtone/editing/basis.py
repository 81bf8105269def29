"""Whole pictures as coefficients with a frequency each: the DCT or the DFT of their planes.

Frequencies are in cycles per image: periods along the picture's longer side. So one number stands
for one period in pixels in both directions, and for one part of the scene at every resolution.
"""

from collections.abc import Callable
from typing import Literal, assert_never

import numpy as np

from overtone.shapes import Float64
from overtone.transform.plane_dct import dct_cycles, inverse_plane_dct2, plane_dct2

Domain = Literal["dct", "dft"]
# Gains at frequencies, cycles per image.
Response = Callable[[np.ndarray], np.ndarray]


def analyse(planes: Float64[np.ndarray, "c h w"], domain: Domain) -> np.ndarray:
    """Orthonormal coefficients: real `c h w` of the DCT, complex `c h w//2+1` of the DFT."""
    match domain:
        case "dct":
            return plane_dct2(planes)
        case "dft":
            return np.fft.rfft2(planes, norm="ortho")
        case _:
            assert_never(domain)


def synthesise(
    coeffs: np.ndarray, size: tuple[int, int], domain: Domain
) -> Float64[np.ndarray, "c h w"]:
    """The planes of coefficients; `size` is height and width."""
    match domain:
        case "dct":
            return inverse_plane_dct2(coeffs)
        case "dft":
            return np.fft.irfft2(coeffs, size, norm="ortho")
        case _:
            assert_never(domain)


def radial_cycles(size: tuple[int, int], domain: Domain) -> Float64[np.ndarray, "v u"]:
    """Length of each coefficient's frequency vector, cycles per image."""
    height, width = size
    match domain:
        case "dct":
            return dct_cycles(size)
        case "dft":
            down, across = np.fft.fftfreq(height), np.fft.rfftfreq(width)
        case _:
            assert_never(domain)
    return max(size) * np.hypot(down[:, None], across[None, :])


def multiplicity(size: tuple[int, int], domain: Domain) -> Float64[np.ndarray, "v u"]:
    """How many frequencies of the plane each coefficient stands for.

    1, but 2 in the columns of the DFT whose twins on the other side are not kept.
    """
    height, width = size
    if domain == "dct":
        return np.ones(size)
    counts = np.ones((height, width // 2 + 1))
    counts[:, 1 : (width + 1) // 2] = 2
    return counts


def power(planes: Float64[np.ndarray, "c h w"], domain: Domain) -> Float64[np.ndarray, "v u"]:
    """Squared coefficients, mean over the planes; their sum is that of the squared samples."""
    counts = multiplicity((planes.shape[-2], planes.shape[-1]), domain)
    total = np.zeros(counts.shape)
    for plane in planes:
        total += np.square(np.abs(analyse(plane[None], domain)[0]))
    return total * counts / len(planes)


def filtered(
    planes: Float64[np.ndarray, "c h w"], response: Response, domain: Domain
) -> Float64[np.ndarray, "c h w"]:
    """The planes with each frequency times the gain that the response gives it.

    The mean is kept: frequency 0 has the gain 1 whatever the response says.
    """
    size = planes.shape[-2], planes.shape[-1]
    gains = response(radial_cycles(size, domain))
    gains[0, 0] = 1.0
    return weighted(planes, gains, domain)


def weighted(
    planes: Float64[np.ndarray, "c h w"], gains: Float64[np.ndarray, "v u"], domain: Domain
) -> Float64[np.ndarray, "c h w"]:
    """The planes with each coefficient times its gain; one after the other saves memory."""
    size = planes.shape[-2], planes.shape[-1]
    result = np.empty(planes.shape)
    for number, plane in enumerate(planes):
        result[number] = synthesise(analyse(plane[None], domain) * gains, size, domain)[0]
    return result

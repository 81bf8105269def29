"""The amplitudes of a spectrum as a picture, without a library that draws figures."""

import numpy as np

from overtone.editing.spectrum import Spectrum
from overtone.imaging.image import to_uint8
from overtone.shapes import UInt8

# Share of frequencies, percent, that are black and white: the rest is spread between, in decibels.
_BLACK_WHITE = (1.0, 99.9)
_FAINTEST = 1e-4  # levels


def amplitude_picture(spectrum: Spectrum, max_side_px: int) -> UInt8[np.ndarray, "h w 1"]:
    """Decibels of the amplitudes as gray, frequency 0 in the middle, the highest at the borders.

    A pixel stands for the strongest of the frequencies under it, so that a narrow peak is seen at
    every size.

    Args:
        spectrum: The spectrum of a picture.
        max_side_px: Longest side of the result.
    """
    decibels = 20 * np.log10(np.maximum(spectrum.amplitude, _FAINTEST))
    low, high = np.percentile(decibels, _BLACK_WHITE)
    height, width = decibels.shape
    factor = max(1.0, max(height, width) / max_side_px)
    for axis, length in enumerate((height, width)):
        size = max(1, int(length / factor))
        starts = np.arange(size) * length // size
        decibels = np.maximum.reduceat(decibels, starts, axis=axis)
    levels = 255 * (decibels - low) / max(high - low, 1e-9)
    return to_uint8(levels)[..., None]

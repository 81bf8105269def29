"""Orders in which the values of an image become a signal."""

import numpy as np
import torch
from torch import Tensor

from overtone.models.spectral_dictionary.config import FlatteningOrder
from overtone.shapes import Int64


def flatten_order(
    order: FlatteningOrder, channels: int, height: int, width: int
) -> Int64[Tensor, " v"]:
    """Place in the image's memory (channel, row, column) of each value of the signal.

    `images.flatten(1)[:, order]` are signals; `order.argsort()` leads back.

    Args:
        order: "planes" goes row by row through one channel after the other, "interleaved" row by
            row with the channels of a pixel together, "hilbert" along a curve through one
            channel after the other.
        channels: Number of channels of the image.
        height: Pixels.
        width: Pixels.
    """
    places = torch.arange(channels * height * width).reshape(channels, height, width)
    match order:
        case "planes":
            return places.flatten()
        case "interleaved":
            return places.permute(1, 2, 0).flatten()
        case "hilbert":
            curve = torch.from_numpy(hilbert_order(height, width))
            return places.flatten(1)[:, curve].flatten()


def hilbert_order(height: int, width: int) -> Int64[np.ndarray, " pixels"]:
    """Pixel numbers (row by row) along the Hilbert curve of the smallest square that holds all.

    The square has a power of 2 as its side; places of the curve outside the image are left out,
    so in images that do not fill the square it jumps where it returns.
    """
    y, x = (axis.ravel() for axis in np.indices((height, width)))
    distance = np.zeros(height * width, np.int64)
    half = 1 << max(0, (max(height, width) - 1).bit_length() - 1)
    while half:
        is_right, is_low = (x & half) > 0, (y & half) > 0
        distance += half * half * ((3 * is_right) ^ is_low)
        # The quadrants on the upper row hold the curve turned; of the right one also mirrored.
        is_mirrored = ~is_low & is_right
        x = np.where(is_mirrored, half - 1 - (x & (half - 1)), x & (half - 1))
        y = np.where(is_mirrored, half - 1 - (y & (half - 1)), y & (half - 1))
        x, y = np.where(is_low, x, y), np.where(is_low, y, x)
        half >>= 1
    return np.argsort(distance)

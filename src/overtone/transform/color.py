"""JPEG's colours in integers: RGB to YCbCr and back, chroma at half the resolution.

The conversion is that of JFIF (ITU-T T.871) with constants of 16 bits, and the resampling that of
libjpeg, rounded where it rounds, so that planes are equal to libjpeg's to the last bit.
"""

import numpy as np

from overtone.shapes import UInt8

FRACTION_BITS = 16
_HALF = 1 << (FRACTION_BITS - 1)
_CENTRE = 128
_NARROW = 2  # chroma columns up to which libjpeg repeats samples instead of interpolating


def _fixed(value: float) -> int:
    return int(value * (1 << FRACTION_BITS) + 0.5)


_Y = (_fixed(0.299), _fixed(0.587), _fixed(0.114))
_CB = (-_fixed(0.168735892), -_fixed(0.331264108), _fixed(0.5))
_CR = (_fixed(0.5), -_fixed(0.418687589), -_fixed(0.081312411))


def rgb_to_ycbcr(image: UInt8[np.ndarray, "*batch 3"]) -> UInt8[np.ndarray, "*batch 3"]:
    """Full-range YCbCr of RGB samples."""
    red, green, blue = (image[..., c].astype(np.int32) for c in range(3))
    out = np.empty_like(image)
    offset = (_CENTRE << FRACTION_BITS) + _HALF - 1
    for c, (weights, added) in enumerate(((_Y, _HALF), (_CB, offset), (_CR, offset))):
        total = weights[0] * red + weights[1] * green + weights[2] * blue + added
        out[..., c] = total >> FRACTION_BITS
    return out


def ycbcr_to_rgb(planes: UInt8[np.ndarray, "*batch 3"]) -> UInt8[np.ndarray, "*batch 3"]:
    """RGB of full-range YCbCr samples, clipped."""
    luma = planes[..., 0].astype(np.int32)
    blue_diff, red_diff = (planes[..., c].astype(np.int32) - _CENTRE for c in (1, 2))
    green = -_fixed(0.34414) * blue_diff - _fixed(0.71414) * red_diff + _HALF
    out = np.empty_like(planes)
    out[..., 0] = np.clip(luma + (_fixed(1.402) * red_diff + _HALF >> FRACTION_BITS), 0, 255)
    out[..., 1] = np.clip(luma + (green >> FRACTION_BITS), 0, 255)
    out[..., 2] = np.clip(luma + (_fixed(1.772) * blue_diff + _HALF >> FRACTION_BITS), 0, 255)
    return out


def with_luma(
    image: UInt8[np.ndarray, "*batch 3"], luma: UInt8[np.ndarray, "*batch"]
) -> UInt8[np.ndarray, "*batch 3"]:
    """The colours of an RGB image with other luma samples.

    The differences of red, green and blue to the image's own luma are added to the luma given; they
    do not change it, because their weighted sum is 0. Where that leaves 0..255, they are
    scaled down, which keeps luma and hue and gives up saturation.

    Returns:
        RGB samples whose luma, as `rgb_to_ycbcr` has it, is within 1 of the one given: the rounding
        of three samples to 8 bits.
    """
    weights = np.array([0.299, 0.587, 0.114])
    values = image.astype(np.float64)
    differences = values - (values @ weights)[..., None]
    target = luma.astype(np.float64)[..., None]
    room = np.where(differences > 0, 255 - target, target)
    size = np.abs(differences)
    shares = np.divide(room, size, out=np.ones_like(size), where=size > room)
    mixed = target + shares.min(-1, keepdims=True) * differences
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def halve(planes: UInt8[np.ndarray, "*batch h w"], width: int) -> UInt8[np.ndarray, "*batch h2 w2"]:
    """Means of 2x2 samples; rounds down and up in turn along a row, as libjpeg does.

    Args:
        planes: At full resolution.
        width: Width of the result; columns that are missing repeat the last column first.
    """
    height = planes.shape[-2] + planes.shape[-2] % 2
    missing = max(0, 2 * width - planes.shape[-1])
    edges = [(0, 0)] * (planes.ndim - 2) + [(0, height - planes.shape[-2]), (0, missing)]
    full = np.pad(planes, edges, mode="edge").astype(np.uint16)
    total = full[..., 0::2, 0::2] + full[..., 0::2, 1::2]
    total += full[..., 1::2, 0::2] + full[..., 1::2, 1::2]
    total += np.array([1, 2], np.uint16)[np.arange(total.shape[-1]) % 2]
    return (total >> 2).astype(np.uint8)


def enlarge(
    planes: UInt8[np.ndarray, "*batch h w"], down: int, across: int, height: int, width: int
) -> UInt8[np.ndarray, "*batch height width"]:
    """Libjpeg's triangle interpolation by 1 or 2 along each axis, cut to the picture's size."""
    if down == 1 and across == 1:
        return planes[..., :height, :width]
    if across == 2 and planes.shape[-1] <= _NARROW:
        full = planes.repeat(down, -2).repeat(across, -1)
        return full[..., :height, :width]
    values = planes.astype(np.int32)
    if down == 2:
        above = np.concatenate([values[..., :1, :], values[..., :-1, :]], -2)
        below = np.concatenate([values[..., 1:, :], values[..., -1:, :]], -2)
        values = _interleave(3 * values + above, 3 * values + below, -2)
    if across == 1:
        # Vertical only: a quarter, rounded down and up in turn.
        bias = np.array([1, 2], np.int32)[np.arange(values.shape[-2]) % 2][:, None]
        return (values + bias >> 2)[..., :height, :width].astype(np.uint8)
    left = np.concatenate([values[..., :1], values[..., :-1]], -1)
    right = np.concatenate([values[..., 1:], values[..., -1:]], -1)
    low, high, bits = (8, 7, 4) if down == 2 else (1, 2, 2)
    full = _interleave(3 * values + left + low, 3 * values + right + high, -1) >> bits
    return full[..., :height, :width].astype(np.uint8)


def _interleave(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
    """first[0], second[0], first[1], second[1], ... along an axis."""
    shape = list(first.shape)
    shape[axis] *= 2
    return np.stack([first, second], axis).reshape(shape)

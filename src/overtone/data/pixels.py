"""The policy by which pictures of any kind become 8-bit gray or RGB of one size."""

import numpy as np
from PIL import Image

from overtone.data.image_set import ImageSet
from overtone.shapes import UInt8


def fit_to_size(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resizes so that the picture just covers the size, and cuts what is over at both ends.

    Lanczos filter, widened when shrinking; the aspect ratio is kept and the middle is kept.

    Args:
        image: Gray or RGB.
        size: Height and width, pixels.
    """
    height, width = size
    if (image.height, image.width) == size:
        return image
    scale = min(image.height / height, image.width / width)
    # The part of the source that is shown, in source pixels: no rounding before the filter.
    part_height, part_width = height * scale, width * scale
    left, top = (image.width - part_width) / 2, (image.height - part_height) / 2
    box = (left, top, left + part_width, top + part_height)
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box)


def conform(
    images: ImageSet, size: tuple[int, int] | None, channels: int | None
) -> UInt8[np.ndarray, "n h w c"]:
    """The pixels at this size (height and width) and with as many channels.

    Gray becomes RGB with three equal channels; RGB becomes gray by the luma of BT.601.
    """
    pixels = images.images
    if channels == 3 and pixels.shape[3] == 1:
        pixels = np.repeat(pixels, 3, axis=3)
    if channels == 1 and pixels.shape[3] == 3:
        pixels = np.stack([to_array(to_image(each).convert("L")) for each in pixels])
    return pixels if size is None else resized(pixels, size)


def resized(
    pixels: UInt8[np.ndarray, "n h w c"], size: tuple[int, int]
) -> UInt8[np.ndarray, "n out_h out_w c"]:
    """The pictures at this height and width, by `fit_to_size`."""
    if pixels.shape[1:3] == size:
        return pixels
    return np.stack([to_array(fit_to_size(to_image(each), size)) for each in pixels])


def to_image(pixels: UInt8[np.ndarray, "h w c"]) -> Image.Image:
    """A Pillow image of mode L or RGB."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def to_array(image: Image.Image) -> UInt8[np.ndarray, "h w c"]:
    """Pixels of a gray or RGB image, with an axis of channels."""
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels

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
    keeps_channels = channels is None or pixels.shape[3] == channels
    if keeps_channels and (size is None or pixels.shape[1:3] == size):
        return pixels
    result = []
    for each in pixels:
        image = Image.fromarray(each[:, :, 0] if each.shape[2] == 1 else each)
        image = image if keeps_channels else image.convert("L")
        result.append(to_array(image if size is None else fit_to_size(image, size)))
    return np.stack(result)


def to_array(image: Image.Image) -> UInt8[np.ndarray, "h w c"]:
    """Pixels of a gray or RGB image, with an axis of channels."""
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels

"""Arrays of unknown origin to checked pixels and labels."""

import numpy as np

from overtone.errors import DataError
from overtone.imaging.image import to_uint8
from overtone.shapes import Int64, UInt8

_WHITE = 255.0
# More classes than this are a damaged file rather than a data set.
MAX_LABEL = 65535


def as_images(array: np.ndarray, where: str) -> UInt8[np.ndarray, "n h w c"]:
    """Pixels as 8-bit gray or RGB.

    Accepted are (n, h, w) and (n, h, w, c) with 1 to 4 channels: gray, gray + alpha, RGB, RGBA;
    alpha is laid on white. Integers are levels 0..255, floats are 0..1, booleans black and white.

    Raises:
        DataError: The shape or a value is another. `where` begins the message.
    """
    pixels = array[..., None] if array.ndim == 3 else array
    if pixels.ndim != 4 or not 1 <= pixels.shape[3] <= 4:
        hint = ""
        if pixels.ndim == 4 and pixels.shape[1] in (1, 3):
            hint = "; channels come last here: transpose it with (0, 2, 3, 1)"
        raise DataError(
            f"{where}: pictures of shape (n, height, width) or (n, height, width, 1..4) are "
            f"expected, found {array.shape}{hint}"
        )
    if pixels.size == 0:
        raise DataError(f"{where}: no pixels, the shape is {array.shape}")
    levels = _as_levels(pixels, where)
    if levels.shape[3] in (2, 4):
        alpha = levels[..., -1:] / 255.0
        levels = to_uint8(levels[..., :-1] * alpha + _WHITE * (1 - alpha))
    return np.require(levels, requirements=["C", "W"])  # PyTorch wants writable memory


def _as_levels(pixels: np.ndarray, where: str) -> UInt8[np.ndarray, "n h w c"]:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype.kind not in "iuf":
        raise DataError(f"{where}: numbers are expected as pixels, found {pixels.dtype}")
    lowest, highest = pixels.min(), pixels.max()
    limit = 1 if pixels.dtype.kind == "f" else 255
    if not (lowest >= 0 and highest <= limit):  # also NaN
        raise DataError(
            f"{where}: {pixels.dtype} pixels must be in 0..{limit}, found {lowest}..{highest}; "
            "convert them to uint8"
        )
    return to_uint8(255.0 * pixels) if limit == 1 else pixels.astype(np.uint8)


def as_labels(array: np.ndarray, num_images: int, where: str) -> Int64[np.ndarray, " n"]:
    """Labels as indices, one for each picture; a column of them is a row here.

    Raises:
        DataError: The labels are no whole numbers from 0 on, or not as many as pictures. `where`
            begins the message.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(
            f"{where}: labels must be a row of whole numbers, found {array.dtype} {array.shape}"
        )
    if len(array) != num_images:
        raise DataError(
            f"{where}: one label for each of {num_images} pictures is expected, found {len(array)}"
        )
    if int(array.min()) < 0 or int(array.max()) > MAX_LABEL:
        raise DataError(
            f"{where}: labels must be in 0..{MAX_LABEL}, found {array.min()}..{array.max()}"
        )
    return array.astype(np.int64)


def names_for(labels: np.ndarray) -> tuple[str, ...]:
    """Names "0", "1", … up to the largest label, where a data set names no classes."""
    return tuple(str(label) for label in range(int(labels.max()) + 1))

"""Parts of pictures that networks are fitted to."""

import numpy as np

from overtone.shapes import UInt8


def central_crop(image: UInt8[np.ndarray, "h w c"], side_px: int) -> UInt8[np.ndarray, "s s c"]:
    """The middle `side_px` x `side_px` pixels; a picture that is smaller ends the program."""
    top, left = (image.shape[0] - side_px) // 2, (image.shape[1] - side_px) // 2
    if min(top, left) < 0:
        raise SystemExit(
            f"a picture of {image.shape[1]}x{image.shape[0]} is below {side_px}x{side_px}"
        )
    return np.ascontiguousarray(image[top : top + side_px, left : left + side_px])

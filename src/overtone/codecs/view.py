"""From `scale`, `size` and `crop` to the `View` a codec evaluates, and on to its pixels."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from overtone.codecs.base import AbstractCodec, View
from overtone.deadline import check_time
from overtone.errors import ConfigError
from overtone.shapes import UInt8


def resolve_view(
    width: int,
    height: int,
    *,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
    crop: tuple[float, float, float, float] | None = None,
    max_pixels: int,
) -> View:
    """The view of a `width` x `height` picture that a caller asked for.

    Args:
        width: Width of the picture, pixels.
        height: Height of the picture, pixels.
        scale: Output pixels per source pixel; the output's sides are rounded, and at least 1.
        size: Output width and height instead of a scale; they need not keep the proportions.
        crop: Left, top, width and height of a box inside the picture, source pixels.
        max_pixels: Largest number of pixels of the output.

    Raises:
        ConfigError: The box leaves the picture, or the output would be empty or over the limit.
    """
    x, y, box_width, box_height = _checked_crop(width, height, crop)
    if scale is not None and size is not None:
        raise ConfigError("give scale or size, not both")
    if size is not None:
        out_width, out_height = size
    else:
        factor = 1.0 if scale is None else scale
        if not (math.isfinite(factor) and factor > 0):
            raise ConfigError(f"scale must be a positive number, got {factor:g}")
        # An absurd scale must not overflow before the limit is checked.
        factor = min(factor, float(max_pixels + 1))
        out_width = max(1, round(box_width * factor))
        out_height = max(1, round(box_height * factor))
    if out_width < 1 or out_height < 1:
        raise ConfigError(f"size must be at least 1x1, got {out_width}x{out_height}")
    if out_width * out_height > max_pixels:
        raise ConfigError(
            f"output of {out_width}x{out_height} pixels is over the limit of {max_pixels}; "
            "ask for a smaller one or raise max_pixels"
        )
    return View(
        x=x, y=y, width=box_width, height=box_height, out_width=out_width, out_height=out_height
    )


def render(
    codec: AbstractCodec[Any], data: bytes, view: View, *, num_threads: int
) -> UInt8[np.ndarray, "h w c"]:
    """The pixels of a view of a file of any codec, native or foreign."""
    return assemble(codec.decode_rows(codec.open(data), view, num_threads), view)


def assemble(
    strips: Iterable[UInt8[np.ndarray, "rows w c"]], view: View
) -> UInt8[np.ndarray, "h w c"]:
    """All strips of a view in one array, which is the only memory that grows with the view."""
    image = None
    row = 0
    for strip in strips:
        check_time()
        if image is None:
            image = np.empty((view.out_height, view.out_width, strip.shape[2]), np.uint8)
        image[row : row + len(strip)] = strip
        row += len(strip)
    if image is None or row != view.out_height:
        raise AssertionError(f"the codec decoded {row} of {view.out_height} rows")
    return image


def _checked_crop(
    width: int, height: int, crop: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float]:
    if crop is None:
        return 0, 0, width, height
    x, y, box_width, box_height = crop
    inside = (
        all(map(math.isfinite, crop))
        and min(x, y) >= 0
        and min(box_width, box_height) > 0
        and x + box_width <= width
        and y + box_height <= height
    )
    if not inside:
        raise ConfigError(
            f"crop {x:g},{y:g},{box_width:g},{box_height:g} (left, top, width, height) "
            f"is not inside the picture of {width}x{height} pixels"
        )
    return crop

"""The obvious twin of how libovt makes pixels of the networks of a file, strip by strip."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.dfm.plan import Plan
from overtone.codecs.dfm.render import Picture
from overtone.codecs.dfm.tiling import TileAxis
from overtone.shapes import Float32, Float64, UInt8

STRIP_PIXELS = 1 << 16  # evaluated at a time, about: enough work for every thread
MAX_OVERSAMPLING = 8  # samples a pixel and axis when the picture is shrunk

# Where a tile has a share of positions: the slice of them, local positions, shares.
_Reach = tuple[slice, np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """What one tile has of a grid.

    Attributes:
        tile: Number of the tile.
        at_y: Its rows of the grid.
        at_x: Its columns of the grid.
        positions: Where its network is evaluated, (2, pixels).
        shares: Weight of its values, (rows, columns).
    """

    tile: int
    at_y: slice
    at_x: slice
    positions: Float32[np.ndarray, "2 n"]
    shares: Float32[np.ndarray, "h w"]


def rows(picture: Picture, view: View) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
    """The strips of a view, top to bottom."""
    plan = picture.networks.plan
    fine_x = _oversampling(view.width, view.out_width)
    fine_y = _oversampling(view.height, view.out_height)
    x = _centres(view.x, view.width, view.out_width * fine_x)
    y = _centres(view.y, view.height, view.out_height * fine_y)
    num_rows = max(1, STRIP_PIXELS // (x.size * fine_y))
    horizontal = plan.horizontal
    columns = [_reach(horizontal, index, x) for index in range(horizontal.count)]
    for start in range(0, view.out_height, num_rows):
        strip = y[start * fine_y : (start + num_rows) * fine_y]
        values = np.zeros((plan.spec.num_outputs, strip.size, x.size), np.float32)
        for part in _parts(plan, columns, strip):
            outputs = picture.runner.forward(picture.networks.weights[part.tile], part.positions)
            colours = picture.colours(part.tile, outputs).reshape(-1, *part.shares.shape)
            values[:, part.at_y, part.at_x] += part.shares * colours
        shape = (-1, strip.size // fine_y, fine_y, view.out_width, fine_x)
        values = np.nan_to_num(values, nan=0.0)  # absurd weights may overflow
        pixels = values.reshape(shape).mean(axis=(2, 4)).transpose(1, 2, 0)
        yield np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _parts(plan: Plan, columns: list[_Reach], y: Float64[np.ndarray, " h"]) -> Iterator[_Part]:
    """The parts that tiles have in a grid: what they reach across, and positions down."""
    for row in range(plan.vertical.count):
        at_y, local_y, share_y = _reach(plan.vertical, row, y)
        if local_y.size == 0:
            continue
        for column, (at_x, local_x, share_x) in enumerate(columns):
            if local_x.size == 0:
                continue
            tile = row * plan.horizontal.count + column
            shares = (share_y[:, None] * share_x).astype(np.float32)
            positions = np.empty((2, local_y.size, local_x.size), dtype=np.float32)
            positions[0] = local_x
            positions[1] = local_y[:, None]
            yield _Part(tile, at_y, at_x, positions.reshape(2, -1), shares)


def _oversampling(source: float, out: int) -> int:
    return min(MAX_OVERSAMPLING, max(1, math.ceil(source / out)))


def _centres(start: float, length: float, count: int) -> Float64[np.ndarray, " n"]:
    return start + (np.arange(count) + 0.5) * (length / count)


def _reach(axis: TileAxis, index: int, positions: Float64[np.ndarray, " n"]) -> _Reach:
    """Where a tile has a share of ascending positions: the slice, local positions, shares."""
    share = axis.window(index, positions)
    inside = np.flatnonzero(share > 0)
    if inside.size == 0:
        return slice(0, 0), positions[:0], share[:0]
    where = slice(int(inside[0]), int(inside[-1]) + 1)
    return where, axis.local(index, positions[where]), share[where]

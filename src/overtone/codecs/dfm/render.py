"""From weights to pixels: any view of the picture, strip by strip."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.dfm.stream import Networks
from overtone.codecs.dfm.tiling import TileAxis
from overtone.deadline import check_time
from overtone.kernels.fourier import NetSpec, Runner
from overtone.shapes import Float32, Float64, UInt8

STRIP_PIXELS = 1 << 16  # evaluated at a time, about: enough work for every thread
MAX_OVERSAMPLING = 8  # samples a pixel and axis when the picture is shrunk

# Orthonormal colour axes (luma, red - blue, green): an error in them is the same error in RGB.
_COLOUR_AXES = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]], dtype=np.float64)
_COLOUR_AXES /= np.linalg.norm(_COLOUR_AXES, axis=1, keepdims=True)


def colour_axes(num_channels: int) -> Float64[np.ndarray, "c c"]:
    """Rows are the colour axes the networks work in; alpha and gray stay as they are."""
    matrix = np.eye(num_channels)
    if num_channels >= 3:
        matrix[:3, :3] = _COLOUR_AXES
    return matrix


def colour_map(
    spec: NetSpec, mean: Float64[np.ndarray, " c"]
) -> tuple[Float32[np.ndarray, "c c"], Float32[np.ndarray, " c"]]:
    """Matrix and offset that take the outputs of a tile's network to colours on [0, 1]."""
    if spec.output == "tanh":
        half = np.full(spec.num_outputs, 0.5, dtype=np.float32)
        return np.diag(half), half
    return colour_axes(spec.num_outputs).T.astype(np.float32), mean.astype(np.float32)


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


class Picture:
    """The networks of a file, ready to be evaluated anywhere.

    Args:
        networks: Networks of the file.
        num_threads: Number of worker threads of the kernel.
    """

    def __init__(self, networks: Networks, *, num_threads: int) -> None:
        self._plan = networks.plan
        self._weights = networks.weights
        self._maps = [colour_map(networks.plan.spec, mean) for mean in networks.means]
        self._runner = Runner(networks.plan.spec, num_threads=num_threads)

    def rows(self, view: View) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        """The strips of a view, top to bottom."""
        fine_x = _oversampling(view.width, view.out_width)
        fine_y = _oversampling(view.height, view.out_height)
        x = _centres(view.x, view.width, view.out_width * fine_x)
        y = _centres(view.y, view.height, view.out_height * fine_y)
        num_rows = max(1, STRIP_PIXELS // (x.size * fine_y))
        horizontal = self._plan.horizontal
        columns = [_reach(horizontal, index, x) for index in range(horizontal.count)]
        for start in range(0, view.out_height, num_rows):
            strip = y[start * fine_y : (start + num_rows) * fine_y]
            values = np.zeros((self._plan.spec.num_outputs, strip.size, x.size), np.float32)
            for part in self._parts(columns, strip):
                check_time()
                outputs = self._runner.forward(self._weights[part.tile], part.positions)
                colours = self._colours(part.tile, outputs).reshape(-1, *part.shares.shape)
                values[:, part.at_y, part.at_x] += part.shares * colours
            shape = (-1, strip.size // fine_y, fine_y, view.out_width, fine_x)
            values = np.nan_to_num(values, nan=0.0)  # absurd weights may overflow
            pixels = values.reshape(shape).mean(axis=(2, 4)).transpose(1, 2, 0)
            yield np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)

    def at(
        self, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "c n"]:
        """Blended values on [0, 1] at single source positions; beyond the picture too."""
        plan = self._plan
        values = np.zeros((plan.spec.num_outputs, x.size), dtype=np.float32)
        columns = [plan.horizontal.window(index, x) for index in range(plan.horizontal.count)]
        for row in range(plan.vertical.count):
            shares_y = plan.vertical.window(row, y)
            for column, shares_x in enumerate(columns):
                shares = shares_y * shares_x
                inside = np.flatnonzero(shares > 0)
                local = np.stack(
                    [
                        plan.horizontal.local(column, x[inside]),
                        plan.vertical.local(row, y[inside]),
                    ]
                ).astype(np.float32)
                tile = row * plan.horizontal.count + column
                values[:, inside] += shares[inside].astype(np.float32) * self._colours(
                    tile, self._runner.forward(self._weights[tile], local)
                )
        return values

    def _parts(self, columns: list[_Reach], y: Float64[np.ndarray, " h"]) -> Iterator[_Part]:
        """The parts that tiles have in a grid: what they reach across, and positions down."""
        plan = self._plan
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

    def _colours(
        self, tile: int, outputs: Float32[np.ndarray, "c n"]
    ) -> Float32[np.ndarray, "c n"]:
        """Colours on [0, 1] of what a tile's network gives."""
        matrix, offset = self._maps[tile]
        return matrix @ outputs + offset[:, None]


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

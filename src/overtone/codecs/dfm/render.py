"""From weights to pixels: any view of the picture, strip by strip."""

import math
from collections.abc import Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.dfm.stream import Networks
from overtone.codecs.dfm.tiling import Axis
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


class Picture:
    """The networks of a file, ready to be evaluated anywhere.

    Args:
        networks: Of the file.
        num_threads: Of the kernel.
    """

    def __init__(self, networks: Networks, *, num_threads: int) -> None:
        self._plan = networks.plan
        self._weights = networks.weights
        self._colours = [colour_map(networks.plan.spec, mean) for mean in networks.means]
        self._runner = Runner(networks.plan.spec, num_threads=num_threads)

    def rows(self, view: View) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        """The strips of a view, top to bottom."""
        fine_x = _oversampling(view.width, view.out_width)
        fine_y = _oversampling(view.height, view.out_height)
        x = _centres(view.x, view.width, view.out_width * fine_x)
        y = _centres(view.y, view.height, view.out_height * fine_y)
        num_rows = max(1, STRIP_PIXELS // (x.size * fine_y))
        for start in range(0, view.out_height, num_rows):
            strip = y[start * fine_y : (start + num_rows) * fine_y]
            values = self._evaluate(x, strip)
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
                values[:, inside] += shares[inside].astype(np.float32) * self._values(tile, local)
        return values

    def _evaluate(
        self, x: Float64[np.ndarray, " w"], y: Float64[np.ndarray, " h"]
    ) -> Float32[np.ndarray, "c h w"]:
        """Blended values on [0, 1] at a grid of source positions."""
        plan = self._plan
        values = np.zeros((plan.spec.num_outputs, y.size, x.size), dtype=np.float32)
        columns = [_reach(plan.horizontal, index, x) for index in range(plan.horizontal.count)]
        for row in range(plan.vertical.count):
            at_y, local_y, share_y = _reach(plan.vertical, row, y)
            if local_y.size == 0:
                continue
            for column, (at_x, local_x, share_x) in enumerate(columns):
                if local_x.size == 0:
                    continue
                tile = row * plan.horizontal.count + column
                shares = (share_y[:, None] * share_x).astype(np.float32)
                values[:, at_y, at_x] += shares * self._tile(tile, local_x, local_y)
        return values

    def _tile(
        self, tile: int, x: Float64[np.ndarray, " w"], y: Float64[np.ndarray, " h"]
    ) -> Float32[np.ndarray, "c h w"]:
        """Values of one network on [0, 1] at a grid of its own positions."""
        positions = np.empty((2, y.size, x.size), dtype=np.float32)
        positions[0] = x
        positions[1] = y[:, None]
        return self._values(tile, positions.reshape(2, -1)).reshape(-1, y.size, x.size)

    def _values(
        self, tile: int, positions: Float32[np.ndarray, "2 n"]
    ) -> Float32[np.ndarray, "c n"]:
        """Values of one network on [0, 1] at its own positions."""
        matrix, offset = self._colours[tile]
        return matrix @ self._runner.forward(self._weights[tile], positions) + offset[:, None]


def _oversampling(source: float, out: int) -> int:
    return min(MAX_OVERSAMPLING, max(1, math.ceil(source / out)))


def _centres(start: float, length: float, count: int) -> Float64[np.ndarray, " n"]:
    return start + (np.arange(count) + 0.5) * (length / count)


def _reach(
    axis: Axis, index: int, positions: Float64[np.ndarray, " n"]
) -> tuple[slice, Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """Where a tile has a share of ascending positions: the slice, local positions, shares."""
    share = axis.window(index, positions)
    inside = np.flatnonzero(share > 0)
    if inside.size == 0:
        return slice(0, 0), positions[:0], share[:0]
    where = slice(int(inside[0]), int(inside[-1]) + 1)
    return where, axis.local(index, positions[where]), share[where]

"""From weights to pixels: any view of the picture, strip by strip."""

import math
from collections.abc import Iterator

import numpy as np

from overtone.codecs.base import View
from overtone.codecs.dfm.stream import Plan
from overtone.codecs.dfm.tiling import TileAxis
from overtone.kernels.fourier import Runner
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


class Picture:
    """The networks of a file, ready to be evaluated anywhere.

    Args:
        plan: Which networks.
        weights: Of every tile, row by row.
        means: Mean colour of every tile on [0, 1], zero for kind raw.
    """

    def __init__(
        self,
        plan: Plan,
        weights: Float32[np.ndarray, "tiles weights"],
        means: Float64[np.ndarray, "tiles c"],
        *,
        num_threads: int,
    ) -> None:
        self._plan = plan
        self._weights = weights
        self._means = means
        self._runner = Runner(plan.spec, num_threads=num_threads)

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
        spec = self._plan.spec
        values = self._runner.forward(self._weights[tile], positions.reshape(2, -1))
        if spec.output == "tanh":
            return (0.5 * values + 0.5).reshape(-1, y.size, x.size)
        to_rgb = colour_axes(spec.num_outputs).T.astype(np.float32)
        mean = self._means[tile].astype(np.float32)[:, None]
        return (to_rgb @ values + mean).reshape(-1, y.size, x.size)


def _oversampling(source: float, out: int) -> int:
    return min(MAX_OVERSAMPLING, max(1, math.ceil(source / out)))


def _centres(start: float, length: float, count: int) -> Float64[np.ndarray, " n"]:
    return start + (np.arange(count) + 0.5) * (length / count)


def _reach(
    axis: TileAxis, index: int, positions: Float64[np.ndarray, " n"]
) -> tuple[slice, Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """Where a tile has a share of ascending positions: the slice, local positions, shares."""
    share = axis.window(index, positions)
    inside = np.flatnonzero(share > 0)
    if inside.size == 0:
        return slice(0, 0), positions[:0], share[:0]
    where = slice(int(inside[0]), int(inside[-1]) + 1)
    return where, axis.local(index, positions[where]), share[where]

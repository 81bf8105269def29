"""From weights to values at any position; libovt makes the pixels of files."""

import numpy as np

from overtone.codecs.dfm.stream import Networks
from overtone.kernels.fourier import NetSpec, Runner
from overtone.shapes import Float32, Float64

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
        networks: Networks of the file.
        num_threads: Number of worker threads of the kernel.
    """

    def __init__(self, networks: Networks, *, num_threads: int) -> None:
        self.networks = networks
        self._maps = [colour_map(networks.plan.spec, mean) for mean in networks.means]
        self.runner = Runner(networks.plan.spec, num_threads=num_threads)

    def at(
        self, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "c n"]:
        """Blended values on [0, 1] at single source positions; beyond the picture too."""
        plan = self.networks.plan
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
                values[:, inside] += shares[inside].astype(np.float32) * self.colours(
                    tile, self.runner.forward(self.networks.weights[tile], local)
                )
        return values

    def colours(self, tile: int, outputs: Float32[np.ndarray, "c n"]) -> Float32[np.ndarray, "c n"]:
        """Colours on [0, 1] of what a tile's network gives."""
        matrix, offset = self._maps[tile]
        return matrix @ outputs + offset[:, None]

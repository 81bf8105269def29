"""Sine networks (SIREN) in NumPy: shape, start, values, gradient.

Source: Sitzmann et al., arXiv:2006.09661; as COIN uses them, Dupont et al., arXiv:2103.03123.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterable

import numpy as np

from overtone.shapes import Float32

OMEGA = np.float32(30)
SPLIT = 4096  # pixels that go through the network together
_SMALL_PRODUCT = 1 << 18  # multiplications below which a linear algebra library uses one thread

Weights = list[
    tuple[np.ndarray, np.ndarray]
]  # of each layer a matrix, inputs x outputs, and biases


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of a sine network from positions (x, y) to colours.

    Attributes:
        layers: Number of sine layers; a linear layer follows them.
        width: Outputs of each.
        num_outputs: Channels of the colour.
    """

    layers: int
    width: int
    num_outputs: int

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(itertools.pairwise([2, *[self.width] * self.layers, self.num_outputs]))

    @property
    def num_weights(self) -> int:
        """Weights and biases of all layers."""
        return sum(inputs * outputs + outputs for inputs, outputs in self.sizes)


def pixel_centres(count: int) -> np.ndarray:
    """Centres of a row of pixels on [-1, 1]."""
    return (2 * np.arange(count) + 1) / count - 1


def grid(x: np.ndarray, y: np.ndarray) -> Float32[np.ndarray, "n 2"]:
    """Positions (x, y) row by row."""
    columns, rows = np.meshgrid(x, y)
    return np.stack([columns.ravel(), rows.ravel()], axis=-1).astype(np.float32)


def start(shape: Shape, rng: np.random.Generator) -> Weights:
    """Uniform weights, with which every layer's sines have the same spread."""
    weights = []
    for index, (inputs, outputs) in enumerate(shape.sizes):
        bound = 1 / inputs if index == 0 else np.sqrt(6 / inputs) / OMEGA
        weights.append(
            (
                rng.uniform(-bound, bound, (inputs, outputs)).astype(np.float32),
                rng.uniform(-bound, bound, outputs).astype(np.float32),
            )
        )
    return weights


def to_flat(weights: Weights) -> Float32[np.ndarray, " n"]:
    """All weights in one array: of each layer the matrix, a row an output, then the biases."""
    return np.concatenate([part for w, b in weights for part in (w.T.ravel(), b)])


def from_flat(flat: Float32[np.ndarray, " n"], shape: Shape) -> Weights:
    """The layers of an array as `to_flat` makes it."""
    weights, at = [], 0
    for inputs, outputs in shape.sizes:
        matrix = flat[at : at + inputs * outputs].reshape(outputs, inputs).T
        at += inputs * outputs
        weights.append((np.ascontiguousarray(matrix), flat[at : at + outputs].copy()))
        at += outputs
    return weights


def values(weights: Weights, positions: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n c"]:
    """Colours at positions on [-1, 1], in parts of one size each, so that memory stays small."""
    parts = []
    for part in np.array_split(positions, -(-len(positions) // SPLIT)):
        x = part
        for matrix, bias in weights[:-1]:
            x = np.sin(OMEGA * (_times(x, matrix) + bias))
        parts.append(_times(x, weights[-1][0]) + weights[-1][1])
    return np.concatenate(parts)


def loss_gradient(
    weights: Weights,
    positions: Float32[np.ndarray, "n 2"],
    colours: Float32[np.ndarray, "n c"],
    each: Callable[..., Iterable[tuple[float, Float32[np.ndarray, " w"]]]],
) -> tuple[float, Float32[np.ndarray, " w"]]:
    """Mean squared error and its gradient, as `to_flat`; the same for any number of threads.

    Args:
        weights: The network.
        positions: Where it is evaluated.
        colours: What it should give there.
        each: What calls a function with each of several parts: `map`, or that of a thread pool.
    """
    splits = [slice(at, at + SPLIT) for at in range(0, len(positions), SPLIT)]
    parts = list(each(lambda part: _sums(weights, positions[part], colours[part]), splits))
    total = sum(error for error, _ in parts)
    gradient = sum((gradient for _, gradient in parts[1:]), parts[0][1])
    return total / colours.size, gradient / np.float32(colours.size)


def _sums(
    weights: Weights, positions: Float32[np.ndarray, "n 2"], colours: Float32[np.ndarray, "n c"]
) -> tuple[float, Float32[np.ndarray, " w"]]:
    """The sum of squared errors of a part, and its gradient."""
    inputs, slopes = [positions], []
    for matrix, bias in weights[:-1]:
        angles = _times(inputs[-1], matrix)
        angles += bias
        angles *= OMEGA
        slopes.append(np.cos(angles))
        inputs.append(np.sin(angles, out=angles))
    delta = _times(inputs[-1], weights[-1][0]) + weights[-1][1] - colours
    error = float(np.square(delta).sum())
    delta *= 2
    gradients: Weights = []
    for index in reversed(range(len(weights))):
        gradients.append((_products(inputs[index], delta), delta.sum(axis=0)))
        if index:
            delta = _times(delta, weights[index][0].T)
            delta *= slopes[index - 1]
            delta *= OMEGA
    return error, to_flat(gradients[::-1])


def _times(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """`x @ matrix` in pieces so small that the library does not spread them over threads.

    Threads are ours here, and two sets of them wait for each other.
    """
    rows = max(1, _SMALL_PRODUCT // matrix.size)
    whole = len(x) // rows * rows
    stacked = (x[:whole].reshape(-1, rows, x.shape[1]) @ matrix).reshape(whole, matrix.shape[1])
    if whole == len(x):
        return stacked
    return np.concatenate([stacked, x[whole:] @ matrix])


def _products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`x.T @ y`, likewise."""
    rows = max(1, _SMALL_PRODUCT // (x.shape[1] * y.shape[1]))
    whole = len(x) // rows * rows
    left = x[:whole].reshape(-1, rows, x.shape[1]).transpose(0, 2, 1)
    sums = (left @ y[:whole].reshape(-1, rows, y.shape[1])).sum(axis=0)
    return sums if whole == len(x) else sums + x[whole:].T @ y[whole:]

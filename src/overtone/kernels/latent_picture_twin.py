"""The slow, obvious twin of the pictures of `dfm-latent`, after docs/format.md, codec 6.

Used by tests only; in double precision, the whole picture at once.
"""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.latent_file import Machine
from overtone.kernels.latent_shape import Grid, Shapes, Spec


@dataclasses.dataclass(frozen=True)
class Picture:
    """What a machine draws, whole, in double precision.

    Attributes:
        features: (grids, rows, columns) of pixels.
        trunk: Colours (channels, rows, columns) of the trunk.
        colours: Those after the residual layers.
    """

    features: NDArray[np.float64]
    trunk: NDArray[np.float64]
    colours: NDArray[np.float64]


def draw(shapes: Shapes, machine: Machine) -> Picture:
    """The picture of a machine at its own size."""
    values = _values(shapes, machine)
    features = _pyramid(shapes, machine, values)
    trunk = trunk_of(shapes.spec, values, features)
    colours = trunk
    for i in range(shapes.spec.num_residual_layers):
        weight, bias = (values[f"synthesis.residual{i}.{part}"] for part in ("weight", "bias"))
        wide = np.pad(colours, ((0, 0), (1, 1), (1, 1)), "edge")
        sums = colours + bias[:, None, None]
        for dy in range(3):
            for dx in range(3):
                window = wide[:, dy : dy + colours.shape[1], dx : dx + colours.shape[2]]
                sums = sums + np.einsum("oc,cyx->oyx", weight[:, :, dy, dx], window)
        colours = np.maximum(sums, 0) if i + 1 < shapes.spec.num_residual_layers else sums
    return Picture(features, trunk, colours)


def view(
    shapes: Shapes, machine: Machine, box: tuple[float, float, float, float], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Colours (channels, rows, columns) of a box of the picture at another size.

    Args:
        shapes: The machine's.
        machine: Its integers.
        box: Left, top, width and height, source pixels.
        size: Width and height of the output, pixels.
    """
    whole = draw(shapes, machine)
    left, top, width, height = box
    across = _resampling(left, width, size[0], shapes.spec.width)
    down = _resampling(top, height, size[1], shapes.spec.height)

    def resampled(planes: NDArray[np.float64]) -> NDArray[np.float64]:
        return down @ planes @ across.T

    if width > size[0] or height > size[1]:
        return resampled(whole.colours)
    trunk = trunk_of(shapes.spec, _values(shapes, machine), resampled(whole.features))
    return trunk + resampled(whole.colours - whole.trunk)


def _resampling(start: float, length: float, count: int, size: int) -> NDArray[np.float64]:
    """(output pixels, pixels) of weights along an axis."""
    weights = np.zeros((count, size))
    step = length / count
    for i in range(count):
        if step > 1:
            low, high = start + i * step, start + (i + 1) * step
            for pixel in range(size):
                shared = min(high, pixel + 1) - max(low, pixel)
                weights[i, pixel] = max(shared, 0) / (high - low)
        else:
            place = start + (i + 0.5) * step - 0.5
            for pixel in range(math.floor(place) - 1, math.floor(place) + 3):
                weights[i, min(max(pixel, 0), size - 1)] += _keys(abs(place - pixel))
    return weights


def _keys(distance: float) -> float:
    """Keys' cubic kernel with a = -1/2."""
    if distance < 1:
        return 1.5 * distance**3 - 2.5 * distance**2 + 1
    if distance < 2:
        return -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return 0.0


def _values(shapes: Shapes, machine: Machine) -> dict[str, NDArray[np.float64]]:
    """Weights of each tensor."""
    values: dict[str, NDArray[np.float64]] = {}
    for tensor in shapes.tensors:
        own = machine.integers[tensor.part].astype(np.float64)
        values[tensor.name] = own.reshape(tensor.shape) * 2.0 ** -machine.exponents[tensor.kind]
    return values


def _pyramid(
    shapes: Shapes, machine: Machine, values: dict[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    def grid_of(grid: Grid) -> NDArray[np.float64]:
        own = machine.symbols[grid.part]
        return own.reshape(1, grid.height, grid.width).astype(np.float64)

    grids = [grid_of(grid) for grid in shapes.grids if not grid.is_hyper]
    features = grids[-1]
    for level in reversed(range(len(grids) - 1)):
        height, width = grids[level].shape[1:]
        doubled = features
        for axis in (1, 2):
            doubled = _double(doubled, values[f"upsampling{level}.double"], axis)
        smooth = grids[level]
        for axis in (1, 2):
            smooth = _smooth(smooth, values[f"upsampling{level}.smooth"], axis)
        features = np.concatenate([grids[level] + smooth, doubled[:, :height, :width]])
    return features


def _double(planes: NDArray[np.float64], taps: NDArray[np.float64], axis: int) -> np.ndarray:
    wide = np.pad(planes, [(2, 2) if i == axis else (0, 0) for i in range(3)], "edge")

    def at(offset: int) -> NDArray[np.float64]:
        return wide.take(range(2 + offset, 2 + offset + planes.shape[axis]), axis)

    even = taps[0] * at(-2) + taps[2] * at(-1) + taps[3] * at(0) + taps[1] * at(1)
    odd = taps[1] * at(-1) + taps[3] * at(0) + taps[2] * at(1) + taps[0] * at(2)
    shape = [n * 2 if i == axis else n for i, n in enumerate(planes.shape)]
    return np.stack([even, odd], axis + 1).reshape(shape)


def _smooth(planes: NDArray[np.float64], taps: NDArray[np.float64], axis: int) -> np.ndarray:
    wide = np.pad(planes, [(3, 3) if i == axis else (0, 0) for i in range(3)])
    return sum(
        (
            taps[abs(offset)] * wide.take(range(3 + offset, 3 + offset + planes.shape[axis]), axis)
            for offset in range(-3, 4)
        ),
        np.zeros_like(planes),
    )


def trunk_of(
    spec: Spec, values: dict[str, NDArray[np.float64]], features: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Colours of the trunk from features."""
    colours = np.einsum("cg,gyx->cyx", values["synthesis.stabiliser.weight"], features)
    colours += values["synthesis.output.bias"][:, None, None]
    if spec.trunk == "linear":
        return colours
    mixed = np.einsum("mg,gyx->myx", values["synthesis.mix.weight"], features)
    mixed += values["synthesis.mix.bias"][:, None, None]
    if spec.trunk == "rectified":
        basis = np.maximum(mixed, 0)
    else:
        factors = np.exp(2j * math.pi * mixed) if spec.trunk == "fourier" else mixed
        products = np.array(
            [
                np.prod([factors[j] for j in range(spec.num_mixed) if h >> j & 1], axis=0)
                for h in range(1, 2**spec.num_mixed)
            ]
        )
        basis = products
        if spec.trunk == "fourier":
            parts = np.stack([np.real(products), np.imag(products)], 1)
            basis = parts.reshape(-1, *products.shape[1:])
    return colours + np.einsum("cb,byx->cyx", values["synthesis.output.weight"], basis)

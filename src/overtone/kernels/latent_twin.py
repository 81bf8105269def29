"""The slow, obvious float64 twin of `overtone.kernels.latent`: symbols, pixels and rate.

Used by tests and experiments only. Gradients are those of `experiments/latent/torch_machine.py`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.latent import Conditions
from overtone.kernels.latent_shape import Grid, Spec, Tensor

Float64 = NDArray[np.float64]
Parts = dict[str, Float64]  # tensors or grids by name

# (dy, dx) of the symbols of a context, the most useful first.
NEIGHBOURS = (
    *((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-3, 0), (0, -3), (-1, -2), (-2, 1)),
    *((-2, -1), (-1, 2), (-2, -2), (-1, -3), (-2, 2), (-3, 1), (0, -4), (-1, 3), (-2, -3), (-2, 3)),
)
SCALE_SHIFT, SCALE_LIMIT = 4.0, 5.0  # log b = clip(s - 4, -5, 5)
LEAST_MASS = 2.0**-16
REACH = 4  # rows and columns that a context or a filter reaches beyond a grid


def by_name(parts: Sequence[Tensor] | Sequence[Grid], values: Float64) -> Parts:
    """Tensors of all parameters, or grids of all latents or symbols."""
    return {each.name: values[each.part].reshape(each.shape) for each in parts}


def noise(seed: int, count: int) -> Float64:
    """Standard normal variables by the method of Box and Muller from scattered integers."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        key = np.uint32((z ^ (z >> np.uint64(31))) >> np.uint64(32))
        number = 2 * np.arange(count, dtype=np.uint32)
        size, turn = (_unit_interval(number + np.uint32(i) + key) for i in range(2))
    return np.sqrt(-2 * np.log(size)) * np.cos(2 * np.pi * turn)


def _unit_interval(x: NDArray[np.uint32]) -> Float64:
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x = x ^ (x >> np.uint32(16))
    return ((x >> np.uint32(8)).astype(np.float64) + 1) * 2.0**-24


def soft_round(x: Float64, temperature: float) -> Float64:
    """A smooth function that is near the nearest integer, the nearer the colder."""
    floor = np.floor(x)
    bent = np.tanh((x - floor - 0.5) / temperature)
    return floor + 0.5 + bent / (2 * np.tanh(0.5 / temperature))


def symbols_of(latents: Float64, conditions: Conditions) -> Float64:
    """What latents become."""
    scaled = conditions.gain * latents
    if conditions.temperature == 0:
        return np.rint(scaled)
    disturbed = soft_round(scaled, conditions.temperature)
    disturbed += conditions.noise * noise(conditions.seed, latents.size)
    return soft_round(disturbed, conditions.temperature)


def doubled(values: Float64, taps: Float64, height: int, width: int) -> Float64:
    """A grid at twice its size, cut to a height and a width; edges are repeated."""
    for axis, length in ((0, height), (1, width)):
        values = np.moveaxis(values, axis, 0)
        n = len(values)
        rows = np.stack([values[np.clip(np.arange(n) + k, 0, n - 1)] for k in range(-2, 3)])
        w0, w1, w2, w3 = taps
        even = w0 * rows[0] + w2 * rows[1] + w3 * rows[2] + w1 * rows[3]
        odd = w1 * rows[1] + w3 * rows[2] + w2 * rows[3] + w0 * rows[4]
        values = np.stack([even, odd], 1).reshape(2 * n, -1)[:length]
        values = np.moveaxis(values, 0, axis)
    return values


def smoothed(values: Float64, taps: Float64) -> Float64:
    """A grid plus its convolution with a symmetric kernel of seven taps; zeros are outside."""
    kernel = np.concatenate([taps[:0:-1], taps])
    found = values
    for axis in (0, 1):
        found = np.apply_along_axis(
            lambda row: np.convolve(np.pad(row, 3), kernel, mode="valid"), axis, found
        )
    return values + found


def features_of_pixels(spec: Spec, tensors: Parts, symbols: Parts) -> Float64:
    """What reaches the synthesis, (grids, height, width), the finest grid first."""
    found = symbols[f"L{spec.num_grids - 1}"][None]
    for level in range(spec.num_grids - 2, -1, -1):
        own = symbols[f"L{level}"]
        taps = tensors[f"upsampling{level}.double"]
        coarse = [doubled(each, taps, *own.shape) for each in found]
        found = np.stack([smoothed(own, tensors[f"upsampling{level}.smooth"]), *coarse])
    return found


def basis_of(spec: Spec, mixed: Float64) -> Float64:
    """The functions that colours are sums of, besides the features."""
    if spec.trunk == "rectified":
        return np.maximum(mixed, 0)
    factors = np.exp(2j * np.pi * mixed) if spec.trunk == "fourier" else mixed
    products = []
    for h in range(1, 2**spec.num_mixed):
        chosen = [j for j in range(spec.num_mixed) if h >> j & 1]
        product = np.prod(factors[chosen], axis=0)
        products += [product.real, product.imag] if spec.trunk == "fourier" else [product]
    return np.stack(products)


def pixels_of(spec: Spec, tensors: Parts, features: Float64) -> Float64:
    """Samples (height, width, channels), not cut."""
    values = np.tensordot(tensors["synthesis.stabiliser.weight"], features, 1)
    values += tensors["synthesis.output.bias"][:, None, None]
    if spec.trunk != "linear":
        mixed = np.tensordot(tensors["synthesis.mix.weight"], features, 1)
        basis = basis_of(spec, mixed + tensors["synthesis.mix.bias"][:, None, None])
        values += np.tensordot(tensors["synthesis.output.weight"], basis, 1)
    for layer in range(spec.num_residual_layers):
        weight = tensors[f"synthesis.residual{layer}.weight"]
        padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
        for dy in range(3):
            for dx in range(3):
                window = padded[:, dy : dy + spec.height, dx : dx + spec.width]
                values = values + np.tensordot(weight[:, :, dy, dx], window, 1)
        values += tensors[f"synthesis.residual{layer}.bias"][:, None, None]
        if layer + 1 < spec.num_residual_layers:
            values = np.maximum(values, 0)
    return np.moveaxis(values, 0, -1)


def shifted(values: Float64, dy: int, dx: int) -> Float64:
    """values[y + dy, x + dx]; zeros are outside."""
    height, width = values.shape
    padded = np.pad(values, REACH)
    return padded[REACH + dy : REACH + dy + height, REACH + dx : REACH + dx + width]


def context_features(spec: Spec, tensors: Parts, symbols: Parts, level: int) -> Float64:
    """What the contexts of a grid are told of coarser ones, (features, height, width)."""
    height, width = symbols[f"L{level}"].shape
    ys, xs = np.arange(height)[:, None], np.arange(width)
    reach = spec.parent_side // 2
    inputs = []
    for coarser in range(level + 1, spec.num_grids):
        step = coarser - level
        for kind in ("L", "H") if coarser >= spec.first_hyper_grid else ("L",):
            values = symbols[f"{kind}{coarser}"]
            window = reach if kind == "L" and step == 1 else 0
            inputs += [
                shifted(values, dy, dx)[ys >> step, xs >> step]
                for dy in range(-window, window + 1)
                for dx in range(-window, window + 1)
            ]
    found = np.tensordot(tensors[f"features{level}.weight"], np.stack(inputs), 1)
    return found + tensors[f"features{level}.bias"][:, None, None]


def bits_of(spec: Spec, tensors: Parts, symbols: Parts, name: str) -> Float64:
    """Bits of each symbol of a grid."""
    own, level = symbols[name], int(name[1:])
    context = [shifted(own, dy, dx) for dy, dx in NEIGHBOURS[: spec.num_neighbours]]
    if name[0] == "L" and level < spec.num_feature_grids:
        context += list(context_features(spec, tensors, symbols, level))
    else:
        context += [np.zeros_like(own)] * spec.num_features
    seen = np.stack(context)
    hidden = seen
    for layer in range(spec.num_context_layers):
        name = f"context.hidden{layer}"
        mapped = np.tensordot(tensors[f"{name}.weight"], hidden, 1)
        hidden = np.maximum(mapped + tensors[f"{name}.bias"][:, None, None] + hidden, 0)
    mean, scale = (
        np.tensordot(tensors["context.output.weight"], hidden, 1)
        + np.tensordot(tensors["context.stabiliser.weight"], seen, 1)
        + tensors["context.output.bias"][:, None, None]
    )
    b = np.exp(np.clip(scale - SCALE_SHIFT, -SCALE_LIMIT, SCALE_LIMIT))
    mass = laplace_cdf((own - mean + 0.5) / b) - laplace_cdf((own - mean - 0.5) / b)
    return -np.log2(np.maximum(mass, LEAST_MASS))


def laplace_cdf(x: Float64) -> Float64:
    """Probability that a standard Laplace variable is at most x."""
    tail = 0.5 * np.exp(-np.abs(x))
    return np.where(x < 0, tail, 1 - tail)

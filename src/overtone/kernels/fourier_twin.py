"""The slow, obvious float64 twin of the Fourier kernels: the formula as written.

Used by tests only. Arrays are as in `overtone.kernels.fourier`: positions (axes, pixels), values
(outputs, pixels), weights one flat array.
"""

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.fourier import NetSpec

Float64 = NDArray[np.float64]


def frequencies(num_inputs: int) -> Float64:
    """All vectors of {0, 1}^m, one a row; bit j of the row number is component j."""
    rows = np.arange(2**num_inputs)[:, None]
    return ((rows >> np.arange(num_inputs)) & 1).astype(np.float64)


def split_weights(spec: NetSpec, weights: NDArray[np.floating]) -> list[tuple[Float64, Float64]]:
    """The matrices A and B of every layer, each (2^m, n)."""
    matrices = []
    at = 0
    for layer in spec.layers:
        pair = weights[at : at + layer.size].astype(np.float64)
        a, b = pair.reshape(2, 2**layer.num_inputs, layer.num_outputs)
        matrices.append((a, b))
        at += layer.size
    return matrices


def forward(
    spec: NetSpec, weights: NDArray[np.floating], positions: NDArray[np.floating]
) -> Float64:
    """Values of the network at the positions."""
    return _trace(spec, weights, positions)[-1]


def vjp(
    spec: NetSpec,
    weights: NDArray[np.floating],
    positions: NDArray[np.floating],
    cotangents: NDArray[np.floating],
) -> tuple[Float64, Float64]:
    """Gradient of sum(values * cotangents) by the weights and by the positions."""
    trace = _trace(spec, weights, positions)
    delta = cotangents.astype(np.float64)
    if spec.output == "tanh":
        delta = delta * (1 - trace[-1] ** 2)
    parts = []
    matrices = split_weights(spec, weights)
    for layer, (a, b), x in reversed(list(zip(spec.layers, matrices, trace, strict=False))):
        k = frequencies(layer.num_inputs)
        angles = 2 * np.pi * k @ x
        parts.append(np.concatenate([np.cos(angles) @ delta.T, np.sin(angles) @ delta.T]).ravel())
        by_angle = np.cos(angles) * (b @ delta) - np.sin(angles) * (a @ delta)
        by_input = 2 * np.pi * k.T @ by_angle
        delta = by_input + delta if layer.has_residual else by_input
    scales = np.asarray(spec.input_scales, np.float64)
    by_axis = delta.reshape(spec.num_axes, scales.size, -1)
    return np.concatenate(parts[::-1]), np.einsum("ast,s->at", by_axis, scales)


def loss_gradient(
    spec: NetSpec,
    weights: NDArray[np.floating],
    positions: NDArray[np.floating],
    targets: NDArray[np.floating],
) -> tuple[float, Float64]:
    """Sum of squared errors, and its gradient by the weights."""
    error = forward(spec, weights, positions) - targets
    return float(np.sum(error**2)), vjp(spec, weights, positions, 2 * error)[0]


def _trace(
    spec: NetSpec, weights: NDArray[np.floating], positions: NDArray[np.floating]
) -> list[Float64]:
    """The input of every layer, then the values."""
    scales = np.asarray(spec.input_scales, np.float64)
    x = (positions.astype(np.float64)[:, None, :] * scales[:, None]).reshape(-1, positions.shape[1])
    trace = [x]
    for layer, (a, b) in zip(spec.layers, split_weights(spec, weights), strict=True):
        angles = 2 * np.pi * frequencies(layer.num_inputs) @ x
        y = a.T @ np.cos(angles) + b.T @ np.sin(angles)
        x = y + x if layer.has_residual else y
        trace.append(x)
    if spec.output == "tanh":
        trace[-1] = np.tanh(trace[-1])
    return trace

"""The soft edge of a band of frequencies."""

import math

import numpy as np

from overtone.shapes import Float64


def step_at(
    cycles: Float64[np.ndarray, "*shape"], edge: float, edge_octaves: float
) -> Float64[np.ndarray, "*shape"]:
    """0 below an edge, 1 above: a raised cosine in the logarithm of the frequency.

    Args:
        cycles: Frequencies, 0 or more.
        edge: Where the step is at a half, in the same unit; 0 is below all, infinity above.
        edge_octaves: Width of the rise; 0 is a jump.
    """
    if edge == 0 or math.isinf(edge):
        return np.full(cycles.shape, float(edge == 0))
    if edge_octaves == 0:
        return (cycles >= edge).astype(np.float64)
    octaves = np.log2(np.maximum(cycles, 1e-12) / edge)
    place = np.clip(octaves / edge_octaves + 0.5, 0, 1)
    return 0.5 - 0.5 * np.cos(math.pi * place)

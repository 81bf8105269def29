"""Weights become integers: a search for the steps that cost least in the file."""

import dataclasses
from collections.abc import Callable

import numpy as np

from overtone.deadline import check_time
from overtone.kernels.latent_file import MAX_EXPONENTS, integers_of, weight_code, weights_of
from overtone.kernels.latent_shape import Shapes
from overtone.kernels.latent_starts import Start
from overtone.shapes import Float32, Int32

# Where the search begins, by the number of the kind: what photographs end near.
_FIRST_EXPONENTS = (7, 6, 8, 5, 6, 5, 9, 9, 10, 10, 10)
_MAX_ROUNDS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class QuantisedWeights:
    """Integers of the weights, and what a file with them costs.

    Attributes:
        exponents: For each kind e, if steps are 2 ** -e.
        integers: Those of all weights.
        cost: What they were chosen by.
    """

    exponents: tuple[int, ...]
    integers: Int32[np.ndarray, "weights"]
    cost: float

    def weights(self, shapes: Shapes) -> Float32[np.ndarray, "weights"]:
        """The rounded weights, as the decoder has them."""
        return weights_of(shapes, self.exponents, self.integers)


def quantise_weights(
    shapes: Shapes,
    weights: Float32[np.ndarray, "weights"],
    cost_of: Callable[[Float32[np.ndarray, "weights"], float], float],
    start: Start | None = None,
) -> QuantisedWeights:
    """The steps, one a kind of weights, of the least cost, by a search along one kind at a time.

    Args:
        shapes: The machine's.
        weights: All weights, tensor by tensor.
        cost_of: Cost of rounded weights that take so many bits.
        start: Networks that they are coded as differences from.
    """
    kinds = sorted({tensor.kind for tensor in shapes.tensors})

    def tried(exponents: tuple[int, ...]) -> QuantisedWeights:
        check_time()
        integers = integers_of(shapes, exponents, weights)
        rounded = weights_of(shapes, exponents, integers)
        bits = weight_code(shapes, exponents, integers, start).bits
        return QuantisedWeights(exponents, integers, cost_of(rounded, bits))

    best = tried(_FIRST_EXPONENTS)
    for _ in range(_MAX_ROUNDS):
        before = best
        for kind in kinds:
            best = _along(kind, best, tried)
        if best is before:
            break
    return best


def _along(
    kind: int,
    best: QuantisedWeights,
    tried: Callable[[tuple[int, ...]], QuantisedWeights],
) -> QuantisedWeights:
    """Changes one exponent while that helps, upwards or downwards."""
    for direction in (-1, 1):
        begin = best
        while 0 <= (changed := best.exponents[kind] + direction) <= MAX_EXPONENTS[kind]:
            exponents = (*best.exponents[:kind], changed, *best.exponents[kind + 1 :])
            candidate = tried(exponents)
            if candidate.cost >= best.cost:
                break
            best = candidate
        if best is not begin:
            break
    return best

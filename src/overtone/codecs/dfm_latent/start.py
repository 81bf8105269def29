"""What a machine knows before it has seen its picture."""

import math
from collections.abc import Sequence

import numpy as np

from overtone.kernels.latent_shape import Spec, Tensor
from overtone.kernels.latent_starts import Start
from overtone.shapes import Float32, Float64

# Bicubic interpolation; that all signs are turned cancels, because it is applied along both axes.
_DOUBLE = (0.0352, 0.1055, -0.2617, -0.8789)
_SMOOTH = (1.0, 0.0, 0.0, 0.0)
_OUTPUT_STD = 0.25  # of the network that predicts symbols
# Standard deviation of a factor's argument that features of variance 1 make; of phases in turns.
# Phases begin at zero and nearly alike: with 0.25, or with phases all around, trainings end behind.
_ARGUMENT_STD = {"fourier": 0.04, "products": 0.25}
_AMPLITUDE = 1e-3  # of sinusoids and products: at first the stabiliser carries the picture


def initial_parameters(
    spec: Spec,
    tensors: Sequence[Tensor],
    mean_colour: Float64[np.ndarray, "channels"],
    *,
    seed: int,
    start: Start | None = None,
) -> Float32[np.ndarray, "parameters"]:
    """Parameters to begin with; latents begin at zero, so that the picture is its mean colour.

    Args:
        spec: Sizes of the machine.
        tensors: Its tensors.
        mean_colour: Mean of each channel of the picture, in [0, 1].
        seed: Seed for all randomness.
        start: Networks of other pictures to begin with; the synthesis and the filters begin cold,
            for warm ones end behind.
    """
    rng = np.random.default_rng(seed)
    values = np.zeros(max(tensor.part.stop for tensor in tensors), np.float32)
    for tensor in tensors:
        values[tensor.part] = _initial(spec, tensor, mean_colour, rng).ravel()
    if start is not None:
        start.write_to(tensors, values)
    return values


def _initial(
    spec: Spec,
    tensor: Tensor,
    mean_colour: Float64[np.ndarray, "channels"],
    rng: np.random.Generator,
) -> Float64[np.ndarray, "..."]:
    """Values of one tensor; what is not named here begins at zero."""
    is_rectified = spec.trunk == "rectified"
    match tensor.name.split("."):
        case ["context", "output" | "stabiliser", "weight"]:
            return rng.normal(0, _OUTPUT_STD, tensor.shape)
        case [name, "weight"] if name.startswith("features"):
            return rng.normal(0, 1 / spec.num_features**2, tensor.shape)
        case [_, "double"]:
            return np.array(_DOUBLE)
        case [_, "smooth"]:
            return np.array(_SMOOTH)
        case ["synthesis", "output", "bias"]:
            return mean_colour
        case ["synthesis", "mix", "weight"] if not is_rectified:
            std = _ARGUMENT_STD[spec.trunk] / math.sqrt(tensor.shape[1])
            return rng.normal(0, std, tensor.shape)
        case ["synthesis", "output", "weight"] if not is_rectified:
            return rng.normal(0, _AMPLITUDE, tensor.shape)
        case ["synthesis", "mix" | "output" | "stabiliser", "weight"]:
            num_outputs, num_inputs = tensor.shape
            limit = 1 / (num_outputs**2 * math.sqrt(num_inputs))
            return rng.uniform(-limit, limit, tensor.shape)
        case _:
            return np.zeros(tensor.shape)

"""Ways from one picture to another through the latents between them."""

import pathlib
from typing import Literal, assert_never

import numpy as np
import torch
from torch import Tensor

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel
from overtone.models.latent import AbstractLatentModel
from overtone.shapes import Float, UInt8
from overtone.tasks.latents import (
    check_output,
    decode_latents,
    encode_pixels,
    latent_model,
)

Interpolation = Literal["spherical", "linear"]
# Below this sine of the angle between two latents, the arc is as good as the line.
_MIN_SINE = 1e-4


def interpolate(
    model: str | pathlib.Path | AbstractModel,
    start: int | UInt8[np.ndarray, "h w c"],
    end: int | UInt8[np.ndarray, "h w c"],
    num_steps: int = 8,
    *,
    curve: Interpolation = "spherical",
    size: tuple[int, int] | None = None,
    temperature: float = 1.0,
    prior: str | None = None,
) -> UInt8[np.ndarray, "n out_h out_w c"]:
    """Pictures on the way from one to another, both ends included.

    Args:
        model: A model, the path of its file or of a finished run, or the name of one that comes
            with the package.
        start: A picture of the model's shape, or a seed: that of the one picture which `sample`
            draws with it.
        end: Likewise.
        num_steps: Pictures, at least 2.
        curve: "spherical" turns the latent at a steady rate and changes its length steadily,
            "linear" takes the straight line.
        size: Height and width, pixels; those of the training images by default.
        temperature: Spread of drawn ends; smaller is less varied.
        prior: Prior that ends are drawn from; the model's default if None.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model has no latents, prior or size like that, or a picture does not fit.
    """
    if num_steps < 2:
        raise ConfigError(f"at least 2 steps are needed, got {num_steps}")
    chosen = latent_model(model, "interpolate")
    check_output(chosen, num_steps, size)
    ends = [_latent_of(chosen, end_point, temperature, prior) for end_point in (start, end)]
    fractions = torch.linspace(0, 1, num_steps, dtype=torch.float64)
    latents = between(ends[0].double(), ends[1].double(), fractions, curve)
    return decode_latents(chosen, latents.to(ends[0].dtype), size)


def between(
    start: Float[Tensor, " d"],
    end: Float[Tensor, " d"],
    fractions: Float[Tensor, " n"],
    curve: Interpolation,
) -> Float[Tensor, "n d"]:
    """Latents on the way from `start` (fraction 0) to `end` (fraction 1).

    Source: White, arXiv:1609.04468, section 2 ("slerp"); here directions and lengths are
        interpolated apart, as the lengths of encoded latents differ.
    """
    t = fractions[:, None]
    line = (1 - t) * start + t * end
    match curve:
        case "linear":
            return line
        case "spherical":
            lengths = start.norm(), end.norm()
            cosine = (start @ end / (lengths[0] * lengths[1])).clamp(-1, 1)
            angle = torch.arccos(cosine)
            # Also NaN: with a latent of length 0, or opposite ones, there is no one arc.
            if not torch.sin(angle) > _MIN_SINE:
                return line
            first = torch.sin((1 - t) * angle) * (start / lengths[0])
            second = torch.sin(t * angle) * (end / lengths[1])
            length = (1 - t) * lengths[0] + t * lengths[1]
            return (first + second) / torch.sin(angle) * length
        case _:
            assert_never(curve)


def _latent_of(
    model: AbstractLatentModel,
    point: int | UInt8[np.ndarray, "h w c"],
    temperature: float,
    prior: str | None,
) -> Float[Tensor, " d"]:
    if isinstance(point, np.ndarray):
        return encode_pixels(model, point[None])[0]
    generator = torch.Generator().manual_seed(point)
    return model.sample_latents(1, generator=generator, temperature=temperature, prior=prior)[0]

"""New pictures from a model."""

import pathlib

import numpy as np
import torch

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ProgressCallback, to_pixels
from overtone.models.class_index import class_index
from overtone.models.latent import AbstractLatentModel
from overtone.models.store import resolve_model
from overtone.shapes import UInt8
from overtone.tasks.latents import check_output, decode_latents

MAX_GUIDANCE = 100  # beyond which nothing but saturated colours comes


def sample(
    model: str | pathlib.Path | AbstractModel,
    num_images: int = 1,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    class_name: str | None = None,
    size: tuple[int, int] | None = None,
    prior: str | None = None,
    guidance: float = 1.0,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n h w c"]:
    """Draws new pictures.

    Args:
        model: A model, the path of its file or of a finished run, or the name of one that comes
            with the package.
        num_images: How many.
        seed: Seed for all randomness; the same arguments give the same pictures.
        temperature: Spread of the latents: 1 is the prior's own, smaller is less varied.
        class_name: Which class all of them are of, by name or by its number; any by default.
        size: Height and width, pixels; those of the training images by default. Other sizes are
            evaluated by the model, where it can, not resampled.
        prior: Distribution of the latents; the model's default if None.
        guidance: How far to go towards the class, where the model can: 1 is the model's own, 0
            forgets the class, more than 1 exaggerates it. Without `class_name` every picture goes
            towards a class of its own.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model draws no pictures or has no such class, prior, size or guidance, or a
            number is out of range.
    """
    chosen = resolve_model(model)
    chosen.check_draws()
    check_output(chosen, num_images, size)
    if not 0 <= seed < 1 << 63:
        raise ConfigError(f"seed must be in 0..{(1 << 63) - 1}, got {seed}")
    if not temperature >= 0:
        raise ConfigError(f"temperature must not be below 0, got {temperature:g}")
    if not 0 <= guidance <= MAX_GUIDANCE:
        raise ConfigError(f"guidance must be in 0..{MAX_GUIDANCE}, got {guidance:g}")
    labels = None
    if class_name is not None:
        labels = torch.full((num_images,), class_index(chosen, class_name))
    generator = torch.Generator().manual_seed(int(seed))
    if isinstance(chosen, AbstractLatentModel):
        latents = chosen.sample_latents(
            num_images,
            generator=generator,
            temperature=temperature,
            labels=labels,
            prior=prior,
            guidance=guidance,
        )
        return decode_latents(chosen, latents, size, progress)
    images = chosen.sample(
        num_images,
        generator=generator,
        size=size,
        temperature=temperature,
        labels=labels,
        prior=prior,
        guidance=guidance,
    )
    return to_pixels(images)

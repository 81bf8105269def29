"""New pictures from a model, drawn in chunks that do not depend on one another."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ProgressCallback, to_pixels
from overtone.models.class_index import class_index
from overtone.models.latent import AbstractLatentModel
from overtone.models.store import resolve_model
from overtone.shapes import Float, UInt8
from overtone.tasks.latents import check_output, decode_latents

CHUNK_IMAGES = 256  # another number would change what a seed draws beyond the first so many
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
        seed: Seed for all randomness; the same arguments give the same pictures. They are drawn in
            chunks of 256, each with a seed of its own.
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
    drawing = Drawing(
        seed=seed,
        temperature=temperature,
        class_name=class_name,
        size=size,
        prior=prior,
        guidance=guidance,
    )
    check_drawing(chosen, num_images, drawing)
    parts = []
    for chunk in chunks_of(num_images):
        drawn = draw(chosen, chunk, drawing)
        if isinstance(chosen, AbstractLatentModel):
            report = _within(progress, chunk, num_images)
            parts.append(decode_latents(chosen, drawn, size, report))
        else:
            parts.append(to_pixels(drawn))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclasses.dataclass(frozen=True, slots=True)
class Chunk:
    """Pictures that are drawn together.

    Attributes:
        number: Which chunk it is, from 0.
        count: How many pictures it has.
    """

    number: int
    count: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How pictures are drawn; see the arguments of `sample`."""

    seed: int = 0
    temperature: float = 1.0
    class_name: str | None = None
    size: tuple[int, int] | None = None
    prior: str | None = None
    guidance: float = 1.0


def chunks_of(num_images: int) -> list[Chunk]:
    """The chunks that so many pictures are drawn in: full ones, and the rest."""
    starts = range(0, num_images, CHUNK_IMAGES)
    return [
        Chunk(number, min(CHUNK_IMAGES, num_images - start)) for number, start in enumerate(starts)
    ]


def check_drawing(model: AbstractModel, num_images: int, drawing: Drawing) -> None:
    """Refuses what cannot be drawn before any work.

    Raises:
        ConfigError: The model draws no pictures, has no such class, or a number is out of range.
    """
    model.check_draws()
    check_output(model, num_images, drawing.size)
    if not 0 <= drawing.seed < 1 << 63:
        raise ConfigError(f"seed must be in 0..{(1 << 63) - 1}, got {drawing.seed}")
    if not drawing.temperature >= 0:
        raise ConfigError(f"temperature must not be below 0, got {drawing.temperature:g}")
    if not 0 <= drawing.guidance <= MAX_GUIDANCE:
        raise ConfigError(f"guidance must be in 0..{MAX_GUIDANCE}, got {drawing.guidance:g}")
    if drawing.class_name is not None:
        class_index(model, drawing.class_name)


def draw(model: AbstractModel, chunk: Chunk, drawing: Drawing) -> Float[Tensor, "n ..."]:
    """The latents of one chunk, or its pictures in [-1, 1] where a model has no latents.

    No other chunk is needed for it.

    Raises:
        ConfigError: The model has no such prior, size or guidance.
    """
    labels = None
    if drawing.class_name is not None:
        labels = torch.full((chunk.count,), class_index(model, drawing.class_name))
    arguments: dict[str, Any] = {
        "generator": torch.Generator().manual_seed(_seed_of(chunk, drawing.seed)),
        "temperature": drawing.temperature,
        "labels": labels,
        "prior": drawing.prior,
        "guidance": drawing.guidance,
    }
    if isinstance(model, AbstractLatentModel):
        return model.sample_latents(chunk.count, **arguments)
    return model.sample(chunk.count, size=drawing.size, **arguments)


def draw_chunk(
    model: AbstractModel, chunk: Chunk, drawing: Drawing
) -> UInt8[np.ndarray, "n h w c"]:
    """The pictures of one chunk, as `sample` has them among others."""
    drawn = draw(model, chunk, drawing)
    if isinstance(model, AbstractLatentModel):
        return decode_latents(model, drawn, drawing.size)
    return to_pixels(drawn)


def _seed_of(chunk: Chunk, seed: int) -> int:
    """The seed itself for the first chunk; for each other one a number that both of them make."""
    if chunk.number == 0:
        return int(seed)
    sequence = np.random.SeedSequence([seed, chunk.number])
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)


def _within(
    progress: ProgressCallback | None, chunk: Chunk, num_images: int
) -> ProgressCallback | None:
    """What is called with the fraction done of a chunk, to report that of all pictures."""
    if progress is None:
        return None

    def report(fraction: float, _: str) -> None:
        done = chunk.number * CHUNK_IMAGES + round(fraction * chunk.count)
        progress(done / num_images, f"{done} pictures")

    return report

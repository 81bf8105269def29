"""Latents to 8-bit pictures and back, a chunk at a time, and the checks before it."""

import pathlib

import numpy as np
import torch
from torch import Tensor

from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ProgressCallback, from_pixels, to_pixels
from overtone.models.latent import AbstractLatentModel
from overtone.models.store import resolve_model
from overtone.shapes import Float, UInt8

# Decoded together: at most as many pictures, and as many pixels unless one has more.
_CHUNK_IMAGES = 256
_CHUNK_PIXELS = 1 << 21


def latent_model(model: str | pathlib.Path | AbstractModel, purpose: str) -> AbstractLatentModel:
    """The model itself, or the one of that name or path, if it has latents.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model has no latents.
    """
    found = resolve_model(model)
    if not isinstance(found, AbstractLatentModel):
        raise ConfigError(f"a model with latents is needed to {purpose}; {found.name} has none")
    return found


def check_output(model: AbstractModel, num_images: int, size: tuple[int, int] | None) -> None:
    """Raises `ConfigError` unless so many pictures of that size can be made."""
    height, width = size or (model.spec.height, model.spec.width)
    if num_images < 1 or height < 1 or width < 1:
        raise ConfigError(
            f"at least 1 picture of 1x1 pixels is needed, got {num_images} of {width}x{height}"
        )
    if num_images * height * width > DEFAULT_MAX_PIXELS:
        raise ConfigError(
            f"{num_images} pictures of {width}x{height} pixels are over the limit of "
            f"{DEFAULT_MAX_PIXELS} pixels; make fewer at a time, or smaller ones"
        )


def decode_latents(
    model: AbstractLatentModel,
    latents: Float[Tensor, "n d"],
    size: tuple[int, int] | None,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n h w c"]:
    """The pictures of latents, at the model's size or another (height and width)."""
    height, width = size or (model.spec.height, model.spec.width)
    chunk = max(1, min(_CHUNK_IMAGES, _CHUNK_PIXELS // (height * width)))
    pictures = np.empty((len(latents), height, width, model.spec.channels), np.uint8)
    with torch.no_grad():
        for start in range(0, len(latents), chunk):
            part = latents[start : start + chunk].to(model.device)
            pictures[start : start + len(part)] = to_pixels(model.decode(part, size))
            if progress is not None:
                progress((start + len(part)) / len(latents), f"{start + len(part)} pictures")
    return pictures


def encode_pixels(
    model: AbstractLatentModel, images: UInt8[np.ndarray, "n h w c"], *, solve: bool = False
) -> Float[Tensor, "n d"]:
    """The latents of pictures; with `solve` by least squares instead of the model's own way.

    Raises:
        ConfigError: The pictures are not of the model's shape, or it is not linear in its latents.
    """
    encode = model.solve if solve else model.encode
    spec = model.spec
    if images.ndim != 4 or images.shape[1:] != (spec.height, spec.width, spec.channels):
        raise ConfigError(
            f"{model.name} takes pictures of {(spec.height, spec.width, spec.channels)} (height, "
            f"width, channels), got {images.shape[1:]}; load them with its size and channels"
        )
    with torch.no_grad():
        # PyTorch warns of arrays it could not write to, as those of Pillow's images.
        parts = torch.from_numpy(np.require(images, requirements="W")).split(_CHUNK_IMAGES)
        return torch.cat([encode(from_pixels(part).to(model.device)).cpu() for part in parts])

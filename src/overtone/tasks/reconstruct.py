"""Pictures through a model's encoder and decoder."""

import pathlib

import numpy as np

from overtone.models.base import AbstractModel, ProgressCallback
from overtone.shapes import UInt8
from overtone.tasks.latents import (
    check_output,
    decode_latents,
    encode_pixels,
    latent_model,
)


def reconstruct(
    model: str | pathlib.Path | AbstractModel,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    size: tuple[int, int] | None = None,
    solve: bool = False,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n out_h out_w c"]:
    """Reconstructs pictures: each is encoded to a latent, and the latent is decoded.

    Args:
        model: A model, the path of its file or of a finished run, or the name of one that comes
            with the package.
        images: 8-bit pixels with the model's height, width and channels, as `load_images` makes
            them.
        size: Height and width of the result, pixels; those of the images by default.
        solve: Whether latents are found by least squares instead of the model's encoder; of a
            spectral dictionary, which is linear in them.
        progress: Called with the fraction done and a message.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: The model has no latents, no such size or nothing to solve, or the pictures
            do not fit it.
    """
    chosen = latent_model(model, "reconstruct")
    check_output(chosen, len(images), size)
    return decode_latents(chosen, encode_pixels(chosen, images, solve=solve), size, progress)

"""Small images of waves, and small spectral dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from overtone.data import ImageSet
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.latent import PriorConfig
from overtone.models.spectral_dictionary.config import SpectralDictionaryConfig
from overtone.models.spectral_dictionary.model import SpectralDictionary

FORMS = ("signal", "wave", "product")
SIGNAL: dict[str, Any] = {"form": "signal", "start": "log"}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def waves(count=60, height=7, width=10, channels=3, seed=0):
    """Images of two slanted waves of random weight, a gradient and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width)) / max(height, width)
    parts = np.stack([np.cos(9 * x + 2 * y), np.sin(5 * y - 3 * x + 1), x - y])
    colors = np.array([[1, 0.8, 0.2], [0.1, 1, 0.9], [1, 1, 1]])[:, :channels]
    weights = rng.normal(size=(count, 3)) * 40
    pixels = 120 + np.einsum("nk,kyx,kc->nyxc", weights, parts, colors)
    pixels += rng.normal(size=pixels.shape) * 6
    return ImageSet("waves", np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def build(data, seed=0, **settings: Any):
    small = {"num_atoms": 5, "modulation_hidden": (6,), "modulation_waves": 2}
    prior = PriorConfig(fitted=(), default="normal")
    config = SpectralDictionaryConfig(**{"prior": prior, **small, **settings})
    return SpectralDictionary(config, ImageSpec.of(data), generator=generator(seed))


def shaken(model, seed=3):
    """With a modulation that is far from 0."""
    with torch.no_grad():
        for p in model.atoms.modulation.parameters():
            p.normal_(std=0.5, generator=generator(seed))
    return model


def descend(model, data, num_steps, rate=2e-2):
    batch = Batch(from_pixels(torch.from_numpy(data.images)), None, torch.arange(len(data)))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for _ in range(num_steps):
        optimizer.zero_grad()
        model.loss(batch, progress=0.0, generator=generator())["loss"].backward()
        optimizer.step()
    return model.eval().loss(batch, progress=1.0, generator=generator())["loss"].item()


def signals_of(model, data):
    return from_pixels(torch.from_numpy(data.images)).flatten(1) - model.get_buffer("mean")

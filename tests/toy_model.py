"""A latent model small enough to compute by hand: two numbers are the slopes of a ramp."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from overtone.data import ImageSet
from overtone.models.base import AbstractModel, Batch, ImageSpec
from overtone.models.latent import AbstractLatentModel, PriorConfig

HEIGHT, WIDTH = 6, 9
CLASSES = ("hat", "bag", "T-shirt/top")


_PRIOR = PriorConfig(fitted=("gaussian",), default="gaussian")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RampConfig:
    prior: PriorConfig = _PRIOR


class RampModel(AbstractLatentModel):
    """Level a·x + b·y, with x and y from -½ to ½ over the picture: at any size the same ramp."""

    name: ClassVar[str] = "ramp"
    config_class: ClassVar[type] = RampConfig

    def __init__(self, config: RampConfig, spec: ImageSpec, *, generator: torch.Generator) -> None:
        super().__init__(config, spec, latent_dim=2, prior=config.prior, generator=generator)
        self.unused = torch.nn.Parameter(torch.zeros(1))

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"loss": self.unused.square().sum()}

    @override
    def encode(self, images: Tensor) -> Tensor:
        x, y = _axes(images.shape[2], images.shape[3])
        flat = images.mean(1)
        return torch.stack(
            [(flat * axis).sum((1, 2)) / axis.square().sum() for axis in (x, y)], dim=1
        )

    @override
    def decode(self, latents: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        x, y = _axes(*(size or (self.spec.height, self.spec.width)))
        ramps = latents[:, 0, None, None] * x + latents[:, 1, None, None] * y
        return ramps[:, None].expand(-1, self.spec.channels, -1, -1)


class NoiseModel(AbstractModel):
    """A model without latents."""

    name: ClassVar[str] = "noise"
    config_class: ClassVar[type] = RampConfig

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"loss": torch.zeros(())}

    @override
    def sample(self, num_images: int, *, generator: torch.Generator, **_: object) -> Tensor:
        shape = (num_images, self.spec.channels, self.spec.height, self.spec.width)
        return torch.rand(shape, generator=generator) * 2 - 1


def _axes(height: int, width: int) -> tuple[Tensor, Tensor]:
    y = (torch.arange(height) + 0.5) / height - 0.5
    x = (torch.arange(width) + 0.5) / width - 0.5
    return x[None, :].expand(height, width), y[:, None].expand(height, width)


def ramps(latents: np.ndarray, channels: int = 1) -> np.ndarray:
    """8-bit pictures of latents, (n, 6, 9, channels)."""
    x, y = (axis.numpy() for axis in _axes(HEIGHT, WIDTH))
    levels = latents[:, :1, None] * x + latents[:, 1:, None] * y
    pixels = np.rint((levels + 1) * 127.5).astype(np.uint8)
    return np.repeat(pixels[..., None], channels, axis=3)


def skewed_ramps(counts: tuple[int, ...] = (9, 6, 3)) -> ImageSet:
    """Classes of different slopes, the later the rarer."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(len(counts)), counts)
    latents = rng.normal(0, 0.05, (len(labels), 2)) + 0.4 * (labels[:, None] - 1)
    return ImageSet("ramps/train", ramps(latents), labels.astype(np.int64), CLASSES)


def make_ramp_model(images: ImageSet | None = None) -> RampModel:
    """A model with priors fitted to the skewed set."""
    images = images or skewed_ramps()
    model = RampModel(RampConfig(), ImageSpec.of(images), generator=torch.Generator())
    model.finish(images, generator=torch.Generator().manual_seed(0))
    return model.eval()

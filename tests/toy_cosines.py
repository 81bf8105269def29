"""A dictionary small enough to know by heart: its atoms are the first cosines of the DCT."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from helpers import scene
from torch import Tensor
from toy_model import RampConfig
from typing_extensions import override

from overtone.models.base import Batch, ImageSpec
from overtone.models.latent import AbstractLatentModel, PriorConfig
from overtone.transform.dct import dct_matrix

HEIGHT, WIDTH = 10, 16


class CosineModel(AbstractLatentModel):
    """A dictionary whose atoms are the cosines of the DCT with fewer than 6 half periods."""

    name: ClassVar[str] = "cosines"
    config_class: ClassVar[type] = RampConfig

    def __init__(self, config: RampConfig, spec: ImageSpec, *, generator: torch.Generator) -> None:
        prior = PriorConfig(fitted=(), default="normal")
        super().__init__(config, spec, latent_dim=36, prior=prior, generator=generator)
        rows, columns = dct_matrix(spec.height)[:6], dct_matrix(spec.width)[:6]
        atoms = np.einsum("vy,ux->vuyx", rows, columns).reshape(36, spec.height, spec.width)
        self.atoms = torch.nn.Parameter(torch.from_numpy(atoms).float())
        v, u = np.mgrid[:6, :6]
        longest = max(spec.height, spec.width)
        self.cycles = longest * np.hypot(v / (2 * spec.height), u / (2 * spec.width)).ravel()

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"loss": self.atoms.square().sum()}

    @override
    def encode(self, images: Tensor) -> Tensor:
        return torch.einsum("kyx,byx->bk", self.atoms, images[:, 0])

    @override
    def decode(self, latents: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        images = torch.einsum("kyx,bk->byx", self.atoms, latents)[:, None]
        return images if size is None else torch.nn.functional.interpolate(images, size)

    def atom_frequencies(self) -> Tensor:
        return torch.from_numpy(self.cycles)


def make_dictionary() -> CosineModel:
    spec = ImageSpec(height=HEIGHT, width=WIDTH, channels=1, num_images=1)
    return CosineModel(RampConfig(), spec, generator=torch.Generator())


def make_pictures() -> np.ndarray:
    return np.stack([scene(HEIGHT, WIDTH, 1, seed=seed) for seed in range(3)])

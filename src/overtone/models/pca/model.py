"""Principal component analysis as a generative model."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.latent import CHUNK, AbstractLatentModel
from overtone.models.pca.config import PcaConfig
from overtone.shapes import Float, Float64

# Deviations along components are at least this share of the largest, so that encoding divides
# by none that is only rounding.
_MIN_DEVIATION = 1e-6


class Pca(AbstractLatentModel):
    """Mean image plus weighted components; latents are the weights over their deviations.

    No gradients: `finish` finds the components exactly, by the eigenvectors of the covariance, and
    replaces whatever steps there were. Other sizes are a bicubic enlargement, as the components
    are pixels and know nothing between them.
    """

    name: ClassVar[str] = "pca"
    splits_batches: ClassVar[bool] = True
    config_class: ClassVar[type] = PcaConfig
    default_train: ClassVar[Mapping[str, Any]] = {"steps": 1}
    config: PcaConfig

    def __init__(self, config: PcaConfig, spec: ImageSpec, *, generator: torch.Generator) -> None:
        num_components = config.num_components
        super().__init__(
            config, spec, latent_dim=num_components, prior=config.prior, generator=generator
        )
        num_values = spec.channels * spec.height * spec.width
        most = min(num_values, spec.num_images - 1)
        if num_components > most:
            raise ConfigError(
                f"{num_components} components need as many values an image and more images, got "
                f"{num_values} values and {spec.num_images} images; set network.num_components to "
                f"at most {most}"
            )
        start = torch.randn(num_values, num_components, generator=generator)
        self.mean = nn.Parameter(torch.zeros(num_values))
        self.components = nn.Parameter(torch.linalg.qr(start).Q.T.contiguous())
        self.register_buffer("deviations", torch.ones(num_components))

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        again = self.decode(self.encode(batch.images))
        return {"loss": torch.mean((again - batch.images) ** 2)}

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        deviations = self.get_buffer("deviations")
        return (images.flatten(1) - self.mean) @ self.components.T / deviations

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        spec = self.spec
        flat = self.mean + (latents * self.get_buffer("deviations")) @ self.components
        images = flat.unflatten(1, (spec.channels, spec.height, spec.width))
        if size in (None, (spec.height, spec.width)):
            return images
        return nn.functional.interpolate(images, size, mode="bicubic", antialias=True)

    @override
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        chunks = torch.from_numpy(images.images).split(CHUNK)
        mean, components, deviations = principal_components(
            [from_pixels(chunk).flatten(1) for chunk in chunks], self.latent_dim
        )
        with torch.no_grad():
            self.mean.copy_(mean)
            self.components.copy_(components)
            self.get_buffer("deviations").copy_(deviations)
        super().finish(images, generator=generator)


def principal_components(
    chunks: list[Float[Tensor, "_ v"]], num_components: int
) -> tuple[Float64[Tensor, " v"], Float64[Tensor, "d v"], Float64[Tensor, " d"]]:
    """Mean, orthonormal components by falling variance, and the deviations along them.

    Exact, in float64; the largest entry of each component is positive. Of more values than rows
    the eigenvectors come from the inner products of the rows.
    """
    num_rows = sum(len(chunk) for chunk in chunks)
    num_values = chunks[0].shape[1]
    mean = torch.stack([chunk.double().sum(0) for chunk in chunks]).sum(0) / num_rows
    if num_values <= num_rows:
        covariance = torch.zeros(num_values, num_values, dtype=torch.float64)
        for chunk in chunks:
            centred = chunk.double() - mean
            covariance.addmm_(centred.T, centred)
        variances, axes = torch.linalg.eigh(covariance / (num_rows - 1))
        components = axes.T.flip(0)[:num_components]
    else:
        centred = torch.cat([chunk.double() for chunk in chunks]) - mean
        variances, axes = torch.linalg.eigh(centred @ centred.T / (num_rows - 1))
        components = axes.T.flip(0)[:num_components] @ centred
        components = nn.functional.normalize(components, dim=1)
    deviations = variances.flip(0)[:num_components].clamp_min(0).sqrt()
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    floor = _MIN_DEVIATION * deviations.max().clamp_min(_MIN_DEVIATION)
    return mean, components * largest.sign(), deviations.clamp_min(floor)

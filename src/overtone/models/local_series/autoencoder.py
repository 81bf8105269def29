"""The local series generator's network trained as an autoencoder, with a flow over its latents."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.data import ImageSet
from overtone.models.base import Batch, ImageSpec
from overtone.models.compute import normal_noise
from overtone.models.grid_latent import AbstractGridModel
from overtone.models.layers.cells import grid_of
from overtone.models.layers.class_shares import note_class_shares
from overtone.models.layers.initialization import initialize
from overtone.models.local_series.config import LocalSeriesAutoencoderConfig
from overtone.models.local_series.net import SLOPE, SeriesNet
from overtone.models.local_series.trunk import Trunk
from overtone.shapes import Float


class LocalSeriesAutoencoder(AbstractGridModel):
    """Image -> a coarse grid of latents -> a cosine series for each tile -> the picture.

    The loss is the squared error of the picture, as in the series generator; the flow of the
    latents trains along, on what the encoder says of each batch. docs/design/local-series.md
    compares it with the training against a critic.
    """

    name: ClassVar[str] = "local-series-autoencoder"
    config_class: ClassVar[type] = LocalSeriesAutoencoderConfig
    config: LocalSeriesAutoencoderConfig
    default_train: ClassVar[Mapping[str, Any]] = {
        **AbstractGridModel.default_train,
        "clip_norm": 30.0,
    }

    def __init__(
        self,
        config: LocalSeriesAutoencoderConfig,
        spec: ImageSpec,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__(
            config,
            spec,
            grid=(*grid_of(spec, 2 * config.series.cell_px), config.latent_channels),
            flow=config.flow,
            flips=config.flips,
            generator=generator,
        )
        self.net = SeriesNet(config.series, spec, generator=generator)
        width, blocks = config.encoder_width, config.encoder_blocks
        self.trunk = Trunk(width, blocks, spec, generator=generator)
        self.to_latent = nn.Conv2d(self.trunk.num_features, config.latent_channels, 1)
        self.from_latent = nn.Conv2d(config.latent_channels, config.series.coarse_width, 1)
        self.place = nn.Parameter(torch.zeros(1, config.series.coarse_width, *self.grid[:2]))
        for layer in (self.to_latent, self.from_latent):
            initialize(layer, generator, gain=1.0)

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Shares of the classes; latents are kept at one scale by the loss."""
        note_class_shares(self.class_shares, images)

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        images = self.mirrored(batch, generator)
        tokens = self.analyse(images)
        noise = normal_noise(tokens.shape, generator, tokens.device, batch.share)
        decoded = self.synthesise(tokens + self.config.latent_noise * noise).float()
        error = (decoded - images).square().sum() / len(images)
        means, variances = batch.share.moments(tokens, (0, 1, 2))
        spread = means.square().sum() + (variances - 1).square().sum()
        flow = self.flow.loss(tokens.detach(), batch.labels, generator=generator, share=batch.share)
        return {
            "loss": error + self.config.spread_weight * spread + flow,
            "mean_squared_error": error.detach() / images[0].numel(),
            "spread": spread.detach(),
            "flow": flow.detach(),
        }

    @override
    def analyse(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b r s d"]:
        features = functional.leaky_relu(self.trunk(images), SLOPE)
        pooled = functional.adaptive_avg_pool2d(features, self.grid[:2])
        return self.to_latent(pooled).float().permute(0, 2, 3, 1)

    @override
    def synthesise(
        self, tokens: Float[Tensor, "b r s d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        return self.net(self.from_latent(tokens.permute(0, 3, 1, 2)) + self.place, size)

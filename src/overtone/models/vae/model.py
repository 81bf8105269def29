"""The variational autoencoder: networks, loss, encoding and decoding."""

import itertools
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec
from overtone.models.compute import normal_noise
from overtone.models.latent import AbstractLatentModel
from overtone.models.layers.initialization import initialize
from overtone.models.vae.config import VaeConfig
from overtone.shapes import Float


class Vae(AbstractLatentModel):
    """Gaussian posterior and prior, convolutions of 4x4 with stride 2, ReLU.

    The loss is the negative evidence lower bound in nats: sums over pixels and latents, a mean
    over the batch.

    Source: Kingma & Welling, arXiv:1312.6114; layers as in the "neutral" architecture of Dai &
        Wipf, arXiv:1903.05789, table 1, without batch normalisation and with one dense layer.
    """

    name: ClassVar[str] = "vae"
    config_class: ClassVar[type] = VaeConfig
    steps_on_card: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = True
    config: VaeConfig

    def __init__(self, config: VaeConfig, spec: ImageSpec, *, generator: torch.Generator) -> None:
        super().__init__(
            config, spec, latent_dim=config.latent_dim, prior=config.prior, generator=generator
        )
        self.sizes = _sizes(spec, len(config.channels))
        widths = (spec.channels, *config.channels)
        num_features = config.channels[-1] * self.sizes[-1][0] * self.sizes[-1][1]
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=2, padding=1)
            for before, after in itertools.pairwise(widths)
        )
        self.to_hidden = nn.Linear(num_features, config.hidden)
        self.to_posterior = nn.Linear(config.hidden, 2 * config.latent_dim)
        self.from_latent = nn.Linear(config.latent_dim, config.hidden)
        self.from_hidden = nn.Linear(config.hidden, num_features)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
            for before, after in itertools.pairwise(widths[::-1])
        )
        initialize(self, generator)
        if config.likelihood == "gaussian":
            self.log_deviation = nn.Parameter(torch.zeros(()))

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        mean, log_variance = self._posterior(batch.images)
        noise = normal_noise(mean.shape, generator, mean.device, batch.share)
        logits = self._logits(mean + noise * torch.exp(log_variance / 2)).float()
        distortion = self._negative_log_likelihood(logits, (batch.images + 1) / 2)
        divergence = (mean**2 + log_variance.exp() - log_variance - 1).sum(1) / 2
        reconstruction, kl = distortion.mean(), divergence.mean()
        return {"loss": reconstruction + kl, "reconstruction_nats": reconstruction, "kl_nats": kl}

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        return self._posterior(images)[0]

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        self.check_native_size(size)
        return 2 * torch.sigmoid(self._logits(latents)) - 1

    def _posterior(
        self, images: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
        """Mean and log variance."""
        x = images
        for layer in self.down:
            x = functional.relu(layer(x))
        x = functional.relu(self.to_hidden(x.flatten(1)))
        mean, log_variance = self.to_posterior(x).float().chunk(2, dim=1)
        return mean, log_variance

    def _logits(self, latents: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        x = functional.relu(self.from_latent(latents))
        x = functional.relu(self.from_hidden(x)).unflatten(1, (-1, *self.sizes[-1]))
        for number, layer in enumerate(self.up):
            assert isinstance(layer, nn.ConvTranspose2d)
            x = layer(x, output_size=list(self.sizes[-2 - number]))
            x = x if number == len(self.up) - 1 else functional.relu(x)
        return x

    def _negative_log_likelihood(
        self, logits: Float[Tensor, "b c h w"], targets: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        if self.config.likelihood == "cross-entropy":
            terms = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        else:
            errors = (torch.sigmoid(logits) - targets) * torch.exp(-self.log_deviation)
            terms = errors**2 / 2 + self.log_deviation
        return terms.flatten(1).sum(1)


def _sizes(spec: ImageSpec, num_halvings: int) -> list[tuple[int, int]]:
    """Height and width before each convolution and after the last; halves are rounded down."""
    sizes = [(spec.height >> k, spec.width >> k) for k in range(num_halvings + 1)]
    if 0 in sizes[-1]:
        raise ConfigError(
            f"images of {spec.width}x{spec.height} cannot be halved {num_halvings} times; "
            "give fewer network.channels"
        )
    return sizes

"""The series generator as a model: loss, encoding, decoding at any size."""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import silu
from typing_extensions import override

from overtone.kernels.fourier import NetSpec
from overtone.models.base import Batch, ImageSpec
from overtone.models.compute import normal_noise
from overtone.models.latent import AbstractLatentModel
from overtone.models.layers.fourier_net import fourier_nets
from overtone.models.layers.mlp import Mlp
from overtone.models.series_generator.config import SeriesGeneratorConfig
from overtone.models.series_generator.series import cosine_basis
from overtone.shapes import Float


class SeriesGenerator(AbstractLatentModel):
    """Latent vector -> coefficients of one Fourier machine an image -> image of any size.

    The machine is that of the codec `tiled-dct`: a wide first layer, here a few cosine series over
    the whole image, and a narrow deep Fourier network (thesis, eq. 4.5) from their values to
    colours. The decoder emits the coefficients of both. Trained as an autoencoder with noise on the
    latents; what is sampled is fitted to the latents afterwards. docs/design/series-generator.md
    has the reasons.
    """

    name: ClassVar[str] = "series-generator"
    config_class: ClassVar[type] = SeriesGeneratorConfig
    steps_on_card: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = True
    networks: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    config: SeriesGeneratorConfig
    basis: Tensor

    def __init__(
        self, config: SeriesGeneratorConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__(
            config, spec, latent_dim=config.latent_dim, prior=config.prior, generator=generator
        )
        self.net = config.net_spec(spec.channels)
        self.num_terms = config.num_series * config.num_frequencies**2
        basis = cosine_basis(config.num_frequencies, spec.height, spec.width)
        self.register_buffer("basis", basis, persistent=False)
        num_values = spec.channels * spec.height * spec.width
        self.encoder = Mlp(
            (num_values, *config.encoder_hidden, config.latent_dim),
            activation=silu,
            generator=generator,
        )
        self.decoder = Mlp(
            (config.latent_dim, *config.decoder_hidden, self.num_terms + self.net.num_weights),
            activation=silu,
            generator=generator,
        )
        self.shared = torch.nn.Parameter(_shared_start(self.net, generator))

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        latents = self.encode(batch.images)
        noise = normal_noise(latents.shape, generator, latents.device, batch.share)
        noisy = latents + self.config.latent_noise * noise
        decoded = fourier_nets(self.net, *self._networks(noisy, self.basis))
        error = (decoded - batch.images.flatten(2)).square().sum() / len(decoded)
        means, variances = batch.share.moments(latents, (0,))
        spread = means.square().sum() + (variances - 1).square().sum()
        return {
            "loss": error + self.config.spread_weight * spread,
            "mean_squared_error": error.detach() / batch.images[0].numel(),
            "spread": spread.detach(),
        }

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        return self.encoder(images.flatten(1)).float()

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        basis = self.basis if size is None else self._basis(size)
        values = fourier_nets(self.net, *self._networks(latents, basis)).clamp(-1, 1)
        return values.unflatten(2, size or (self.spec.height, self.spec.width))

    def _networks(
        self, latents: Float[Tensor, "b d"], basis: Float[Tensor, "f p"]
    ) -> tuple[Float[Tensor, "b w"], Float[Tensor, "b s p"]]:
        """Coefficients of each image's network, and its series at the positions of a basis."""
        outputs = self.decoder(latents).float()
        terms, weights = outputs.split([self.num_terms, self.net.num_weights], dim=1)
        series = terms.unflatten(1, (self.config.num_series, -1)) @ basis
        return self.shared + self.config.net_scale * weights, series

    def _basis(self, size: tuple[int, int]) -> Float[Tensor, "f p"]:
        frequencies = self.config.num_frequencies
        return cosine_basis(frequencies, self.spec.height, self.spec.width, size).to(self.basis)


def _shared_start(net: NetSpec, generator: torch.Generator) -> Float[Tensor, " w"]:
    """Outputs of a hidden layer differ by 0.1, those of the last one by 0.3."""
    starts = []
    for number, layer in enumerate(net.layers, 1):
        std = (0.3 if number == len(net.layers) else 0.1) / math.sqrt(2 * 2**layer.num_inputs)
        starts.append(std * torch.randn(layer.size, generator=generator))
    return torch.cat(starts)

"""The Fourier generator as a model: loss, encoding, decoding at any size."""

import functools
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu
from typing_extensions import override

from overtone.data import ImageSet
from overtone.models.base import Batch, ImageSpec, ParameterGroup
from overtone.models.compute import normal_noise
from overtone.models.fourier_generator.config import FourierGeneratorConfig
from overtone.models.fourier_generator.net import CoefficientScale, pixel_positions
from overtone.models.latent import AbstractLatentModel
from overtone.models.layers.fourier_net import fourier_nets, squared_errors
from overtone.models.layers.mlp import Mlp
from overtone.shapes import Float


class FourierGenerator(AbstractLatentModel):
    """Latent vector -> A and B of every layer -> one deep Fourier network -> image of any size.

    Source: thesis, chapter 4, and the program released with it; docs/design/fourier-generator.md
    names every difference between the two.
    """

    name: ClassVar[str] = "fourier-generator"
    config_class: ClassVar[type] = FourierGeneratorConfig
    steps_on_card: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = True
    networks: ClassVar[tuple[str, ...]] = ("encoder", "cosine_decoder", "sine_decoder")
    config: FourierGeneratorConfig
    positions: Tensor
    encoder: Mlp | None
    table: torch.nn.Parameter | None

    def __init__(
        self, config: FourierGeneratorConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__(
            config,
            spec,
            latent_dim=config.latent_dim,
            prior=config.prior,
            generator=generator,
        )
        self.net = config.net_spec(spec.channels)
        self.scale = CoefficientScale(self.net, config.period_px)
        positions = pixel_positions(spec.height, spec.width) / config.period_px
        self.register_buffer("positions", positions, persistent=False)
        ends = (config.latent_dim, self.net.num_weights // 2)
        sizes = (ends[0], *config.decoder_hidden, ends[1])
        self.cosine_decoder = self._mlp(sizes, False, generator)
        self.sine_decoder = self._mlp(sizes, False, generator)
        self.encoder, self.table = None, None
        if config.encoder == "mlp":
            num_values = spec.channels * spec.height * spec.width
            sizes = (num_values, *config.encoder_hidden, config.latent_dim)
            self.encoder = self._mlp(sizes, True, generator)
        else:
            table = torch.randn(spec.num_images, config.latent_dim, generator=generator)
            self.table = torch.nn.Parameter(table * config.table_std)
            self.has_unseen_loss = False

    def _mlp(self, sizes: tuple[int, ...], is_encoder: bool, generator: torch.Generator) -> Mlp:
        return Mlp(
            sizes,
            activation=functools.partial(leaky_relu, negative_slope=self.config.negative_slope),
            has_active_output=is_encoder,
            init_std=self.config.init_std,
            generator=generator,
        )

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        latents = self.encode(batch.images) if self.table is None else self.table[batch.indices]
        noise = normal_noise(latents.shape, generator, latents.device, batch.share)
        error = self.squared_error(latents + self.config.latent_noise * noise, batch.images)
        norm = latents.float().square().sum()
        loss = self._objective(error, norm, len(batch.images))
        if self.config.loss_reduction == "sum":
            loss = loss / batch.share.weight  # losses of processes are averaged
        return {
            "loss": loss,
            "mean_squared_error": error.detach() / batch.images.numel(),
            "latent_rms": batch.share.mean(norm.detach() / latents.numel()).sqrt(),
        }

    def _objective(
        self, error: Float[Tensor, ""], norm: Float[Tensor, ""], num_images: int
    ) -> Float[Tensor, ""]:
        """Eq. 4.8 of the sums of squared errors and of squared latents over the images."""
        penalty = self.config.latent_weight * norm
        if self.config.loss_reduction == "sum":
            return error + penalty
        return (error / (self.spec.height * self.spec.width) + penalty) / num_images

    def squared_error(
        self, latents: Float[Tensor, "b d"], images: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, ""]:
        """Sum over all images, pixels and channels of (decoded - image)²."""
        coefficients = self.coefficients(latents)
        return squared_errors(self.net, coefficients, self.positions, images.flatten(2)).sum()

    def coefficients(self, latents: Float[Tensor, "b d"]) -> Float[Tensor, "b w"]:
        """Coefficients of each image's network, as `models.layers.fourier_net` takes them."""
        return self.scale(self.cosine_decoder(latents), self.sine_decoder(latents))

    @override
    def parameter_groups(self) -> list[ParameterGroup]:
        decoders = [*self.cosine_decoder.parameters(), *self.sine_decoder.parameters()]
        groups = [ParameterGroup(tuple(decoders))]
        if self.encoder is not None:
            rates = self.config.encoder_rates
            groups.append(ParameterGroup(tuple(self.encoder.parameters()), *rates))
        if self.table is not None:
            groups.append(ParameterGroup((self.table,), *self.config.table_rates))
        return groups

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        if self.encoder is not None:
            return self.encoder(images.flatten(1))
        return self._search(images)

    def _search(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        """Latents that minimise the loss for the decoder as it is, by Adam from 0."""
        latents = images.new_zeros(len(images), self.latent_dim, requires_grad=True)
        rate = self.config.search_rate * self.config.table_std
        optimizer = torch.optim.Adam([latents], lr=rate)
        with torch.enable_grad():
            for _ in range(self.config.search_steps):
                error, norm = self.squared_error(latents, images), latents.square().sum()
                loss = self._objective(error, norm, len(images))
                (latents.grad,) = torch.autograd.grad(loss, [latents])
                optimizer.step()
        return latents.detach()

    @override
    def training_latents(self, images: ImageSet) -> Float[Tensor, "n d"]:
        if self.table is not None:
            return self.table.detach()[: len(images)]
        return super().training_latents(images)

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        positions = self.positions
        height, width = size or (self.spec.height, self.spec.width)
        if size is not None:
            grid = pixel_positions(self.spec.height, self.spec.width, size)
            positions = (grid / self.config.period_px).to(positions)
        values = fourier_nets(self.net, self.coefficients(latents), positions)
        return values.unflatten(2, (height, width))

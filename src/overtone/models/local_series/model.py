"""The local series generator as a model: drawing, decoding at any size, adversarial training."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec, ParameterGroup
from overtone.models.compute import normal_noise
from overtone.models.latent import AbstractLatentModel
from overtone.models.layers.cells import grid_of
from overtone.models.layers.class_shares import count_of_class, draw_classes, note_class_shares
from overtone.models.layers.initialization import initialize
from overtone.models.layers.mirror import mirrored
from overtone.models.local_series.config import LocalSeriesConfig
from overtone.models.local_series.critic import Critic, relativistic_loss, squared_slopes
from overtone.models.local_series.net import SeriesNet
from overtone.shapes import Float, Int64

# Sizes of what the class and the place add to the coarse grid at the start; the latent adds 1.
_START_CLASS = 0.4
_START_BASE = 0.3
# Likewise of what the numbers of the tiles add to features of size one.
_START_DETAILS = 0.3


class LocalSeriesGenerator(AbstractLatentModel):
    """Latent vector and class -> a coarse grid -> a cosine series for each tile -> the picture.

    Trained against a critic by `relativistic_loss`, with penalties on the critic's slopes, each
    side in a step of its own. The critic is there from `begin` to `finish` only and is not stored.
    A latent vector is `latent_dim` normal numbers, `cell_dim` for each tile, then the share of each
    class: 1 for one of them when drawn. docs/design/local-series.md has the reasons.
    """

    name: ClassVar[str] = "local-series-generator"
    config_class: ClassVar[type] = LocalSeriesConfig
    steps_on_card: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = True
    # Not the critic, whose slopes have slopes.
    networks: ClassVar[tuple[str, ...]] = ("net",)
    default_train: ClassVar[Mapping[str, Any]] = {
        "core_minutes": 20.0,
        "batch_size": 64,
        "learning_rate": 4e-4,
        "final_rate_ratio": 0.05,
        "warmup_steps": 100,
        "betas": [0.0, 0.99],
        "ema_decay": 0.999,
        "precision": "bfloat16",
    }
    has_encoder: ClassVar[bool] = False
    has_unseen_loss = False  # the critic's says nothing of images it has not seen
    config: LocalSeriesConfig
    class_shares: Tensor

    def __init__(
        self, config: LocalSeriesConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        self.num_classes = len(spec.class_names)
        num_cells = math.prod(grid_of(spec, config.series.cell_px))
        self.num_normal = config.latent_dim + config.cell_dim * num_cells
        length = self.num_normal + self.num_classes
        super().__init__(config, spec, latent_dim=length, prior=config.prior, generator=generator)
        self.net = SeriesNet(config.series, spec, generator=generator)
        width, (rows, columns) = config.series.coarse_width, self.net.coarse_grid
        class_dim = config.class_dim if self.num_classes else 0
        self.class_vectors = nn.Parameter(
            torch.randn(self.num_classes, class_dim, generator=generator)
        )
        self.base = nn.Parameter(
            _START_BASE * torch.randn(rows, columns, width, generator=generator)
        )
        self.spread = nn.Linear(config.latent_dim + class_dim, self.base.numel())
        self._start_spread(generator)
        self.to_details = None
        if config.cell_dim:
            fine_width = config.series.fine_width
            self.to_details = nn.Conv2d(config.cell_dim, fine_width, 1, bias=False)
            initialize(self.to_details, generator, gain=_START_DETAILS)
        self.register_buffer("class_shares", torch.full((self.num_classes,), 1.0))
        self.critic: Critic | None = None

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        config = self.config
        self.critic = Critic(
            config.critic_width, config.critic_blocks, self.spec, generator=generator
        )
        note_class_shares(self.class_shares, images)

    @override
    def num_of_class(self, number: int) -> int | None:
        return count_of_class(self.class_shares, number, self.spec.num_images)

    @override
    def parameter_groups(self) -> list[ParameterGroup]:
        """The generator's, whose rate rises to the critic's, and the critic's."""
        critic = () if self.critic is None else tuple(self.critic.parameters())
        known = set(critic)
        own = tuple(each for each in self.parameters() if each not in known)
        start = ParameterGroup(own, rate_start=self.config.generator_rate_start)
        return [start, ParameterGroup(critic)] if critic else [start]

    @override
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        """Drops the critic and moves the class vectors apart by `class_gain`."""
        self.critic = None
        with torch.no_grad():
            mean = self.class_shares @ self.class_vectors
            self.class_vectors.sub_(mean).mul_(self.config.class_gain).add_(mean)

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        critic, labels = self._critic(), batch.labels if self.num_classes else None
        real = self._real(batch, generator)
        with torch.no_grad():
            drawn = self._drawn(batch, generator)
        loss = relativistic_loss(critic(real, labels), critic(drawn, labels))
        slopes = self._slopes(critic, batch, real, drawn)
        return {
            "loss": loss + self.config.penalty_weight * slopes,
            "critic": loss.detach(),
            "squared_slopes": slopes.detach(),
        }

    def _slopes(
        self,
        critic: Critic,
        batch: Batch,
        real: Float[Tensor, "b c h w"],
        drawn: Float[Tensor, "b c h w"],
    ) -> Float[Tensor, ""]:
        """The penalty on the first images of the batch, of which a process may have few or none."""
        share = batch.share
        count = max(1, round(self.config.penalty_share * (share.num_images or len(real))))
        own = share.own_below(count)
        some = slice(max(1, own))  # of none there would be no gradient
        classes = None
        if self.num_classes and batch.labels is not None:
            classes = batch.labels[some].repeat(2)
        slopes = squared_slopes(critic, torch.cat([real[some], drawn[some]]), classes)
        # The mean over both halves is half the sum of R1 and R2.
        return slopes.unflatten(0, (2, -1))[:, :own].sum() / (2 * count * share.weight)

    @override
    def second_loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        critic, labels = self._critic(), batch.labels if self.num_classes else None
        critic.requires_grad_(False)
        with torch.no_grad():
            on_real = critic(self._real(batch, generator), labels)
        loss = relativistic_loss(critic(self._drawn(batch, generator), labels), on_real)
        critic.requires_grad_(True)
        return {"loss": loss, "generator": loss.detach()}

    @override
    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        raise ConfigError(
            f"a {self.name} is trained against a critic and has no encoder; it draws pictures and "
            "walks between drawn ones. Give a model with an encoder, such as series-generator"
        )

    @override
    def decode(
        self, latents: Float[Tensor, "b d"], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "b c h w"]:
        lengths = (self.config.latent_dim, self.num_normal - self.config.latent_dim)
        whole, cells, shares = latents.split([*lengths, self.num_classes], dim=1)
        entered = torch.cat([whole, shares @ self.class_vectors], dim=1)
        grid = self.spread(entered).view(len(latents), *self.base.shape) + self.base
        details = None
        if self.to_details is not None:
            details = self.to_details(cells.view(len(latents), -1, *self.net.grid))
        return self.net(grid.permute(0, 3, 1, 2), size, details)

    @override
    def sample_latents(
        self,
        num_images: int,
        *,
        generator: torch.Generator,
        temperature: float = 1.0,
        labels: Int64[Tensor, " b"] | None = None,
        prior: str | None = None,
        guidance: float = 1.0,
    ) -> Float[Tensor, "b d"]:
        """Normal numbers and a class each; without labels the classes are drawn by their shares.

        `guidance` multiplies the difference between a class and the mean of all classes.
        """
        self.check_labels(num_images, labels)
        if not self.num_classes:
            self.check_unguided(guidance)
        normal = super().sample_latents(
            num_images, generator=generator, temperature=temperature, prior=prior
        )[:, : self.num_normal]
        shares = self.class_shares.cpu()
        if labels is None and self.num_classes:
            labels = draw_classes(shares, num_images, generator)
        latents = self._with_class(normal, labels)
        latents[:, self.num_normal :].sub_(shares).mul_(guidance).add_(shares)
        return latents

    @torch.no_grad()
    def _start_spread(self, generator: torch.Generator) -> None:
        """The start of the coarse grid: mostly of the latent, little of class and place.

        With as much of the class and of `base` as of the latent, all pictures of a class stay alike
        for thousands of steps.
        """
        of_latent = self.spread.weight[:, : self.config.latent_dim]
        of_class = self.spread.weight[:, self.config.latent_dim :]
        for weight, size in ((of_latent, 1.0), (of_class, _START_CLASS)):
            std = size / math.sqrt(max(1, weight.shape[1]))
            weight.copy_(std * torch.randn(weight.shape, generator=generator))
        self.spread.bias.zero_()

    def _critic(self) -> Critic:
        if self.critic is None:
            raise ValueError("there is no critic: call begin with the training images first")
        return self.critic

    def _real(self, batch: Batch, generator: torch.Generator) -> Float[Tensor, "b c h w"]:
        """The images of a batch, each of them mirrored or not."""
        if not self.config.flips:
            return batch.images
        return mirrored(batch.images, generator, batch.share)

    def _drawn(self, batch: Batch, generator: torch.Generator) -> Float[Tensor, "b c h w"]:
        """New pictures of the classes of a batch."""
        shape = len(batch.images), self.num_normal
        normal = normal_noise(shape, generator, batch.images.device, batch.share)
        labels = batch.labels if self.num_classes else None
        return self.decode(self._with_class(normal, labels)).float()

    def _with_class(
        self, normal: Float[Tensor, "b z"], labels: Int64[Tensor, " b"] | None
    ) -> Float[Tensor, "b d"]:
        if labels is None:
            return normal
        shares = functional.one_hot(labels, self.num_classes).to(normal)
        return torch.cat([normal, shares], dim=1)

"""The local series generator as a model: drawing, decoding at any size, adversarial training."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec
from overtone.models.latent import AbstractLatentModel
from overtone.models.layers.initialization import initialize
from overtone.models.local_series.config import LocalSeriesConfig
from overtone.models.local_series.critic import Critic, relativistic_loss, squared_slopes
from overtone.models.local_series.net import SeriesNet
from overtone.shapes import Float, Int64


class LocalSeriesGenerator(AbstractLatentModel):
    """Latent vector and class -> a coarse grid -> a cosine series for each tile -> the picture.

    Trained against a critic, as one loss: `relativistic_loss` with penalties on the critic's
    slopes. The critic is there from `begin` to `finish` only and is not stored. A latent vector is
    `latent_dim` normal numbers, then the share of each class: 1 for one of them when drawn.
    docs/design/local-series.md has the reasons.
    """

    name: ClassVar[str] = "local-series-generator"
    config_class: ClassVar[type] = LocalSeriesConfig
    default_length: ClassVar[dict[str, float]] = {"core_minutes": 100.0}
    has_unseen_loss = False  # the critic's says nothing of images it has not seen
    config: LocalSeriesConfig

    def __init__(
        self, config: LocalSeriesConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        self.num_classes = len(spec.class_names)
        length = config.latent_dim + self.num_classes
        super().__init__(config, spec, latent_dim=length, prior=config.prior, generator=generator)
        self.net = SeriesNet(config.series, spec, generator=generator)
        coarse = (config.series.coarse_width, *self.net.coarse_grid)
        class_dim = config.class_dim if self.num_classes else 0
        self.class_vectors = nn.Parameter(
            torch.randn(self.num_classes, class_dim, generator=generator)
        )
        self.base = nn.Parameter(torch.randn(1, *coarse, generator=generator))
        self.spread = nn.Linear(config.latent_dim + class_dim, self.base.numel())
        initialize(self.spread, generator, gain=1.0)
        self.register_buffer("class_shares", torch.full((self.num_classes,), 1.0))
        self.critic: Critic | None = None

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        config = self.config
        self.critic = Critic(
            config.critic_width, config.critic_blocks, self.spec, generator=generator
        )
        if images.labels is not None and self.num_classes:
            counts = torch.from_numpy(images.labels).bincount(minlength=self.num_classes)
            self.class_shares.copy_(counts / counts.sum())

    @override
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        self.critic = None

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        if self.critic is None:
            raise ValueError("there is no critic: call begin with the training images first")
        real, config = batch.images, self.config
        labels = batch.labels if self.num_classes else None
        if config.flips:
            real = _flipped(real, generator)
        normal = torch.randn(len(real), config.latent_dim, generator=generator).to(real.device)
        drawn = self.decode(self._with_class(normal, labels)).float()
        loss = relativistic_loss(self.critic, real, drawn, labels)
        some = slice(max(1, round(config.penalty_share * len(real))))
        both = torch.cat([real[some], drawn[some]])
        slopes = squared_slopes(
            self.critic, both, None if labels is None else labels[some].repeat(2)
        )
        # The mean over both halves is half the sum of R1 and R2.
        return {
            "loss": loss + config.penalty_weight * slopes,
            "critic": loss.detach(),
            "squared_slopes": slopes.detach(),
        }

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
        normal, shares = latents.split([self.config.latent_dim, self.num_classes], dim=1)
        entered = torch.cat([normal, shares @ self.class_vectors], dim=1)
        # Channels last: convolutions are faster so.
        rows, columns = self.net.coarse_grid
        grid = self.spread(entered).view(len(latents), rows, columns, -1).permute(0, 3, 1, 2)
        return self.net(grid + self.base, size)

    @override
    def sample_latents(
        self,
        num_images: int,
        *,
        generator: torch.Generator,
        temperature: float = 1.0,
        labels: Int64[Tensor, " b"] | None = None,
        prior: str | None = None,
    ) -> Float[Tensor, "b d"]:
        self.check_labels(num_images, labels)
        latents = super().sample_latents(
            num_images, generator=generator, temperature=temperature, prior=prior
        )
        normal = latents[:, : self.config.latent_dim]
        if labels is None and self.num_classes:
            shares = self.class_shares.cpu()
            labels = torch.multinomial(shares, num_images, replacement=True, generator=generator)
        return self._with_class(normal, labels)

    def _with_class(
        self, normal: Float[Tensor, "b z"], labels: Int64[Tensor, " b"] | None
    ) -> Float[Tensor, "b d"]:
        if labels is None:
            return normal
        shares = functional.one_hot(labels, self.num_classes).to(normal)
        return torch.cat([normal, shares], dim=1)


def _flipped(images: Float[Tensor, "b c h w"], generator: torch.Generator) -> Any:
    """Each image or its mirror."""
    is_flipped = torch.rand(len(images), 1, 1, 1, generator=generator).to(images.device) < 0.5
    return torch.where(is_flipped, images.flip(3), images)

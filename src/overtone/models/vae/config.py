"""Settings of the variational autoencoder."""

import dataclasses
from typing import Literal

from overtone.models.latent import PriorConfig


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VaeConfig:
    """A strided convolutional encoder and its mirror image.

    Attributes:
        latent_dim: Numbers in a latent vector.
        channels: Output channels of each convolution; each halves the image.
        hidden: Units of the layer between the convolutions and the latent.
        likelihood: Distribution of a pixel: "cross-entropy" takes its value in [0, 1] for a
            probability, "gaussian" learns one variance for all.
        prior: What is sampled from.
    """

    latent_dim: int = 32
    channels: tuple[int, ...] = (32, 64, 128)
    hidden: int = 352
    likelihood: Literal["cross-entropy", "gaussian"] = "cross-entropy"
    prior: PriorConfig = dataclasses.field(default_factory=PriorConfig)

    def __post_init__(self) -> None:
        if min(self.latent_dim, self.hidden, *self.channels, 1) < 1 or not self.channels:
            raise ValueError(
                "latent_dim, hidden and channels must be at least 1, got "
                f"{self.latent_dim}, {self.hidden} and {self.channels}"
            )

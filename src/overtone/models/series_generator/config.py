"""Settings of the series generator."""

import dataclasses

from overtone.kernels.fourier import NetSpec
from overtone.models.latent import PriorConfig

DEFAULT_PRIOR = PriorConfig(default="mixture")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeriesGeneratorConfig:
    """Settings of a series generator: table [network] of a preset.

    Attributes:
        latent_dim: Numbers in a latent vector.
        encoder_hidden: Widths of the encoder's hidden layers.
        decoder_hidden: Widths of the decoder's hidden layers.
        num_series: Cosine series an image, the inputs of its network, 1..10.
        num_frequencies: Frequencies 0, ½, 1, 1½ ... cycles an image along each axis of a series.
        net_hidden: Widths of the hidden layers of an image's network, 1..10.
        net_scale: What the decoder's outputs are multiplied by before they are added to the
            coefficients that all networks share.
        latent_noise: Standard deviation of what is added to latents in training; they are kept
            near a mean of 0 and a variance of 1.
        spread_weight: Weight of the penalty that keeps them there.
        prior: What is sampled.
    """

    latent_dim: int = 32
    encoder_hidden: tuple[int, ...] = (1024, 512)
    decoder_hidden: tuple[int, ...] = (512, 1024)
    num_series: int = 4
    num_frequencies: int = 10
    net_hidden: tuple[int, ...] = (4,)
    net_scale: float = 0.1
    latent_noise: float = 0.05
    spread_weight: float = 0.1
    prior: PriorConfig = DEFAULT_PRIOR

    def __post_init__(self) -> None:
        for name in ("latent_dim", "num_frequencies"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("encoder_hidden", "decoder_hidden"):
            if min(getattr(self, name), default=1) < 1:
                raise ValueError(f"{name} must be at least 1 each, got {getattr(self, name)}")
        for name in ("latent_noise", "spread_weight"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name):g}")
        if not self.net_scale > 0:
            raise ValueError(f"net_scale must be above 0, got {self.net_scale:g}")
        self.net_spec(3)

    def net_spec(self, num_channels: int) -> NetSpec:
        """An image's network.

        Raises:
            ValueError: `num_series` or `net_hidden` is out of range.
        """
        return NetSpec(num_axes=self.num_series, hidden=self.net_hidden, num_outputs=num_channels)

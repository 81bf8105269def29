"""Settings of the Fourier generator."""

import dataclasses
from typing import Literal

from overtone.kernels.fourier import NetSpec
from overtone.models.latent import PriorConfig

THESIS_PRIOR = PriorConfig(normal_std=8e-3)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FourierGeneratorConfig:
    """Settings, table [network] of a preset; the defaults are the released program for CIFAR-10.

    Learning rates are multiplied from the first to the second of a pair, linearly over training.

    Attributes:
        latent_dim: Numbers in a latent vector.
        encoder: "mlp" computes latents from images; "none" learns a table of one latent for each
            training image.
        encoder_hidden: Widths of the encoder's hidden layers.
        decoder_hidden: Widths of the hidden layers of both decoders; one decoder emits the
            cosine coefficients, the other the sine coefficients.
        net_hidden: Widths of the hidden layers of an image's Fourier network, 1..10.
        period_px: Pixels, and units of the hidden values, in a period of the lowest frequency.
        negative_slope: Slope below 0 of the leaky ReLU after every layer but the decoders' last;
            the encoder's last layer, whose output is the latent, has one too.
        init_std: Standard deviation of the initial weights; biases start at 0.
        table_std: Standard deviation of the initial table.
        latent_weight: λ of eq. 4.8, the weight of squared latents.
        loss_reduction: How eq. 4.8 is read. "sum", the released program: squared errors and squared
            latents, each summed over the batch. "mean", the thesis's text: the squared error of an
            image averaged over its pixels, and both terms over the images. λ in "mean" is λ times
            the number of pixels in "sum": 784 times for 28x28, 1,024 times for 32x32.
        latent_noise: Standard deviation of what is added to latents in training.
        encoder_rates: Multipliers of the encoder's learning rate.
        table_rates: Multipliers of the table's learning rate.
        search_steps: Steps of the search for the latent of a new image, without encoder.
        search_rate: Learning rate of that search, in standard deviations of the table.
        prior: What is sampled; "normal" is the thesis's N(0, σ² I), `normal_std` its σ.
    """

    latent_dim: int = 110
    encoder: Literal["mlp", "none"] = "mlp"
    encoder_hidden: tuple[int, ...] = (1200, 600)
    decoder_hidden: tuple[int, ...] = (500, 1000)
    net_hidden: tuple[int, ...] = (6,) * 10
    period_px: float = 32.0
    negative_slope: float = 0.3
    init_std: float = 3e-2
    table_std: float = 1.0
    latent_weight: float = 300.0
    loss_reduction: Literal["sum", "mean"] = "sum"
    latent_noise: float = 1e-4
    encoder_rates: tuple[float, ...] = (5e-2, 5e-4)
    table_rates: tuple[float, ...] = (1e-6, 1e-6)
    search_steps: int = 200
    search_rate: float = 0.05
    prior: PriorConfig = THESIS_PRIOR

    def __post_init__(self) -> None:
        for name in ("period_px", "init_std", "table_std", "search_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name):g}")
        for name in ("latent_weight", "latent_noise", "negative_slope"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name):g}")
        for name in ("latent_dim", "search_steps", "encoder_hidden", "decoder_hidden"):
            sizes = getattr(self, name)
            if min(sizes if isinstance(sizes, tuple) else (sizes,), default=1) < 1:
                raise ValueError(f"{name} must be at least 1, got {sizes}")
        for name in ("encoder_rates", "table_rates"):
            if len(getattr(self, name)) != 2 or min(getattr(self, name)) < 0:
                raise ValueError(f"{name} must be two numbers from 0, got {getattr(self, name)}")
        self.net_spec(3)

    def net_spec(self, num_channels: int) -> NetSpec:
        """An image's network, in units of one period; the program's 2 sigmoid(x) - 1 is tanh(x/2).

        Raises:
            ValueError: `net_hidden` is out of range.
        """
        return NetSpec(hidden=self.net_hidden, num_outputs=num_channels, output="tanh")

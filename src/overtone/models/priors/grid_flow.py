"""A rectified flow over a grid of local frequency tokens: from noise to the tokens of a picture."""

import dataclasses
import itertools
import math
from typing import Literal

import torch
from torch import Tensor, nn

from overtone.models.compute import normal_noise
from overtone.models.priors.base import check_temperature
from overtone.models.priors.grid_flow_net import GridNet, GridNetConfig
from overtone.models.share import WHOLE, Share
from overtone.shapes import Float, Int64

# Deviations are at least this share of the largest, so that none divides by what is only rounding.
_MIN_DEVIATION = 1e-4
_NUM_BINS = 64  # of the histogram that an entropy is taken of
_DRAWN_TOGETHER = 256


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GridFlowConfig:
    """Network and training of a flow over a grid of tokens.

    Attributes:
        net: The network.
        scale_power: Tokens are divided by the standard deviation of their channel to this power,
            then all by one number: 1 gives each channel the same share of the noise, 0 leaves the
            strong ones to come out of the noise first.
        weighting: How much the squared error of a channel counts: all "equal", by its "energy", or
            by its "entropy".
        time_shift: Added to the logit of the time, which is normal in training and uniform in a
            draw's steps: above 0 more of both are near the picture, below 0 near the noise.
        class_dropout: Share of pictures in training whose class is hidden, which guidance needs.
        num_steps: Steps of a draw, two evaluations of the network each but the last.
    """

    net: GridNetConfig = dataclasses.field(default_factory=GridNetConfig)
    scale_power: float = 0.5
    weighting: Literal["equal", "energy", "entropy"] = "equal"
    time_shift: float = 0.0
    class_dropout: float = 0.1
    num_steps: int = 16

    def __post_init__(self) -> None:
        if not 0 <= self.scale_power <= 1:
            raise ValueError(f"scale_power must be in 0..1, got {self.scale_power:g}")
        if not 0 <= self.class_dropout < 1:
            raise ValueError(f"class_dropout must be in [0, 1), got {self.class_dropout:g}")
        if not -10 <= self.time_shift <= 10:
            raise ValueError(f"time_shift must be in -10..10, got {self.time_shift:g}")
        if self.num_steps < 1:
            raise ValueError(f"num_steps must be at least 1, got {self.num_steps}")


class GridFlow(nn.Module):
    """Velocity v(x, t) with dx/dt = v from noise at t = 0 to a grid of tokens at t = 1.

    Trained on E w |v((1 - t) x₀ + t x₁, t) - (x₁ - x₀)|² with x₀ from N(0, I), x₁ the scaled tokens
    and t logistic-normal. The network adds to the best linear guess of each number from itself, in
    units of what that guess leaves open. Drawn by Heun's method.

    Source: Liu et al., arXiv:2209.03003, equation 1; Esser et al., arXiv:2403.03206, section 3.1;
        guidance of Ho & Salimans, arXiv:2207.12598, equation 6, w + 1 there is `guidance` here. The
        linear guess is the preconditioning of Karras et al., arXiv:2206.00364, table 1, of a flow.

    Args:
        config: Settings.
        grid: Rows, columns and channels of the tokens.
        num_classes: Known classes, 0 for none.
        generator: Source of the initial weights.

    Attributes:
        mean: Mean of each token.
        scale: What the difference from the mean is divided by, for each channel.
        deviation: Standard deviation of the scaled tokens of each channel.
        weights: Weight of each channel's squared error; their mean is 1.
    """

    mean: Tensor
    scale: Tensor
    deviation: Tensor
    weights: Tensor

    def __init__(
        self,
        config: GridFlowConfig,
        grid: tuple[int, int, int],
        num_classes: int,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config, self.grid, self.num_classes = config, grid, num_classes
        self.net = GridNet(config.net, grid, num_classes, generator=generator)
        self.register_buffer("mean", torch.zeros(grid))
        for name in ("scale", "deviation", "weights"):
            self.register_buffer(name, torch.ones(grid[-1]))

    @torch.no_grad()
    def fit_scale(self, tokens: Float[Tensor, "n r c d"]) -> None:
        """Sets mean, scale, deviation and weights to those of some tokens of training images."""
        tokens = tokens.double()
        centred = tokens - tokens.mean(0)
        deviation = centred.square().mean((0, 1, 2)).sqrt()
        deviation = deviation.clamp_min(_MIN_DEVIATION * float(deviation.max().clamp_min(1e-12)))
        scale = deviation**self.config.scale_power
        scale = scale * (deviation / scale).square().mean().sqrt()
        self.mean.copy_(tokens.mean(0))
        self.scale.copy_(scale)
        self.deviation.copy_(deviation / scale)
        self.weights.copy_(_weights(centred, deviation, self.config.weighting))

    def loss(
        self,
        tokens: Float[Tensor, "b r c d"],
        labels: Int64[Tensor, " b"] | None,
        *,
        generator: torch.Generator,
        share: Share = WHOLE,
    ) -> Float[Tensor, ""]:
        """Weighted mean squared error of the velocity at random times; classes hidden at random."""
        count, device = len(tokens), tokens.device
        target = (tokens - self.mean) / self.scale
        chances = share.uniform((count,), generator).to(device)
        classes = self._classes(count, labels)
        classes = torch.where(chances < self.config.class_dropout, self.num_classes, classes)
        logits = normal_noise((count,), generator, device, share)
        times = torch.sigmoid(logits + self.config.time_shift)
        noise = normal_noise(target.shape, generator, device, share)
        place = times[:, None, None, None]
        velocity = self.velocity((1 - place) * noise + place * target, times, classes)
        return (self.weights * (velocity - (target - noise)).square()).mean()

    def velocity(
        self, x: Float[Tensor, "b r c d"], times: Float[Tensor, " b"], classes: Int64[Tensor, " b"]
    ) -> Float[Tensor, "b r c d"]:
        """Where scaled tokens move at these times; class `num_classes` is none."""
        share, variance = times[:, None, None, None], self.deviation.square()
        spread = share.square() * variance + (1 - share).square()
        guess = (share * variance - (1 - share)) / spread * x
        found = self.net(x * spread.rsqrt(), times, classes).float()
        return guess + self.deviation * spread.rsqrt() * found

    @torch.no_grad()
    def draw(
        self,
        num: int,
        *,
        generator: torch.Generator,
        labels: Int64[Tensor, " b"] | None = None,
        guidance: float = 1.0,
        temperature: float = 1.0,
    ) -> Float[Tensor, "b r c d"]:
        """New tokens, on the device of the network; noise is drawn on the processor.

        Args:
            num: How many grids.
            generator: Source of the noise.
            labels: Class of each; of no class by default.
            guidance: Velocity of the class minus that of none is multiplied by it.
            temperature: Multiplies the noise at the start.

        Raises:
            ConfigError: `temperature` is negative or not finite.
        """
        check_temperature(temperature)
        device = self.mean.device
        noise = temperature * torch.randn(num, *self.grid, generator=generator)
        classes = self._classes(num, labels)
        drawn = [
            self._carry(some.to(device), of, guidance if labels is not None else 1.0)
            for some, of in zip(
                noise.split(_DRAWN_TOGETHER), classes.split(_DRAWN_TOGETHER), strict=True
            )
        ]
        return torch.cat(drawn) * self.scale + self.mean

    def _carry(
        self, x: Float[Tensor, "b r c d"], classes: Int64[Tensor, " b"], guidance: float
    ) -> Float[Tensor, "b r c d"]:
        """Noise to scaled tokens by Heun's method; the last step is Euler's."""
        times = draw_times(self.config.num_steps, self.config.time_shift).to(x.device)
        for start, end in itertools.pairwise(times):
            first = self._guided(x, start, classes, guidance)
            ahead = x + (end - start) * first
            if end < 1:
                second = self._guided(ahead, end, classes, guidance)
                ahead = x + (end - start) * (first + second) / 2
            x = ahead
        return x

    def _guided(
        self,
        x: Float[Tensor, "b r c d"],
        time: Float[Tensor, ""],
        classes: Int64[Tensor, " b"],
        guidance: float,
    ) -> Float[Tensor, "b r c d"]:
        times, none = time.expand(len(x)), torch.full_like(classes, self.num_classes)
        if guidance == 1:
            return self.velocity(x, times, classes)
        plain = self.velocity(x, times, none)
        return plain + guidance * (self.velocity(x, times, classes) - plain)

    def _classes(self, count: int, labels: Int64[Tensor, " b"] | None) -> Int64[Tensor, " b"]:
        if labels is None or not self.num_classes:
            return torch.full((count,), self.num_classes, device=self.mean.device)
        return labels.to(self.mean.device)


def draw_times(num_steps: int, time_shift: float) -> Float[Tensor, " n"]:
    """From 0 to 1: equal steps, whose logits are then shifted."""
    even = torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
    odds = even * math.exp(time_shift)
    return (odds / (1 - even + odds)).float()


def _weights(
    centred: Float[Tensor, "n r c d"], deviation: Float[Tensor, " d"], weighting: str
) -> Float[Tensor, " d"]:
    if weighting == "equal":
        return torch.ones_like(deviation)
    if weighting == "energy":
        weights = deviation.square()
    else:
        # Of tokens rounded to one step for all channels, in nats: weak channels have little.
        step = 8 * float(deviation.max()) / _NUM_BINS
        bins = (centred / step).round().clamp(-_NUM_BINS, _NUM_BINS).long() + _NUM_BINS
        counts = torch.stack(
            [torch.bincount(own.flatten(), minlength=2 * _NUM_BINS + 1) for own in bins.unbind(-1)]
        )
        weights = torch.special.entr(counts / counts.sum(1, keepdim=True)).sum(1)
    return weights / weights.mean().clamp_min(1e-12)

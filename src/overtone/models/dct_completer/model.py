"""The completer: its loss, what it predicts and what it draws."""

import itertools
import math
from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, Batch, ImageSpec, from_pixels
from overtone.models.dct_completer.cells import (
    chroma_of,
    doubled,
    enlarged,
    num_given,
    num_missing,
    split,
    to_images,
    to_planes,
)
from overtone.models.dct_completer.config import DctCompleterConfig
from overtone.models.dct_completer.net import MULTIPLE, GridNet
from overtone.models.share import Share
from overtone.shapes import Float, Int64

NUM_MEASURED = 4096  # training pictures whose coefficients give the scales
TIME_SPREAD = 1.0  # of the logistic-normal times that steps are trained at
TIMES = (0.05, 0.95)  # asked for when drawing; beyond, steps are hardly trained
RESIDUAL_DECAY = 0.995  # of the running mean of squared residuals
LEAST_DEVIATION = 1e-4  # of a coefficient that is always the same
NUM_CALIBRATED = 256  # training pictures whose residuals say how widely to draw
NOISE_SCALES = (0.25, 2.0)  # between which that is looked for
NUM_HALVINGS = 8  # of that range


class DctCompleter(AbstractModel):
    """Cosine coefficients that are missing of a picture, given the others, in two parts.

    1. A convolutional network predicts their mean, trained by least squares.
    2. A rectified flow, given what the first saw and said, draws what is left: the residual, in
       units of its own deviation. Steps as in Liu et al., 2023, equation 1; times as in Esser et
       al., 2024, section 3.1.

    A flow trained for minutes makes too much of its noise, so at the end of training the noise is
    scaled until residuals that are drawn vary as much as those of training pictures; and it is not
    asked for times near 0 and 1, for which it was hardly trained.

    Neither is a transformer of lists; the model of Nash et al. is `dct-transformer`.
    """

    name: ClassVar[str] = "dct-completer"
    config_class: ClassVar[type] = DctCompleterConfig
    draws_pictures: ClassVar[bool] = False
    draws_on_cuda: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = True
    config: DctCompleterConfig
    given_mean: Tensor
    given_deviation: Tensor
    missing_deviation: Tensor
    residual_deviation: Tensor
    noise_scale: Tensor

    def __init__(
        self, config: DctCompleterConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__(config, spec, generator=generator)
        if config.task == "colorize" and spec.channels != 3:
            raise ConfigError(
                "network.task=colorize needs colour pictures, these are gray; "
                "give network.task=upscale or other data"
            )
        given, missing = (count(config.task, spec.channels) for count in (num_given, num_missing))
        self.mean_net = GridNet(
            given,
            missing,
            width=config.width,
            fine_blocks=config.fine_blocks,
            coarse_blocks=config.coarse_blocks,
            num_heads=config.heads,
            has_time=False,
            generator=generator,
        )
        self.flow_net = GridNet(
            given + 2 * missing,
            missing,
            width=config.flow_width,
            fine_blocks=config.flow_fine_blocks,
            coarse_blocks=config.flow_coarse_blocks,
            num_heads=config.heads,
            has_time=True,
            generator=generator,
        )
        self.register_buffer("given_mean", torch.zeros(given, 1, 1))
        self.register_buffer("given_deviation", torch.ones(given, 1, 1))
        self.register_buffer("missing_deviation", torch.ones(()))
        self.register_buffer("residual_deviation", torch.ones(missing, 1, 1))
        self.register_buffer("noise_scale", torch.ones(()))

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        some = images.images[:: max(1, len(images) // NUM_MEASURED)]  # of every class
        given, missing = split(from_pixels(torch.from_numpy(some)), self.config.task, MULTIPLE)
        self.given_mean.copy_(given.mean((0, 2, 3))[:, None, None])
        self.given_deviation.copy_(_deviation(given))
        self.missing_deviation.copy_(missing.square().mean().sqrt().clamp(min=LEAST_DEVIATION))
        self.residual_deviation.copy_(_deviation(missing))

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        is_training = torch.is_grad_enabled()
        images, share = batch.images, batch.share
        if is_training:
            is_turned = share.uniform((len(images),), generator) < 0.5
            is_turned = is_turned[:, None, None, None].to(images.device)
            images = torch.where(is_turned, images.flip(3), images)
        with torch.autocast(images.device.type, enabled=False):  # targets are not rounded
            given, missing = split(images, self.config.task, MULTIPLE)
            given = self._standardised(given)
        mean = self._predicted(given)
        residual = missing - mean
        mean_loss = (residual / self.missing_deviation).square().mean()
        residual, mean = residual.detach(), mean.detach()
        if is_training:
            self._learn_deviation(residual, share)
        target = residual / self.residual_deviation
        noise = share.normal(target.shape, generator).to(target.device)
        time = torch.sigmoid(TIME_SPREAD * share.normal((len(target),), generator))
        time = time.to(target.device)
        place = noise + time[:, None, None, None] * (target - noise)
        velocity = self._velocity(place, time, given, mean).float()
        flow_loss = (velocity - (target - noise)).square().mean()
        return {
            "loss": mean_loss + flow_loss,
            "mean_loss": mean_loss.detach(),
            "flow_loss": flow_loss.detach(),
        }

    @override
    @torch.no_grad()
    def finish(self, images: ImageSet, *, generator: torch.Generator) -> None:
        some = images.images[:: max(1, len(images) // NUM_CALIBRATED)][:NUM_CALIBRATED]
        pictures = from_pixels(torch.from_numpy(some)).to(self.noise_scale.device)
        given, missing = split(pictures, self.config.task, MULTIPLE)
        noises = [torch.randn(missing.shape, generator=generator).to(missing) for _ in range(2)]
        given = self._standardised(given)
        mean = self._predicted(given)
        error = (missing - mean).square().mean()
        low, high = NOISE_SCALES
        for _ in range(NUM_HALVINGS):
            middle = math.sqrt(low * high)
            first, second = (self._residual(given, mean, middle * noise) for noise in noises)
            varies_more = (first - second).square().mean() / 2 > error
            low, high = (low, middle) if varies_more else (middle, high)
        self.noise_scale.fill_(math.sqrt(low * high))

    def complete(
        self,
        given: Float[Tensor, "b g rows columns"],
        *,
        temperature: float = 1.0,
        noise: Float[Tensor, "b m rows columns"] | None = None,
    ) -> Float[Tensor, "b m rows columns"]:
        """Missing coefficients; the mean alone where there is no noise or the temperature is 0.

        Args:
            given: As `split` gives them.
            temperature: Spread of the residual's noise; 1 is the model's own.
            noise: From N(0, I).
        """
        given = self._standardised(given)
        mean = self._predicted(given)
        if noise is None or temperature == 0:
            return mean
        return mean + self._residual(given, mean, temperature * self.noise_scale * noise)

    def _predicted(self, given: Tensor) -> Tensor:
        """The mean of the missing coefficients, from standardised ones."""
        return self.mean_net(given).float() * self.missing_deviation

    def _residual(self, given: Tensor, mean: Tensor, x: Tensor) -> Tensor:
        """What the flow makes of scaled noise."""
        times = torch.linspace(0, 1, self.config.num_steps + 1, device=given.device)
        for start, end in itertools.pairwise(times):
            asked = [time.clamp(*TIMES).expand(len(x)) for time in (start, end)]
            first = self._velocity(x, asked[0], given, mean).float()
            ahead = x + (end - start) * first
            second = self._velocity(ahead, asked[1], given, mean).float()
            x = x + (end - start) * (first + second) / 2
        return self.residual_deviation * x

    @override
    def sample(
        self,
        num_images: int,
        *,
        generator: torch.Generator,
        size: tuple[int, int] | None = None,
        temperature: float = 1.0,
        labels: Int64[Tensor, " b"] | None = None,
        prior: str | None = None,
        guidance: float = 1.0,
    ) -> Float[Tensor, "b c h w"]:
        raise ConfigError(
            f"a {self.name} completes pictures and draws none of its own; "
            f"use overtone {self.config.task}"
        )

    @override
    def preview(
        self, num_images: int, images: ImageSet, *, generator: torch.Generator
    ) -> Float[Tensor, "b c h w"]:
        device = self.given_mean.device
        pictures = from_pixels(torch.from_numpy(images.images[:num_images])).to(device)
        given, missing = split(pictures, self.config.task, MULTIPLE)
        noise = torch.randn(missing.shape, generator=generator).to(device)
        found = self.complete(given, noise=noise)
        if self.config.task == "upscale":
            planes = enlarged(given, found)
        else:
            chroma = doubled(chroma_of(found))[..., : self.spec.height, : self.spec.width]
            planes = torch.cat([to_planes(pictures)[:, :1], chroma], 1)
        complete = to_images(planes)[..., : self.spec.height, : self.spec.width]
        return complete.clamp(-1, 1)

    def _standardised(self, given: Tensor) -> Tensor:
        return (given - self.given_mean) / self.given_deviation

    def _velocity(self, place: Tensor, time: Tensor, given: Tensor, mean: Tensor) -> Tensor:
        """Of the flow at places and times; the mean in units of the missing coefficients."""
        return self.flow_net(torch.cat([place, given, mean / self.residual_deviation], 1), time)

    @torch.no_grad()
    def _learn_deviation(self, residual: Tensor, share: Share) -> None:
        variance = share.mean(residual.square().mean((0, 2, 3)))[:, None, None]
        mixed = torch.lerp(variance, self.residual_deviation.square(), RESIDUAL_DECAY)
        self.residual_deviation.copy_(mixed.sqrt().clamp(min=LEAST_DEVIATION))


def _deviation(cells: Float[Tensor, "b k rows columns"]) -> Float[Tensor, "k 1 1"]:
    found = cells.std((0, 2, 3), correction=0)
    return found.clamp(min=LEAST_DEVIATION)[:, None, None]

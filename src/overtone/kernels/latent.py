"""Latent machines: a picture as grids of integers and four small networks, trained on it alone."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels import _latent
from overtone.kernels.latent_shape import Shapes, Spec

Float32 = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How latents become symbols, and what a bit costs.

    Attributes:
        gain: Symbols a unit of a latent.
        rd_weight: λ in distortion + λ · bits a pixel.
        temperature: Softness of the rounding, s_t(s_t(gain y) + noise); 0 rounds.
        noise: Standard deviation of the noise, in symbols.
        seed: Seed of the noise.
        entropy_share: Share of the rows of grids with features whose rate `differentiate` and
            `step` look at: 1, 1/2 or 1/4. They are the next ones for the next seed, and stand for
            the others: rate and gradient are estimates.
    """

    gain: float
    rd_weight: float
    temperature: float = 0.0
    noise: float = 0.0
    seed: int = 0
    entropy_share: float = 1.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How a step follows the gradient: Adam for latents, SOAP for networks.

    Attributes:
        latent_rate: Learning rate of the latents; 0 leaves them alone.
        latent_betas: Memories of Adam's two moments.
        latent_epsilon: Smallest root of the second moment that counts. It is of gradients of the
            loss summed over pixels, so it means the same for all sizes of pictures.
        network_rate: Learning rate of the networks.
        network_betas: Memories of SOAP's two moments; the second is that of its bases, too.
        network_epsilon: Smallest root of the second moment, of gradients of the mean over pixels.
        weight_decay: Share of a weight that a unit of learning rate takes away.
        refresh_every: Steps between turns of SOAP's bases.
        clip_norm: Longest gradient of all networks together.
    """

    latent_rate: float
    network_rate: float
    latent_betas: tuple[float, float] = (0.9, 0.999)
    latent_epsilon: float = 4e-3
    network_betas: tuple[float, float] = (0.95, 0.95)
    network_epsilon: float = 1e-8
    weight_decay: float = 0.01
    refresh_every: int = 10
    clip_norm: float = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Loss:
    """What a machine costs.

    Attributes:
        distortion: Mean squared error of samples in [0, 1].
        grid_bits: Ideal code length of each grid's symbols; networks are not counted.
        rate_bpp: Bits of all grids a pixel.
    """

    distortion: float
    grid_bits: tuple[float, ...]
    rate_bpp: float

    def total(self, rd_weight: float) -> float:
        """Distortion + rd_weight * bits a pixel."""
        return self.distortion + rd_weight * self.rate_bpp


class Machine:
    """Latents and networks of one picture on their way; one call at a time.

    All values are zero at first. The same calls give the same numbers where the number of threads
    and the instruction set are the same.

    Args:
        spec: Sizes.
        picture: Samples in [0, 1], (height, width, channels).
        num_threads: Number of threads, as far as the system grants them.
        isa: Instruction set of the kernels, or "auto" for the best at hand.

    Raises:
        ConfigError: A size is out of range.
        ValueError: The picture is not as the sizes say.
    """

    def __init__(
        self, spec: Spec, picture: Float32, *, num_threads: int, isa: str = "auto"
    ) -> None:
        self.shapes = Shapes(spec)
        self.spec, self.tensors, self.grids = spec, self.shapes.tensors, self.shapes.grids
        self._native = _latent.Machine(self.shapes.native, num_threads=num_threads, isa=isa)
        self._native.set_picture(picture)

    @property
    def isa(self) -> str:
        """Instruction set of the kernels."""
        return self._native.isa

    @property
    def parameters(self) -> Float32:
        """All weights of the networks, in the order of the tensors; a copy."""
        return self._native.parameters

    @parameters.setter
    def parameters(self, values: Float32) -> None:
        self._native.parameters = values

    @property
    def latents(self) -> Float32:
        """All latents, in the order of the grids; a copy."""
        return self._native.latents

    @latents.setter
    def latents(self, values: Float32) -> None:
        self._native.latents = values

    @property
    def symbols(self) -> Float32:
        """What the latents became in the last call."""
        return self._native.symbols

    @property
    def pixels(self) -> Float32:
        """Samples that the last call made, not cut to [0, 1]."""
        return self._native.pixels

    def evaluate(self, conditions: Conditions, *, is_rounded: bool = False) -> Loss:
        """The loss, without gradients.

        Args:
            conditions: How latents become symbols.
            is_rounded: Whether samples are rounded to 8 bits before they are compared.
        """
        return self._loss(self._native.evaluate(_conditions(conditions), is_rounded))

    def differentiate(self, conditions: Conditions) -> tuple[Loss, NDArray[np.float64], Float32]:
        """The loss and its gradients by the parameters and by the latents.

        The gradient passes where samples are cut to [0, 1], as if they were not, and where latents
        are rounded without softness.
        """
        loss = self._loss(self._native.differentiate(_conditions(conditions)))
        return loss, self._native.parameter_gradient, self._native.latent_gradient

    def step(self, conditions: Conditions, rates: Rates) -> Loss:
        """Makes one step; the loss is that before it.

        The first step after `restart` only finds the bases of the networks.
        """
        return self._loss(self._native.step(_conditions(conditions), _rates(rates)))

    def restart(self) -> None:
        """Forgets what the optimisers remember."""
        self._native.restart()

    def _loss(self, found: tuple[float, Sequence[float]]) -> Loss:
        distortion, bits = found
        return Loss(distortion, tuple(bits), sum(bits) / (self.spec.height * self.spec.width))


def _conditions(given: Conditions) -> _latent.Conditions:
    return _latent.Conditions(**dataclasses.asdict(given))


def _rates(given: Rates) -> _latent.Rates:
    values = dataclasses.asdict(given)
    for kind in ("latent", "network"):
        values[f"{kind}_beta1"], values[f"{kind}_beta2"] = values.pop(f"{kind}_betas")
    return _latent.Rates(**values)

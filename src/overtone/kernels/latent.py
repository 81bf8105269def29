"""Latent machines: a picture as grids of integers and four small networks, trained on it alone."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from overtone.kernels import _latent

Float32 = NDArray[np.float32]
Trunk = Literal["linear", "rectified", "fourier", "products"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """Sizes of a machine.

    Attributes:
        height: Rows of the picture.
        width: Columns of the picture.
        channels: Samples of a pixel, 1 to 4.
        num_grids: Grids of latents that reach the pixels; grid i has a latent for 2^i x 2^i pixels.
        first_hyper_grid: From this level on a second grid serves entropy coding only.
        num_neighbours: Symbols of the same grid in a context.
        num_features: Numbers from coarser grids in a context.
        num_feature_grids: Number of the finest grids, whose contexts have them.
        parent_side: Side of the window on the next coarser grid that features are made of, 1 or 3.
        num_context_layers: Hidden layers of the network that predicts symbols.
        trunk: Functions that a pixel's colours are sums of, besides its features themselves: none,
            rectified units, or products of sinusoids or of the features' linear combinations.
        num_mixed: Units of a rectified trunk; factors of the products of others.
        num_residual_layers: Residual layers of 3x3 pixels after the trunk.
    """

    height: int
    width: int
    channels: int = 3
    num_grids: int = 7
    first_hyper_grid: int = 4
    num_neighbours: int = 10
    num_features: int = 4
    num_feature_grids: int = 3
    parent_side: int = 1
    num_context_layers: int = 2
    trunk: Trunk = "rectified"
    num_mixed: int = 16
    num_residual_layers: int = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the networks.

    Attributes:
        name: Network, layer and part, with dots between.
        shape: Lengths of its axes, outputs first.
        offset: Number of its first value among all parameters.
    """

    name: str
    shape: tuple[int, ...]
    offset: int

    @property
    def part(self) -> slice:
        """Where its values are among all parameters."""
        return slice(self.offset, self.offset + math.prod(self.shape))


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """One grid of latents.

    Attributes:
        level: It has a latent for 2^level x 2^level pixels.
        is_hyper: Whether it serves entropy coding only.
        height: Rows.
        width: Columns.
        offset: Number of its first latent among all; rows follow one another.
    """

    level: int
    is_hyper: bool
    height: int
    width: int
    offset: int

    @property
    def name(self) -> str:
        """The letter L or, for hyperlatents, H, and the level."""
        return f"{'H' if self.is_hyper else 'L'}{self.level}"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def part(self) -> slice:
        """Where its values are among all latents."""
        return slice(self.offset, self.offset + self.height * self.width)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How latents become symbols, and what a bit costs.

    Attributes:
        gain: Symbols a unit of a latent.
        rd_weight: λ in distortion + λ · bits a pixel.
        temperature: Softness of the rounding, s_t(s_t(gain y) + noise); 0 rounds.
        noise: Standard deviation of the noise, in symbols.
        seed: Seed of the noise.
        entropy_share: Share of the rows of grids with features whose rate `differentiate` and `step`
            look at: 1, 1/2 or 1/4. They are the next ones for the next seed, and stand for the
            others: rate and gradient are estimates.
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
        ValueError: A size is out of range, or the picture is not as the sizes say.
    """

    def __init__(
        self, spec: MachineSpec, picture: Float32, *, num_threads: int, isa: str = "auto"
    ) -> None:
        self.spec = spec
        self._native = _latent.Machine(**dataclasses.asdict(spec), num_threads=num_threads, isa=isa)
        self._native.set_picture(picture)
        self.tensors = tuple(
            Tensor(name, tuple(shape), offset) for name, shape, offset in self._native.tensors
        )
        self.grids = tuple(Grid(*values) for values in self._native.grids)

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

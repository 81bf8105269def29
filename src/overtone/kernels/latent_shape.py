"""The sizes of a latent machine: its grids, and the tensors of its networks.

The engine that trains machines and the file they are coded in have them in the same order.
"""

import dataclasses
import math
from typing import Literal

from overtone.errors import ConfigError
from overtone.kernels import _latent_shape

Trunk = Literal["linear", "rectified", "fourier", "products"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Sizes of a machine.

    Attributes:
        height: Rows of the picture.
        width: Columns of the picture.
        channels: Samples of a pixel, 1 to 4.
        trunk: Functions that a pixel's colours are sums of, besides its features themselves: none,
            rectified units, or products of sinusoids or of the features' linear combinations.
        num_mixed: Units of a rectified trunk; factors of the products of others; 0 of a linear one.
        num_residual_layers: Residual layers of 3x3 pixels after the trunk.
        num_grids: Grids of latents that reach the pixels; grid i has a latent for 2^i x 2^i pixels.
        first_hyper_grid: From this level on a second grid serves entropy coding only.
        num_context_layers: Hidden layers of the network that predicts symbols.
        num_neighbours: Symbols of the same grid in a context.
        num_features: Numbers from coarser grids in a context.
        num_feature_grids: Number of the finest grids, whose contexts have them.
        parent_side: Side of the window on the next coarser grid that features are made of, 1 or 3.
    """

    height: int
    width: int
    channels: int = 3
    trunk: Trunk = "rectified"
    num_mixed: int = 48
    num_residual_layers: int = 2
    num_grids: int = 7
    first_hyper_grid: int = 4
    num_context_layers: int = 2
    num_neighbours: int = 14
    num_features: int = 6
    num_feature_grids: int = 3
    parent_side: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Tensor:
    """Weights of one layer.

    Attributes:
        name: Network, layer and part, with dots between.
        shape: Lengths of its axes, outputs first.
        kind: Number of what shares a step and a distribution in a file.
        offset: Number of its first weight among all.
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int

    @property
    def size(self) -> int:
        """How many weights it has."""
        return math.prod(self.shape)

    @property
    def part(self) -> slice:
        """Where its weights are among all."""
        return slice(self.offset, self.offset + self.size)


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """Latents, or the symbols that they become, over the picture.

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
        """Where its latents are among all."""
        return slice(self.offset, self.offset + self.height * self.width)


class Shapes:
    """The tensors and grids of a machine.

    Args:
        spec: Its sizes.

    Raises:
        ConfigError: A size is out of its range.
    """

    def __init__(self, spec: Spec) -> None:
        try:
            self.native = _latent_shape.Shapes(**dataclasses.asdict(spec))
        except ValueError as error:
            raise ConfigError(f"latent machine: {error}") from error
        self.spec = spec
        self.tensors = tuple(
            Tensor(name, tuple(shape), kind, offset)
            for name, shape, kind, offset in self.native.tensors
        )
        self.grids = tuple(Grid(*each) for each in self.native.grids)

    @property
    def num_weights(self) -> int:
        """Of all tensors."""
        return self.tensors[-1].part.stop

    @property
    def num_symbols(self) -> int:
        """Of all grids."""
        return self.grids[-1].part.stop

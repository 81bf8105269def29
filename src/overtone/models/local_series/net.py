"""The network of the local series generator: residual convolutions on two grids."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.kernels.fourier import NetSpec
from overtone.models.base import ImageSpec
from overtone.models.layers.cells import grid_of
from overtone.models.layers.colors import color_matrix
from overtone.models.layers.fourier_net import fourier_nets
from overtone.models.layers.initialization import initialize
from overtone.models.local_series.config import SeriesNetConfig
from overtone.models.local_series.tiles import synthesize, tile_bases
from overtone.shapes import Float

SLOPE = 0.2  # of the leaky rectifiers below zero
GROUP = 16  # channels that a 3x3 convolution mixes
# Colours of -1 to 1 are half a period of a composed layer.
_COMPOSED_SCALE = 0.25
# Standard deviation of a coefficient at the start, where channels are of size one.
_START = 0.3
# Likewise of a composed layer.
_START_COMPOSED = 0.02


class Residual(nn.Module):
    """x + a block of 1x1, grouped 3x3 and 1x1 convolutions; without normalisation.

    The last layer starts at zero, so that the block starts as the identity.

    Source: blocks of R3GAN, Huang et al., arXiv:2501.05441, section 3.
    """

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        groups = max(1, width // GROUP) if width % GROUP == 0 else 1
        self.first = nn.Conv2d(width, width, 1)
        self.middle = nn.Conv2d(width, width, 3, padding=1, groups=groups)
        self.last = nn.Conv2d(width, width, 1, bias=False)
        initialize(self, generator, gain=math.sqrt(2 / (1 + SLOPE**2)))
        nn.init.zeros_(self.last.weight)

    @override
    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        hidden = functional.leaky_relu(self.first(x), SLOPE)
        return x + self.last(functional.leaky_relu(self.middle(hidden), SLOPE))


def residuals(width: int, count: int, generator: torch.Generator) -> nn.Sequential:
    """Blocks one after the other."""
    return nn.Sequential(*(Residual(width, generator) for _ in range(count)))


class SeriesNet(nn.Module):
    """Coarse grid of features -> coefficients of every tile -> pictures of any size.

    With `composed_layers` a deep Fourier network of each picture (thesis, equation 4.5) adds to the
    values of the series what it makes of them.

    Attributes:
        coarse_grid: Rows and columns of the coarse grid.
        grid: Rows and columns of the tiles.
    """

    basis_y: Tensor
    basis_x: Tensor
    rgb: Tensor

    def __init__(
        self, config: SeriesNetConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.grid = rows, columns = grid_of(spec, config.cell_px)
        self.coarse_grid = (-(-rows // 2), -(-columns // 2))
        self.coarse = residuals(config.coarse_width, config.coarse_blocks, generator)
        self.widen = nn.Conv2d(config.coarse_width, config.fine_width, 1)
        self.place = nn.Parameter(torch.zeros(1, config.fine_width, rows, columns))
        self.fine = residuals(config.fine_width, config.fine_blocks, generator)
        luma, chroma = config.num_frequencies**2, config.num_chroma_frequencies**2
        self.has_chroma = chroma > 0 and spec.channels == 3
        num_coefficients = luma + 2 * chroma if self.has_chroma else spec.channels * luma
        self.to_series = nn.Conv2d(config.fine_width, num_coefficients, 1)
        initialize(self.widen, generator, gain=1.0)
        initialize(self.to_series, generator, gain=_START)
        self.composed = self._composed_spec()
        if self.composed is not None:
            self.to_composed = nn.Linear(config.fine_width, self.composed.num_weights)
            initialize(self.to_composed, generator, gain=_START_COMPOSED)
        basis_y, basis_x = self._bases((spec.height, spec.width))
        self.register_buffer("rgb", torch.linalg.inv(color_matrix(3)), persistent=False)
        self.register_buffer("basis_y", basis_y, persistent=False)
        self.register_buffer("basis_x", basis_x, persistent=False)

    @override
    def forward(
        self,
        coarse: Float[Tensor, "b f i j"],
        size: tuple[int, int] | None = None,
        details: Float[Tensor, "b g rows cols"] | None = None,
    ) -> Float[Tensor, "b c h w"]:
        """`details` is added to the features on the grid of the tiles."""
        features = self._features(coarse, details)
        basis_y, basis_x = self.basis_y, self.basis_x
        if size is not None:
            basis_y, basis_x = (basis.to(coarse.device) for basis in self._bases(size))
        series = self._of_colors(self.to_series(features))
        values = synthesize(series, basis_y, basis_x, self.spec.channels)
        if self.composed is None:
            return values
        coefficients = self.to_composed(features.mean((2, 3))).float()
        places = _COMPOSED_SCALE * values.float().flatten(2)
        return values + fourier_nets(self.composed, coefficients, places).view(values.shape)

    def _features(
        self,
        coarse: Float[Tensor, "b f i j"],
        details: Float[Tensor, "b g rows cols"] | None = None,
    ) -> Float[Tensor, "b g rows cols"]:
        x = self.widen(self.coarse(coarse))
        x = functional.interpolate(x, scale_factor=2, mode="bilinear")
        x = x[:, :, : self.grid[0], : self.grid[1]] + self.place
        if details is not None:
            x = x + details
        return functional.leaky_relu(self.fine(x), SLOPE)

    def _of_colors(
        self, series: Float[Tensor, "b k rows cols"]
    ) -> Float[Tensor, "b c_k_k rows cols"]:
        """Coefficients in the order of colour, k_y, k_x, from luma's and the two differences'."""
        if not self.has_chroma:
            return series
        k, of_chroma = self.config.num_frequencies, self.config.num_chroma_frequencies
        luma, chroma = series.split([k**2, 2 * of_chroma**2], dim=1)
        missing = (0, 0, 0, 0, 0, k - of_chroma, 0, k - of_chroma)
        chroma = functional.pad(chroma.unflatten(1, (2, of_chroma, of_chroma)), missing)
        planes = torch.cat([luma.unflatten(1, (1, k, k)), chroma], dim=1).flatten(2, 3)
        return torch.einsum("cp,bpkij->bckij", self.rgb, planes).flatten(1, 2)

    def _composed_spec(self) -> NetSpec | None:
        num_layers, channels = self.config.composed_layers, self.spec.channels
        if num_layers == 0:
            return None
        return NetSpec(
            num_axes=channels, hidden=(channels,) * (num_layers - 1), num_outputs=channels
        )

    def _bases(self, size: tuple[int, int]) -> list[Float[Tensor, "k n"]]:
        config = self.config
        return tile_bases(self.grid, config.num_frequencies, config.cell_px, self.spec, size)

"""Atoms of overlapping tiles, placed on a grid of cells: as one matrix, or as pictures."""

import abc
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.models.local_dictionary.tiles import tile_places
from overtone.models.pca.model import principal_components
from overtone.shapes import Float
from overtone.transform.dct import dct_matrix

_FIT_RATE = 0.02
# Mean squared error of training crops with the best weights of the atoms in a matrix.
ErrorOfMatrix = Callable[[Float[Tensor, "n v"]], Float[Tensor, ""]]


class AbstractTileAtoms(nn.Module, abc.ABC):
    """Atoms that every cell has, on a tile of two cells' width around it, under `tile_places`.

    Attributes:
        cell_px: Width of a cell, pixels of the training images.
    """

    cell_px: int

    @abc.abstractmethod
    def start(self, tiles: Float[Tensor, "n c t t"]) -> None:
        """Sets the atoms by what tiles of training images, less their mean, are like."""

    @abc.abstractmethod
    def fit(self, error_of: ErrorOfMatrix, size: tuple[int, int], num_steps: int) -> None:
        """Fits what is not fitted by `start` alone.

        Args:
            error_of: The error that a matrix of atoms leaves.
            size: Height and width of the crops that it is the error of.
            num_steps: Steps.
        """

    @abc.abstractmethod
    def matrix(self, height: int, width: int) -> Float[Tensor, "n v"]:
        """Atoms in place: rows by cell row, column, atom; columns by channel, y, x."""

    @abc.abstractmethod
    def images(
        self, weights: Float[Tensor, "b r s k"], native: tuple[int, int], size: tuple[int, int]
    ) -> Float[Tensor, "b c h w"]:
        """Weighted sums of atoms at a size (height, width) of at least the native one."""


class WaveAtoms(AbstractTileAtoms):
    """color · sin 2π(f_y y + p_y) · sin 2π(f_x x + p_x) · a bell along each axis.

    y and x run from 0 to 1 over the tile, so that atoms are evaluated at any size.

    Attributes:
        shapes: For each atom and axis (y, x): frequency in cycles a tile, phase in turns, centre of
            the bell, and the logarithm of its width.
        colors: Weights of the channels.
    """

    shapes: Tensor
    colors: Tensor

    def __init__(
        self, num_atoms: int, num_channels: int, cell_px: int, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.cell_px = cell_px
        shapes = torch.rand(4, num_atoms, 2, generator=generator)
        shapes = shapes * torch.tensor([cell_px, 1.0, 0.0, 0.0])[:, None, None]
        shapes = shapes + torch.tensor([0.0, 0.0, 0.5, 0.0])[:, None, None]
        self.register_buffer("shapes", shapes)
        self.register_buffer("colors", torch.randn(num_atoms, num_channels, generator=generator))

    @override
    @torch.no_grad()
    def start(self, tiles: Float[Tensor, "n c t t"]) -> None:
        """The strongest cosines of windowed tiles along the principal colours."""
        side = tiles.shape[-1]
        values = tiles.transpose(0, 1).flatten(1)
        axes = torch.linalg.eigh((values @ values.T).double()).eigenvectors.T.to(tiles)
        cosines = torch.tensor(dct_matrix(side)).to(tiles)
        window = torch.sin(math.pi * (torch.arange(side) + 0.5) / side).to(tiles) ** 2
        windowed = torch.einsum("ac,nchw->nahw", axes, tiles) * window[:, None] * window
        energy = (cosines @ windowed @ cosines.T).square().mean(0).flatten()
        strongest = energy.topk(min(len(self.colors), len(energy))).indices
        row, column = strongest // side % side, strongest % side
        count = len(strongest)  # what is left of more atoms than cosines stays random
        self.shapes[0, :count] = torch.stack([row, column], dim=1) / 2
        self.shapes[1, :count] = 0.25
        self.colors[:count] = axes[strongest // side**2]

    @override
    def fit(self, error_of: ErrorOfMatrix, size: tuple[int, int], num_steps: int) -> None:
        """By Adam; atoms then get a norm of 1 on a whole tile."""
        shapes, colors = (x.clone().requires_grad_() for x in (self.shapes, self.colors))
        optimizer = torch.optim.Adam([shapes, colors], _FIT_RATE)
        for step in range(num_steps):
            optimizer.param_groups[0]["lr"] = _FIT_RATE * (1 - step / num_steps)
            with torch.enable_grad():
                error = error_of(_wave_matrix(shapes, colors, self.cell_px, *size))
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
        with torch.no_grad():
            side = 2 * self.cell_px
            middle = [waves[:, 1] for waves in _waves(shapes, self.cell_px, (2 * side, 2 * side))]
            norms = middle[0].norm(dim=1) * middle[1].norm(dim=1) * colors.norm(dim=1)
            self.shapes.copy_(shapes)
            self.colors.copy_(colors / norms.clamp_min(1e-6)[:, None])

    @override
    def matrix(self, height: int, width: int) -> Float[Tensor, "n v"]:
        return _wave_matrix(self.shapes, self.colors, self.cell_px, height, width)

    @override
    def images(
        self, weights: Float[Tensor, "b r s k"], native: tuple[int, int], size: tuple[int, int]
    ) -> Float[Tensor, "b c h w"]:
        down, across = _waves(self.shapes, self.cell_px, native, size)
        lines = torch.einsum("brsk,ksw->bkrw", weights, across)
        planes = torch.einsum("bkrw,krh->bkhw", lines, down)
        return torch.einsum("bkhw,kc->bchw", planes, self.colors)


class ComponentAtoms(AbstractTileAtoms):
    """The principal components of tiles, as pixels; other sizes are a bicubic enlargement.

    Attributes:
        tiles: The components, strongest first.
    """

    tiles: Tensor

    def __init__(self, num_atoms: int, num_channels: int, cell_px: int) -> None:
        super().__init__()
        self.cell_px = cell_px
        side = 2 * cell_px
        self.register_buffer("tiles", torch.zeros(num_atoms, num_channels, side, side))

    @override
    @torch.no_grad()
    def start(self, tiles: Float[Tensor, "n c t t"]) -> None:
        _, found, _ = principal_components([tiles.flatten(1)], len(self.tiles))
        self.tiles.copy_(found.unflatten(1, self.tiles.shape[1:]))

    @override
    def fit(self, error_of: ErrorOfMatrix, size: tuple[int, int], num_steps: int) -> None:
        """Nothing is left to fit."""

    @override
    def matrix(self, height: int, width: int) -> Float[Tensor, "n v"]:
        side, half = 2 * self.cell_px, self.cell_px // 2
        windows = [tile_places(length, self.cell_px, length)[1] for length in (height, width)]
        rows, columns = (len(window) for window in windows)
        count, channels = self.tiles.shape[:2]
        padded = (rows * self.cell_px + side, columns * self.cell_px + side)
        placed = self.tiles.new_zeros(rows, columns, count, channels, *padded)
        for row in range(rows):
            for column in range(columns):
                y, x = row * self.cell_px, column * self.cell_px
                placed[row, column, :, :, y : y + side, x : x + side] = self.tiles
        placed = placed[..., half : half + height, half : half + width]
        down, across = (window.to(self.tiles) for window in windows)
        placed = placed * down[:, None, None, None, :, None] * across[:, None, None, None, :]
        return placed.flatten(0, 2).flatten(1)

    @override
    def images(
        self, weights: Float[Tensor, "b r s k"], native: tuple[int, int], size: tuple[int, int]
    ) -> Float[Tensor, "b c h w"]:
        flat = weights.flatten(1) @ self.matrix(*native)
        images = flat.unflatten(1, (self.tiles.shape[1], *native))
        return images if size == native else functional.interpolate(images, size, mode="bicubic")


def _waves(
    shapes: Float[Tensor, "4 k 2"],
    cell_px: int,
    native: tuple[int, int],
    size: tuple[int, int] | None = None,
) -> tuple[Float[Tensor, "k r h"], Float[Tensor, "k s w"]]:
    """Windowed sines of each atom and cell along y and along x."""
    found = []
    for axis, (length, count) in enumerate(zip(native, size or native, strict=True)):
        positions, windows = (x.to(shapes) for x in tile_places(length, cell_px, count))
        frequency, phase, centre, log_width = shapes[:, :, axis, None, None]
        sines = torch.sin(2 * math.pi * (frequency * positions + phase))
        bell = torch.exp(-(((positions - centre) * torch.exp(-log_width)) ** 2) / 2)
        found.append(sines * bell * windows)
    return found[0], found[1]


def _wave_matrix(
    shapes: Float[Tensor, "4 k 2"],
    colors: Float[Tensor, "k c"],
    cell_px: int,
    height: int,
    width: int,
) -> Float[Tensor, "n v"]:
    down, across = _waves(shapes, cell_px, (height, width))
    placed = torch.einsum("kc,krh,ksw->rskchw", colors, down, across)
    return placed.flatten(0, 2).flatten(1)

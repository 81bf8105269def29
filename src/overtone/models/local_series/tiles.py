"""Cosine series on overlapping tiles: coefficients of a grid of cells to pixels of any size."""

import math

import torch
from torch import Tensor

from overtone.models.base import ImageSpec
from overtone.shapes import Float


def tile_basis(
    num_cells: int, num_frequencies: int, length_px: int, cell_px: int, count: int
) -> Float[Tensor, "cells_k n"]:
    """What each coefficient of each cell adds along one axis, at `count` pixel centres.

    Cell i has a tile of twice its own width around it. On it stand cos(π k x), 0 <= k <
    `num_frequencies`, where x runs from 0 to 1 over the tile, times sin²(π x), which sums to 1
    over the two tiles at any place. Cells outside the grid repeat those at its border.

    Args:
        num_cells: Along this axis.
        num_frequencies: Cosines of a tile.
        length_px: Pixels of the training images along this axis.
        cell_px: Width of a cell, in those pixels.
        count: Pixels to evaluate at, over the same length.

    Returns:
        Rows in the order of cells, then frequencies.
    """
    place = (torch.arange(count, dtype=torch.float64) + 0.5) / count * length_px
    k = torch.arange(num_frequencies, dtype=torch.float64)
    size = torch.where(k == 0, 1.0, math.sqrt(2)) / (1 + k)
    basis = torch.zeros(num_cells, num_frequencies, count, dtype=torch.float64)
    for cell in range(-1, num_cells + 1):
        x = (place - (cell - 0.5) * cell_px) / (2 * cell_px)
        window = torch.where((x > 0) & (x < 1), torch.sin(math.pi * x) ** 2, 0.0)
        waves = size[:, None] * torch.cos(math.pi * k[:, None] * x) * window
        basis[min(max(cell, 0), num_cells - 1)] += waves
    return basis.flatten(0, 1).float()


def tile_bases(
    grid: tuple[int, int],
    num_frequencies: int,
    cell_px: int,
    spec: ImageSpec,
    size: tuple[int, int],
) -> list[Float[Tensor, "cells_k n"]]:
    """`tile_basis` along both axes of the training images, at the pixels of `size`; y first."""
    return [
        tile_basis(cells, num_frequencies, length, cell_px, count)
        for cells, length, count in zip(grid, (spec.height, spec.width), size, strict=True)
    ]


def synthesize(
    series: Float[Tensor, "b c_k_k rows cols"],
    basis_y: Float[Tensor, "rows_k h"],
    basis_x: Float[Tensor, "cols_k w"],
    num_channels: int,
) -> Float[Tensor, "b c h w"]:
    """The pictures of coefficients, whose channels are in the order of colour, k_y, k_x."""
    rows, columns = series.shape[2:]
    k = basis_y.shape[0] // rows
    grid = series.reshape(-1, num_channels, k, k, rows, columns).permute(0, 1, 4, 2, 5, 3)
    grid = grid.reshape(-1, num_channels, rows * k, columns * k)
    return basis_y.T @ (grid @ basis_x)

"""Overlapping tiles along one axis: which places each covers, and with what weight."""

import math

import torch

from overtone.shapes import Float64


def tile_places(
    length: int, cell_px: int, count: int
) -> tuple[Float64[torch.Tensor, "r n"], Float64[torch.Tensor, "r n"]]:
    """Where pixel centres lie on the tile of each cell, and the windows there.

    Cell i has a tile of twice its own width around it. The window is sin² over the tile, divided
    by the sum of all windows at the place: 1 inside, less near the ends, where one tile is alone.

    Args:
        length: Length of the axis, pixels of the training images; the last cell may reach over
            the end.
        cell_px: Width of a cell, in those pixels.
        count: Places, the centres of as many equal parts of the axis.

    Returns:
        Positions, 0 to 1 over the tile and beyond, and windows; 0 outside the tile.
    """
    num_cells = -(-length // cell_px)
    places = (torch.arange(count, dtype=torch.float64) + 0.5) * (length / count)
    starts = (torch.arange(num_cells, dtype=torch.float64) - 0.5) * cell_px
    positions = (places - starts[:, None]) / (2 * cell_px)
    is_inside = (positions > 0) & (positions < 1)
    windows = torch.where(is_inside, torch.sin(math.pi * positions) ** 2, 0.0)
    return positions, windows / windows.sum(0)

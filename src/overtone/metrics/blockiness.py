"""Do the borders of tiles or blocks show? Gradient energy across them against elsewhere."""

import numpy as np

from overtone.shapes import UInt8

# Borders of JPEG's blocks and of the smallest tiles lie on multiples of this.
GRID_PX = 8


def blockiness_ratio(
    image: UInt8[np.ndarray, "h w c"], *, period_px: int, scale: int = 1
) -> float | None:
    """Mean squared step across lines at multiples of `period_px`, over that across lines off grid.

    1 means that nothing tells a border from the inside of a tile; a visible grid is above it, and
    a grid of blurred borders below. The picture's own structure moves it a little, so compare with
    the ratio of the original.

    Args:
        image: Decoded pixels.
        period_px: Distance of the borders in source pixels, a multiple of 8.
        scale: Output pixels per source pixel.

    Returns:
        The ratio; None when the picture has no such border or no contrast at all.
    """
    if period_px % GRID_PX:
        raise ValueError(f"period_px must be a multiple of {GRID_PX}, got {period_px}")
    across, off_grid = [], []
    samples = image.astype(np.float64)
    for axis in (0, 1):
        energy = np.square(np.diff(samples, axis=axis)).mean(axis=(1 - axis, 2))
        line = np.arange(1, image.shape[axis])  # position of each step, output pixels
        across.append(energy[line % (period_px * scale) == 0])
        # Half-way between grid lines and near it: as far from every border as a step can be.
        middle = (line // scale) % GRID_PX == GRID_PX // 2
        off_grid.append(energy[middle & (line % scale == 0)])
    inside = np.concatenate(off_grid)
    borders = np.concatenate(across)
    if not borders.size or not inside.size or not inside.mean():
        return None
    return float(borders.mean() / inside.mean())

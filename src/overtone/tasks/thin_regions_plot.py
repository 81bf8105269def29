"""A figure of what filling thin places did: distances before and after, thin and drawn pictures."""

import io
from typing import TYPE_CHECKING

import numpy as np

from overtone.errors import ConfigError
from overtone.imaging.image import to_grid
from overtone.shapes import UInt8

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from overtone.tasks.thin_regions import ThinFilled

_SHOWN = 36  # pictures on a sheet
_BINS = 60


def draw_thin_regions(filled: "ThinFilled") -> bytes:
    """A PNG: a histogram, a sheet of the thinnest pictures, a sheet of added ones.

    Raises:
        ConfigError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ConfigError(
            "drawing the figure needs matplotlib: pip install 'overtone-image[plot]', or leave "
            "out the figure"
        ) from None
    figure = Figure(figsize=(15, 5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _draw_distances(left, filled)
    _draw_sheet(middle, filled.real[filled.density.thin[:_SHOWN]], "the thinnest pictures")
    _draw_sheet(right, filled.added[:_SHOWN], "drawn and added")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _draw_distances(axes: "Axes", filled: "ThinFilled") -> None:
    density = filled.density
    edges = np.linspace(0, float(density.distances.max()), _BINS + 1).tolist()
    axes.hist(density.distances, edges, color="#adb5bd", label="before")
    axes.hist(filled.distances_after, edges, histtype="step", color="#1971c2", label="after")
    axes.axvline(density.threshold, color="#868e96", linestyle=":", label="thin from here")
    axes.set_yscale("log")
    axes.set_xlabel(f"distance to neighbour {density.neighbours} ({filled.features})")
    axes.set_ylabel("pictures of the set")
    axes.set_title(f"thin ones: {filled.before:.3g} before, {filled.after:.3g} after, in the mean")
    axes.legend(fontsize="small")


def _draw_sheet(axes: "Axes", pictures: UInt8[np.ndarray, "n h w c"], title: str) -> None:
    sheet = to_grid(pictures, num_columns=max(1, round(len(pictures) ** 0.5)))
    gray = {"cmap": "gray", "vmin": 0, "vmax": 255}
    axes.imshow(sheet[..., 0] if sheet.shape[2] == 1 else sheet, **gray)
    axes.set_title(title)
    axes.axis("off")

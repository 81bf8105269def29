"""Pictures as grids of cells of cosine coefficients: what is given of them and what is missing.

Colours are full-range YCbCr in floating point, of pixels in [-1, 1]: luma in [-1, 1], chroma
about 0. To colour, a cell is 4x4 samples of luma, all 16 coefficients of which are given, over 2x2
samples of each chroma at half the resolution, which are missing. To enlarge, a cell is 2x2 samples
of each component; the mean is given, the other three coefficients are missing.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from overtone.models.dct_completer.config import Task
from overtone.models.layers.colors import color_matrix
from overtone.shapes import Float
from overtone.transform.dct import dct_matrix

COLOUR_CELL = 4  # samples of luma a side
FACTOR = 2  # of enlarging
_TO_YCBCR = color_matrix(3)


def cell_side(task: Task) -> int:
    """Pixels of a complete picture a side of a cell."""
    return COLOUR_CELL if task == "colorize" else FACTOR


def num_given(task: Task, channels: int) -> int:
    """Given numbers of a cell."""
    return COLOUR_CELL**2 if task == "colorize" else channels


def num_missing(task: Task, channels: int) -> int:
    """Missing numbers of a cell."""
    return 2 * (COLOUR_CELL // 2) ** 2 if task == "colorize" else channels * (FACTOR**2 - 1)


def to_planes(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """Luma, or YCbCr of RGB, of pixels in [-1, 1]."""
    if images.shape[1] == 1:
        return images
    return torch.einsum("kc,bchw->bkhw", _TO_YCBCR.to(images), images)


def to_images(planes: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """The inverse of `to_planes`; values may be outside [-1, 1]."""
    if planes.shape[1] == 1:
        return planes
    return torch.einsum("kc,bchw->bkhw", torch.linalg.inv(_TO_YCBCR).to(planes), planes)


def padded(planes: Float[Tensor, "b c h w"], multiple: int) -> Float[Tensor, "b c h2 w2"]:
    """The last row and column repeated until both sides are multiples."""
    below, right = (-length % multiple for length in planes.shape[2:])
    return pad(planes, (0, right, 0, below), mode="replicate") if below or right else planes


def given_of_luma(luma: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 16 rows columns"]:
    """To colour: the coefficients of luma, whose sides are multiples of a cell's."""
    return to_cells(luma, COLOUR_CELL)


def split(
    images: Float[Tensor, "b c h w"], task: Task, multiple: int
) -> tuple[Float[Tensor, "b g rows columns"], Float[Tensor, "b m rows columns"]]:
    """What is given and what is missing of complete pictures.

    Args:
        images: Pixels in [-1, 1].
        task: Which is which.
        multiple: Rows and columns of cells are multiples of this; pictures are padded.
    """
    planes = padded(to_planes(images), multiple * cell_side(task))
    if task == "colorize":
        chroma = avg_pool2d(planes[:, 1:], 2)
        return given_of_luma(planes[:, :1]), to_cells(chroma, COLOUR_CELL // 2)
    cells = to_cells(planes, FACTOR).unflatten(1, (planes.shape[1], -1))
    return cells[:, :, 0] / FACTOR, cells[:, :, 1:].flatten(1, 2)


def chroma_of(missing: Float[Tensor, "b 8 rows columns"]) -> Float[Tensor, "b 2 h2 w2"]:
    """Chroma at half the resolution of what completes luma."""
    return from_cells(missing, COLOUR_CELL // 2)


def enlarged(
    given: Float[Tensor, "b c rows columns"], missing: Float[Tensor, "b m rows columns"]
) -> Float[Tensor, "b c h w"]:
    """Planes of what was given to enlarge and what completes it."""
    channels = given.shape[1]
    parts = [FACTOR * given[:, :, None], missing.unflatten(1, (channels, -1))]
    return from_cells(torch.cat(parts, 2).flatten(1, 2), FACTOR)


def doubled(chroma: Float[Tensor, "b 2 h w"]) -> Float[Tensor, "b 2 h2 w2"]:
    """Chroma at twice the resolution, by straight lines between the samples."""
    return interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False)


def to_cells(planes: Float[Tensor, "b c h w"], side: int) -> Float[Tensor, "b k rows columns"]:
    """Orthonormal cosine coefficients of blocks; component by component, rows of frequencies."""
    matrix = _matrix(side, planes)
    blocks = planes.unflatten(2, (-1, side)).unflatten(4, (-1, side))
    coefficients = torch.einsum("vy,ux,bcrysx->bcvurs", matrix, matrix, blocks)
    return coefficients.flatten(1, 3)


def from_cells(cells: Float[Tensor, "b k rows columns"], side: int) -> Float[Tensor, "b c h w"]:
    """The inverse of `to_cells`."""
    matrix = _matrix(side, cells)
    coefficients = cells.unflatten(1, (-1, side, side))
    blocks = torch.einsum("vy,ux,bcvurs->bcrysx", matrix, matrix, coefficients)
    return blocks.flatten(4, 5).flatten(2, 3)


def _matrix(side: int, like: Tensor) -> Tensor:
    return torch.from_numpy(dct_matrix(side).copy()).to(like)

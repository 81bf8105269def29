"""Cosine series over an image's area."""

import math

import torch
from torch import Tensor

from overtone.shapes import Float


def cosine_basis(
    num_frequencies: int, height: int, width: int, size: tuple[int, int] | None = None
) -> Float[Tensor, "f p"]:
    """The products cos(π i y) cos(π j x), 0 <= i, j < `num_frequencies`, at pixel centres.

    y and x run from 0 to 1 over the image. On the `height` x `width` grid every function of one
    axis has the length 1, so that coefficients are of one size; on another grid, of the same area,
    the functions are the same.

    Args:
        num_frequencies: Along each axis.
        height: Height of the image the functions are scaled for, pixels.
        width: Width of that image, pixels.
        size: Rows and columns to evaluate at; those of the image by default.
    """
    axes = [
        _cosines(num_frequencies, length, count)
        for length, count in zip((height, width), size or (height, width), strict=True)
    ]
    return torch.einsum("ip,jq->ijpq", *axes).flatten(2).flatten(0, 1).float()


def _cosines(num_frequencies: int, length: int, count: int) -> Float[Tensor, "f n"]:
    def at_centres(number: int) -> Tensor:
        places = (torch.arange(number, dtype=torch.float64) + 0.5) / number
        return torch.cos(math.pi * torch.arange(num_frequencies)[:, None] * places)

    return at_centres(count) / at_centres(length).norm(dim=1, keepdim=True)

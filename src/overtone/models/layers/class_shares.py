"""How often each class was seen in training, and classes drawn as often."""

import torch
from torch import Tensor

from overtone.data import ImageSet
from overtone.shapes import Float, Int64

_ROUNDING = 0.01  # shares of a file of 16 bits do not quite sum to 1


def note_class_shares(shares: Float[Tensor, " classes"], images: ImageSet) -> None:
    """Sets `shares` to those of the classes in a training set; without classes there are none."""
    if images.labels is not None and len(shares):
        counts = torch.from_numpy(images.labels).bincount(minlength=len(shares))
        shares.copy_(counts.double() / counts.sum())


def count_of_class(shares: Float[Tensor, " classes"], number: int, num_images: int) -> int | None:
    """Images of a class in a training set of so many; None where shares were never noted.

    Of a file of 16 bits it is right to one in 2,000.
    """
    total = float(shares.double().sum())
    if abs(total - 1) > _ROUNDING:
        return None
    return round(float(shares[number]) / total * num_images)


def draw_classes(
    shares: Float[Tensor, " classes"], count: int, generator: torch.Generator
) -> Int64[Tensor, " n"]:
    """So many classes, on the processor, each as likely as its share."""
    return torch.multinomial(shares.cpu(), count, replacement=True, generator=generator)

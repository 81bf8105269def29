"""Images mirrored at random, the augmentation that photographs allow."""

import torch
from torch import Tensor

from overtone.models.share import WHOLE, Share
from overtone.shapes import Float


def mirrored(
    images: Float[Tensor, "b c h w"], generator: torch.Generator, share: Share = WHOLE
) -> Float[Tensor, "b c h w"]:
    """Each image or, with a chance of one half, its mirror: left is right."""
    chances = share.uniform((len(images), 1, 1, 1), generator)
    is_mirrored = chances < 0.5
    return torch.where(is_mirrored.to(images.device), images.flip(3), images)

"""A small convolutional classifier, whose layers the shipped feature networks have."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from overtone.shapes import Float


class ConvClassifier(nn.Module):
    """3x3 convolutions with biases and ReLU, global mean, one linear layer.

    The training scripts have batch normalisation after each convolution and fold it into these
    weights, so that nothing here depends on a mode or on the other images of a batch.

    Args:
        channels: Number of channels of the images, then of each convolution.
        pooled_after: Indices of the convolutions, from 0, that 2x2 maxima follow.
        num_classes: Number of logits.
    """

    def __init__(
        self, channels: Sequence[int], pooled_after: Sequence[int], num_classes: int
    ) -> None:
        super().__init__()
        self.pooled_after = frozenset(pooled_after)
        pairs = itertools.pairwise(channels)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairs)
        self.classifier = nn.Linear(channels[-1], num_classes)

    def maps(
        self, images: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b k i j"], Float[Tensor, "b m u v"]]:
        """What the last two convolutions answer to values in [0, 1]."""
        x = images
        below = x
        for number, convolution in enumerate(self.convolutions):
            below, x = x, torch.relu(convolution(x))
            if number in self.pooled_after:
                x = nn.functional.max_pool2d(x, 2)
        return below, x

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n"]:
        """The logits of values in [0, 1]."""
        return self.classifier(self.maps(images)[1].mean((2, 3)))

"""The layers of gray28, a small classifier of handwritten digits and clothes."""

import itertools

import torch
from torch import Tensor, nn

from overtone.shapes import Float

SIDE = 28
NUM_CLASSES = 20  # ten digits of MNIST, then the ten garments of Fashion-MNIST
CHANNELS = (1, 24, 48, 48, 96, 128)
POOLED_AFTER = (0, 2)  # convolutions followed by 2x2 maxima: 28 -> 14 -> 7


class Gray28(nn.Module):
    """Five 3x3 convolutions with biases and ReLU, global mean, one linear layer.

    The training script has batch normalisation after each convolution and folds it into these
    weights, so that nothing here depends on a mode or on the other images of a batch.
    """

    def __init__(self) -> None:
        super().__init__()
        pairs = itertools.pairwise(CHANNELS)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairs)
        self.classifier = nn.Linear(CHANNELS[-1], NUM_CLASSES)

    def maps(
        self, images: Float[Tensor, "b 1 28 28"]
    ) -> tuple[Float[Tensor, "b 96 7 7"], Float[Tensor, "b 128 7 7"]]:
        """What the last two convolutions answer to gray values in [0, 1]."""
        x = images
        below = x
        for number, convolution in enumerate(self.convolutions):
            below, x = x, torch.relu(convolution(x))
            if number in POOLED_AFTER:
                x = nn.functional.max_pool2d(x, 2)
        return below, x

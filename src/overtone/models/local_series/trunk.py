"""Images to a grid of features: what the critic and the encoder begin with."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from overtone.models.base import ImageSpec
from overtone.models.layers.cells import grid_of
from overtone.models.layers.initialization import initialize
from overtone.models.local_series.net import SLOPE, residuals
from overtone.shapes import Float

NUM_HALVINGS = 3


class Trunk(nn.Module):
    """Residual convolutions at a half, a quarter and an eighth of the size; borders are repeated.

    Attributes:
        grid: Rows and columns of the features.
        num_features: Channels of the features.
    """

    def __init__(
        self, width: int, num_blocks: int, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        step = 1 << NUM_HALVINGS
        self.padding = (-spec.width % step, -spec.height % step)
        self.grid = grid_of(spec, step)
        self.num_features = width << (NUM_HALVINGS - 1)
        self.enter = nn.Conv2d(spec.channels, width, 4, stride=2, padding=1)
        self.to_half = nn.ModuleList(
            nn.Conv2d(4 * (width << k), width << (k + 1), 1) for k in range(NUM_HALVINGS - 1)
        )
        initialize(self, generator, gain=1.0)
        self.blocks = nn.ModuleList(
            residuals(width << k, num_blocks, generator) for k in range(NUM_HALVINGS)
        )

    @override
    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f i j"]:
        x = functional.pad(images, (0, self.padding[0], 0, self.padding[1]), mode="replicate")
        # Convolutions are faster with the channels last.
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        for number, blocks in enumerate(self.blocks):
            if number > 0:
                halved = functional.pixel_unshuffle(functional.leaky_relu(x, SLOPE), 2)
                x = self.to_half[number - 1](halved)
            x = blocks(x)
        return x

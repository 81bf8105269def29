"""The networks: residual convolutions on a grid of cells and on one of half the size."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, scaled_dot_product_attention, silu

from overtone.models.layers.initialization import initialize
from overtone.shapes import Float

MULTIPLE = 2  # rows and columns of a grid that can be halved
NUM_TIME_WAVES = 16
END_SCALE = 0.1  # of last layers' first weights, so that blocks begin near the identity


class GridNet(nn.Module):
    """Features of each cell of a grid that know the cells around, and all of them by attention.

    Nothing but the attention depends on how large the grid is.

    Args:
        num_inputs: Numbers of a cell that are read.
        num_outputs: Numbers of a cell that are written.
        width: Features of a cell; twice as many on the half grid.
        fine_blocks: Blocks on the grid before, and again after, those on the half grid.
        coarse_blocks: Blocks on the half grid.
        num_heads: Heads of the attention on the half grid; 0 for none.
        has_time: Whether blocks are told a time.
        generator: Source of the first weights.
    """

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        *,
        width: int,
        fine_blocks: int,
        coarse_blocks: int,
        num_heads: int,
        has_time: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()

        def blocks(count: int, features: int) -> nn.ModuleList:
            return nn.ModuleList(ResidualBlock(features, has_time) for _ in range(count))

        self.entrance = nn.Conv2d(num_inputs, width, 3, padding=1)
        self.before = blocks(fine_blocks, width)
        self.down = nn.Conv2d(width, 2 * width, 2, stride=2)
        self.coarse = blocks(coarse_blocks, 2 * width)
        self.attention = GridAttention(2 * width, num_heads) if num_heads else None
        self.up = nn.Conv2d(2 * width, 4 * width, 1)
        self.after = blocks(fine_blocks, width)
        self.exit_norm = ChannelNorm(width)
        self.exit = nn.Conv2d(width, num_outputs, 3, padding=1)
        initialize(self, generator, gain=1.0)
        ends = [m.last for m in self.modules() if isinstance(m, ResidualBlock | GridAttention)]
        with torch.no_grad():
            for layer in (*ends, self.exit):
                layer.weight.mul_(END_SCALE)

    def forward(
        self, x: Float[Tensor, "b i rows columns"], time: Float[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b o rows columns"]:
        """Rows and columns are even; time is in 0..1."""
        waves = None if time is None else _waves(time)
        x = self.entrance(x)
        for block in self.before:
            x = block(x, waves)
        inner = self.down(x)
        for number, block in enumerate(self.coarse):
            inner = block(inner, waves)
            if number == len(self.coarse) // 2 and self.attention is not None:
                inner = self.attention(inner)
        x = x + pixel_shuffle(self.up(inner), 2)
        for block in self.after:
            x = block(x, waves)
        return self.exit(silu(self.exit_norm(x)))


class ResidualBlock(nn.Module):
    """Two convolutions, with scales and shifts of the time between."""

    def __init__(self, width: int, has_time: bool) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.time = nn.Linear(2 * NUM_TIME_WAVES, 2 * width) if has_time else None
        self.last = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor, waves: Float[Tensor, "b w"] | None) -> Tensor:
        """The same shape."""
        hidden = self.first(silu(self.norm(x)))
        if self.time is not None:
            scale, shift = self.time(waves)[:, :, None, None].chunk(2, 1)
            hidden = hidden * (1 + scale) + shift
        return x + self.last(silu(hidden))


class GridAttention(nn.Module):
    """Every cell reads all cells."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm = ChannelNorm(width)
        self.first = nn.Conv2d(width, 3 * width, 1)
        self.last = nn.Conv2d(width, width, 1)

    def forward(self, x: Float[Tensor, "b d rows columns"]) -> Float[Tensor, "b d rows columns"]:
        """The same shape."""
        tokens = self.first(self.norm(x)).flatten(2)  # (b, 3 d, tokens)
        parts = tokens.unflatten(1, (3, self.num_heads, -1)).transpose(3, 4)
        query, key, value = parts.unbind(1)
        read = scaled_dot_product_attention(query, key, value).transpose(2, 3).flatten(1, 2)
        return x + self.last(read.unflatten(2, x.shape[2:]))


class ChannelNorm(nn.Module):
    """The features of each cell divided by their root mean square, times a learned scale."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Float[Tensor, "b d rows columns"]) -> Float[Tensor, "b d rows columns"]:
        """The same shape."""
        size = (x * x).mean(1, keepdim=True) + 1e-6
        return x * size.rsqrt() * self.scale[:, None, None]


def _waves(time: Float[Tensor, " b"]) -> Float[Tensor, "b w"]:
    angles = math.pi * time[:, None] * torch.arange(1, NUM_TIME_WAVES + 1, device=time.device)
    return torch.cat([angles.cos(), angles.sin()], 1)

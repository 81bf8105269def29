"""Networks of a flow over a grid of tokens: noisy tokens, a time and a class to a direction."""

import dataclasses
import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import silu
from typing_extensions import override

from overtone.models.layers.initialization import initialize
from overtone.shapes import Float, Int64

NUM_TIME_WAVES = 16  # cosines and sines of the time, from half a cycle up
GROUP = 16  # channels that a 3x3 convolution mixes
NUM_MIXTURES = 8  # of all cells in a block, each of its own share of the channels
HEAD_WIDTH = 64  # of attention; narrower networks have one head
_SMALL = 0.1  # gain of what modulates and of what ends a block, at the start


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GridNetConfig:
    """The network that tells the direction.

    Attributes:
        body: "convolutions" has blocks of 1x1 and grouped 3x3 ones on the grid, around blocks on a
            grid of half the rows and columns that also mix all cells at once; "transformer" has
            attention between all cells. On two cores the first sees five times as many pictures.
        width: Channels on the grid.
        num_blocks: Blocks on the grid; of convolutions half of them before the coarse grid.
        coarse_width: Channels on the coarse grid.
        coarse_blocks: Blocks on it; 0 leaves the coarse grid out, as a transformer must.
        condition_width: Numbers that stand for time and class.
    """

    body: Literal["convolutions", "transformer"] = "convolutions"
    width: int = 128
    num_blocks: int = 4
    coarse_width: int = 256
    coarse_blocks: int = 6
    condition_width: int = 256

    def __post_init__(self) -> None:
        for name in ("width", "num_blocks", "coarse_width", "condition_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.coarse_blocks < 0:
            raise ValueError(f"coarse_blocks must not be below 0, got {self.coarse_blocks}")
        if self.body == "transformer" and self.coarse_blocks:
            raise ValueError(
                f"a transformer has no coarse grid, got {self.coarse_blocks} coarse_blocks; set 0"
            )
        if self.body == "transformer" and self.width % num_heads(self.width):
            raise ValueError(
                f"width must be a multiple of the number of heads, {num_heads(self.width)}, got "
                f"{self.width}"
            )


class GridNet(nn.Module):
    """Tokens on a grid, times and classes -> one vector of as many numbers for each cell.

    Args:
        config: Size and form.
        grid: Rows, columns and channels of the tokens.
        num_classes: Known classes; the one after the last stands for no class.
        generator: Source of the initial weights.
    """

    def __init__(
        self,
        config: GridNetConfig,
        grid: tuple[int, int, int],
        num_classes: int,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        rows, columns, channels = grid
        width, condition = config.width, config.condition_width
        self.classes = nn.Parameter(torch.randn(num_classes + 1, condition, generator=generator))
        self.time_in = nn.Linear(2 * NUM_TIME_WAVES, condition)
        self.time_out = nn.Linear(condition, condition)
        self.enter = nn.Linear(channels, width)
        self.places = nn.Parameter(torch.zeros(rows, columns, width))
        kind = TransformerBlock if config.body == "transformer" else ConvolutionBlock
        before = config.num_blocks // 2 if config.coarse_blocks else config.num_blocks
        self.before = nn.ModuleList(kind(width, condition) for _ in range(before))
        self.coarse = None
        if config.coarse_blocks:
            self.coarse = CoarseGrid(config, (rows, columns))
        after = config.num_blocks - before
        self.after = nn.ModuleList(kind(width, condition) for _ in range(after))
        self.modulate = nn.Linear(condition, 2 * width)
        self.leave = nn.Linear(width, channels)
        initialize(self, generator, gain=1.0)
        _start(self, generator)

    @override
    def forward(
        self,
        tokens: Float[Tensor, "b r c d"],
        times: Float[Tensor, " b"],
        classes: Int64[Tensor, " b"],
    ) -> Float[Tensor, "b r c d"]:
        waves = torch.arange(1, NUM_TIME_WAVES + 1, device=times.device)
        angles = math.pi * times[:, None] * waves
        time = self.time_in(torch.cat([angles.cos(), angles.sin()], dim=1))
        condition = silu(self.time_out(silu(time)) + self.classes[classes])
        x = self.enter(tokens) + self.places
        for block in self.before:
            x = block(x, condition)
        if self.coarse is not None:
            x = x + self.coarse(x, condition)
        for block in self.after:
            x = block(x, condition)
        shift, scale = self.modulate(condition)[:, None, None].chunk(2, dim=-1)
        return self.leave(_normed(x) * (1 + scale) + shift)


class CoarseGrid(nn.Module):
    """Two by two cells become one, blocks follow, and each gives its four cells their part back."""

    def __init__(self, config: GridNetConfig, grid: tuple[int, int]) -> None:
        super().__init__()
        rows, columns = (-(-side // 2) for side in grid)
        width, coarse = config.width, config.coarse_width
        self.missing = (2 * rows - grid[0], 2 * columns - grid[1])  # of an odd grid
        self.enter = nn.Linear(4 * width, coarse)
        self.places = nn.Parameter(torch.zeros(rows, columns, coarse))
        self.blocks = nn.ModuleList(
            ConvolutionBlock(coarse, config.condition_width, num_cells=rows * columns)
            for _ in range(config.coarse_blocks)
        )
        self.leave = nn.Linear(coarse, 4 * width)

    @override
    def forward(
        self, x: Float[Tensor, "b r c w"], condition: Float[Tensor, "b m"]
    ) -> Float[Tensor, "b r c w"]:
        rows, columns, width = x.shape[1:]
        x = functional.pad(x, (0, 0, 0, self.missing[1], 0, self.missing[0]))
        x = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).transpose(2, 3).flatten(3)
        x = self.enter(x) + self.places
        for block in self.blocks:
            x = block(x, condition)
        x = self.leave(_normed(x)).unflatten(3, (2, 2, width)).transpose(2, 3)
        return x.flatten(3, 4).flatten(1, 2)[:, :rows, :columns]


class ConvolutionBlock(nn.Module):
    """x + 1x1, grouped 3x3 and 1x1 convolutions, scaled, shifted and weighted by the condition.

    Args:
        width: Channels.
        condition: Numbers of the condition.
        num_cells: Cells of the grid; with them a learned mixture of all cells is added to the 3x3
            convolution, one matrix for each of `NUM_MIXTURES` shares of the channels. None
            leaves it out.
    """

    def __init__(self, width: int, condition: int, *, num_cells: int | None = None) -> None:
        super().__init__()
        groups = width // GROUP if width % GROUP == 0 else 1
        self.modulate = nn.Linear(condition, 3 * width)
        self.first = nn.Linear(width, width)
        self.middle = nn.Conv2d(width, width, 3, padding=1, groups=groups)
        self.last = nn.Linear(width, width)
        self.mixtures = None
        if num_cells is not None:
            count = NUM_MIXTURES if width % NUM_MIXTURES == 0 else 1
            self.mixtures = nn.Parameter(torch.zeros(count, num_cells, num_cells))

    @override
    def forward(
        self, x: Float[Tensor, "b r c w"], condition: Float[Tensor, "b m"]
    ) -> Float[Tensor, "b r c w"]:
        shift, scale, weight = self.modulate(condition)[:, None, None].chunk(3, dim=-1)
        y = silu(self.first(_normed(x) * (1 + scale) + shift))
        # Channels are last in memory throughout, which convolutions are fast with.
        mixed = self.middle(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        if self.mixtures is not None:
            shares = y.flatten(1, 2).unflatten(2, (len(self.mixtures), -1)).transpose(1, 2)
            whole = torch.matmul(self.mixtures.to(shares.dtype), shares)
            mixed = mixed + whole.transpose(1, 2).reshape(y.shape)
        return x + (1 + weight) * self.last(silu(mixed))


class TransformerBlock(nn.Module):
    """Attention between all cells, then a dense layer of four times the width.

    Source: Peebles & Xie, arXiv:2212.09748, section 3.2, "adaLN"; gates begin near 0 there, here
        their layers do.
    """

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.num_heads = num_heads(width)
        self.modulate = nn.Linear(condition, 6 * width)
        self.inputs = nn.Linear(width, 3 * width)
        self.outputs = nn.Linear(width, width)
        self.widen = nn.Linear(width, 4 * width)
        self.last = nn.Linear(4 * width, width)

    @override
    def forward(
        self, x: Float[Tensor, "b r c w"], condition: Float[Tensor, "b m"]
    ) -> Float[Tensor, "b r c w"]:
        parts = self.modulate(condition)[:, None, None].chunk(6, dim=-1)
        hidden = self.inputs(_normed(x) * (1 + parts[1]) + parts[0]).flatten(1, 2)
        query, key, value = hidden.unflatten(2, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(_normed(query), _normed(key), value)
        x = x + (1 + parts[2]) * self.outputs(seen.transpose(1, 2).reshape(x.shape))
        wide = self.widen(_normed(x) * (1 + parts[4]) + parts[3])
        return x + (1 + parts[5]) * self.last(functional.gelu(wide, approximate="tanh"))


def num_heads(width: int) -> int:
    """Heads of attention for a width."""
    return max(1, width // HEAD_WIDTH)


def _normed(x: Float[Tensor, "*n w"]) -> Float[Tensor, "*n w"]:
    """Vectors of mean square 1."""
    return functional.rms_norm(x, (x.shape[-1],))


@torch.no_grad()
def _start(net: nn.Module, generator: torch.Generator) -> None:
    """Small weights where blocks end and where they are modulated; mixtures at random."""
    for name, layer in net.named_modules():
        if name.rpartition(".")[2] in ("modulate", "last", "outputs") and isinstance(
            layer, nn.Linear
        ):
            layer.weight.mul_(_SMALL)
        if isinstance(layer, ConvolutionBlock) and layer.mixtures is not None:
            num_cells = layer.mixtures.shape[-1]
            layer.mixtures.normal_(0.0, 0.5 / math.sqrt(num_cells), generator=generator)
    last = net.get_submodule("leave")
    assert isinstance(last, nn.Linear)
    last.weight.mul_(_SMALL)

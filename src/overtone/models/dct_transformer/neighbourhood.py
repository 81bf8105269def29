"""What is known of a block and its neighbours at the moment one of its values is predicted."""

import dataclasses

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, pad

from overtone.shapes import Bool, Float, Float32, Int64

# Rows and columns from a block to the blocks whose channels are all read, and to those of which
# the channel in question is.
BLOCKS = ((0, 0), (-1, 0), (0, -1), (0, 1), (1, 0))
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


@dataclasses.dataclass(frozen=True)
class Written:
    """The triples of the chunk, and which of them each token may know.

    Attributes:
        triples: The chunk's triples from its beginning.
        is_known: Whether a token of the window comes after a triple.
    """

    triples: Int64[Tensor, "b s 3"]
    is_known: Bool[Tensor, "t s"]


class CausalNeighbourhood(nn.Module):
    """A feature of the values known around a position: those before the chunk, and in it.

    The paper's value decoder has the encoder's feature at the position, which is as old as the
    beginning of the chunk, and finds newer values by attention alone. This is our addition.
    """

    def __init__(self, num_channels: int, grid: tuple[int, int], width: int) -> None:
        super().__init__()
        self.num_channels, self.grid = num_channels, grid
        self.inner = nn.Linear(len(BLOCKS) * num_channels + len(NEIGHBOURS), width)
        self.outer = nn.Linear(width, width)

    def forward(
        self,
        known: Float[Tensor, "b positions channels"],
        channel: Int64[Tensor, "b t"],
        position: Int64[Tensor, "b t"],
        written: Written,
    ) -> Float[Tensor, "b t d"]:
        """The feature for predicting the value of each token.

        Args:
            known: Values before the chunk, as the encoder has them.
            channel: Channel of each token; the stop token's is taken for the last channel.
            position: Position of each token.
            written: The rest of what is known.
        """
        new = self._new(written)
        parts = [self._at(known, position, offset, written, new) for offset in BLOCKS]
        index = channel.clamp(0, self.num_channels - 1)[..., None]
        for offset in NEIGHBOURS:
            all_channels = (
                parts[BLOCKS.index(offset)]
                if offset in BLOCKS
                else self._at(known, position, offset, written, new)
            )
            parts.append(all_channels.gather(2, index))
        return self.outer(gelu(self.inner(torch.cat(parts, 2))))

    def _new(self, written: Written) -> Float[Tensor, "b s channels"]:
        """Each triple of the chunk as a row with one value."""
        channel, _, value = written.triples.unbind(-1)
        value = signed_log(value.float()) * (channel < self.num_channels)
        rows = torch.zeros(*channel.shape, self.num_channels, device=value.device)
        return rows.scatter(2, channel.clamp(0, self.num_channels - 1)[..., None], value[..., None])

    def _at(
        self,
        known: Float[Tensor, "b positions channels"],
        position: Int64[Tensor, "b t"],
        offset: tuple[int, int],
        written: Written,
        new: Float[Tensor, "b s channels"],
    ) -> Float[Tensor, "b t channels"]:
        """All channels of the block that lies so far from each position; 0 outside."""
        rows, columns = self.grid
        row, column = position // columns + offset[0], position % columns + offset[1]
        is_inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        there = torch.where(is_inside, row * columns + column, rows * columns)
        index = there[..., None].expand(*there.shape, self.num_channels)
        old = pad(known, (0, 0, 0, 1)).gather(1, index)
        is_there = there[..., None] == written.triples[:, None, :, 1]
        return old + (is_there & written.is_known).to(new.dtype) @ new


class NeighbourhoodCache:
    """The same values as `CausalNeighbourhood` reads, kept while lists are written.

    Args:
        around: The network that reads the values.
        max_value: Largest magnitude of a value.
        known: Values before the chunk, as the encoder has them.
    """

    def __init__(
        self,
        around: CausalNeighbourhood,
        max_value: int,
        known: Float32[np.ndarray, "b positions c"],
    ) -> None:
        rows, columns = around.grid
        self.max_value = max_value
        self.signed_log = signed_log(torch.arange(-max_value, max_value + 1).float()).numpy()
        # A border of blocks that hold nothing.
        grid = known.reshape(len(known), rows, columns, -1)
        bordered = np.pad(grid, ((0, 0), (1, 1), (1, 1), (0, 0)))
        self.values = bordered.reshape(len(known), -1, grid.shape[3])
        cells = np.arange((rows + 2) * (columns + 2)).reshape(rows + 2, columns + 2)
        self.cells = cells[1:-1, 1:-1].flatten()

        def around_each(offsets: tuple[tuple[int, int], ...]) -> np.ndarray:
            shifted = [cells[1 + y : rows + 1 + y, 1 + x : columns + 1 + x] for y, x in offsets]
            return np.stack(shifted, 2).reshape(rows * columns, len(offsets))

        self.blocks, self.neighbours = around_each(BLOCKS), around_each(NEIGHBOURS)

    def write(self, lists: Int64[np.ndarray, " n"], triples: Int64[np.ndarray, "n 3"]) -> None:
        """Add a triple to each of some lists."""
        channel, position, value = triples.T
        self.values[lists, self.cells[position], channel] = self.signed_log[value + self.max_value]

    def read(
        self,
        lists: Int64[np.ndarray, " n"],
        channel: Int64[np.ndarray, " n"],
        position: Int64[np.ndarray, " n"],
    ) -> Float32[np.ndarray, "n k"]:
        """What the network reads for the next value of each list; channel -1 counts as 0."""
        rows, channel = lists[:, None], np.maximum(channel, 0)[:, None]
        blocks = self.values[rows, self.blocks[position]].reshape(len(lists), -1)
        return np.concatenate(
            [blocks, self.values[rows, self.neighbours[position], channel]], axis=1
        )


def signed_log(values: Tensor) -> Tensor:
    """sign(v) log(1 + |v|), element by element."""
    return values.sign() * values.abs().log1p()

"""Which triples there are for images of one size, and which may follow which."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overtone.models.base import ImageSpec
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.shapes import Bool, Float, Int64, UInt8
from overtone.transform.dct import MID_LEVEL, dct_matrix
from overtone.transform.levels import Sampling, from_levels, to_levels
from overtone.transform.quant import q_table
from overtone.transform.scan import zigzag
from overtone.transform.triples import (
    ChannelOrder,
    TripleLists,
    channel_order,
    dense_images,
    from_triples,
    levels_of_dense,
    to_triples,
)


class Vocabulary:
    """Channels, positions and values of images of one size, and the rules of their lists.

    Channels are counted in the order of the list, so they never fall; one more stands for the stop
    token. Values are counted from -`max_value`; no list holds 0.

    Attributes:
        num_channels: Without the stop token, which is this number.
        num_positions: Blocks of luma.
        num_values: 2 max_value + 1.
        max_value: The largest level that pixels can have.
    """

    def __init__(self, config: DctTransformerConfig, spec: ImageSpec) -> None:
        size = config.block_size
        self.sampling = Sampling(spec.height, spec.width, spec.channels, block_size=size)
        self.tables = [
            q_table(size, config.quality, is_chroma=self.sampling.is_chroma(c))
            for c in range(spec.channels)
        ]
        self.block_size = size
        self.order: ChannelOrder = config.order

        self.rows, self.columns = self.sampling.grid(0)
        self.num_positions = self.rows * self.columns
        self.channels = channel_order(size, spec.channels, config.order)
        self.num_channels = len(self.channels)
        self.rank = np.argsort(self.channels)
        bounds = np.concatenate([_largest_levels(size, steps) for steps in self.tables])
        self.bounds = torch.from_numpy(bounds[self.channels])
        self.max_value = int(bounds.max())
        self.num_values = 2 * self.max_value + 1
        rows, columns = np.divmod(np.arange(self.num_positions), self.columns)
        is_chroma = self.channels >= size * size
        allowed = ~is_chroma[:, None] | ((rows % 2 == 0) & (columns % 2 == 0))[None]
        self.allowed = torch.from_numpy(allowed)
        last = np.where(allowed, np.arange(self.num_positions), -1).max(1)
        self.last_position = torch.from_numpy(last)

    def lists_of(self, images: UInt8[np.ndarray, "b h w c"]) -> TripleLists:
        """Lists of images; their channels are counted in the order of the list."""
        levels = to_levels(images, self.tables, self.block_size)
        lists = to_triples(dense_images(levels, self.sampling), self.block_size, self.order)
        triples = lists.triples.copy()
        triples[:, 0] = self.rank[triples[:, 0]]
        return TripleLists(triples, lists.counts)

    def images_of(self, lists: TripleLists) -> UInt8[np.ndarray, "b h w c"]:
        """Images of lists.

        Raises:
            ValueError: A list is not valid.
        """
        triples = lists.triples.copy()
        triples[:, 0] = self.channels[triples[:, 0]]
        dense = from_triples(
            TripleLists(triples, lists.counts), self.rows, self.columns, self.num_channels
        )
        return from_levels(levels_of_dense(dense, self.sampling), self.tables, self.sampling)

    def channel_mask(self, previous: Int64[Tensor, "*n 3"]) -> Bool[Tensor, "*n channels"]:
        """Which channels, or the stop token, may follow a triple; channel -1 is the beginning."""
        channel, position = previous[..., 0, None], previous[..., 1, None]
        at = torch.arange(self.num_channels + 1)
        is_full = position >= self.last_position[channel.clamp(0, self.num_channels - 1)]
        return at > torch.where(is_full | (channel < 0), channel, channel - 1)

    def position_mask(
        self, previous: Int64[Tensor, "*n 3"], channel: Int64[Tensor, " *n"]
    ) -> Bool[Tensor, "*n positions"]:
        """Which positions the next triple, of a known channel, may have."""
        known = channel.clamp(max=self.num_channels - 1)
        after = torch.where(previous[..., 0] == channel, previous[..., 1], -1)
        at = torch.arange(self.num_positions)
        return self.allowed[known] & (at > after[..., None])

    def value_mask(self, channel: Int64[Tensor, " *n"]) -> Bool[Tensor, "*n values"]:
        """Which values, counted from -max_value, pixels can give a channel."""
        size = (torch.arange(self.num_values) - self.max_value).abs()
        bound = self.bounds[channel.clamp(max=self.num_channels - 1)]
        return (size > 0) & (size <= bound[..., None])

    def scatter(
        self, triples: Int64[Tensor, "b t 3"], is_there: Bool[Tensor, "b t"]
    ) -> Float[Tensor, "b positions channels"]:
        """The partial dense images of the triples that are there, values as numbers."""
        cells = triples[..., 1] * self.num_channels + triples[..., 0].clamp(
            0, self.num_channels - 1
        )
        dense = torch.zeros(len(triples), self.num_positions * self.num_channels)
        values = torch.where(is_there, triples[..., 2], 0).float()
        # What is not there adds 0, wherever it points.
        dense.scatter_add_(1, torch.where(is_there, cells, 0), values)
        return dense.unflatten(1, (self.num_positions, self.num_channels))


def _largest_levels(block_size: int, steps: Any) -> Int64[np.ndarray, " bands"]:
    """The level that samples of -128 or 127 can reach in each band."""
    reach = np.abs(dct_matrix(block_size)).sum(1) * math.sqrt(MID_LEVEL)
    bands = np.outer(reach, reach).reshape(-1)[zigzag(block_size)]
    return np.floor(bands / steps + 0.5).astype(np.int64) + 1

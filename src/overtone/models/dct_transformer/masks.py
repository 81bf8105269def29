"""Which triples may follow, as tables for drawing; `Vocabulary` has the same rules as formulas."""

import numpy as np
import torch

from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.shapes import Bool, Int64


class LegalMasks:
    """Masks of what the next channel, position and value of some lists may be.

    Args:
        vocabulary: Channels, positions and values of the lists.
        first_channel: Lowest channel that is drawn.
    """

    def __init__(self, vocabulary: Vocabulary, first_channel: int) -> None:
        self.first_channel = first_channel
        # What precedes the first triple is channel -1, and full.
        self.last_position = np.append(vocabulary.last_position.numpy(), -1)
        self.allowed = vocabulary.allowed.numpy()
        self.values_of = vocabulary.value_mask(torch.arange(vocabulary.num_channels)).numpy()
        self.every_channel = np.arange(vocabulary.num_channels + 1)
        self.every_position = np.arange(vocabulary.num_positions)

    def channels(self, last: Int64[np.ndarray, "n 3"]) -> Bool[np.ndarray, "n channels"]:
        """Which channels may follow a triple; the last column is the stop token."""
        channel = last[:, 0]
        lowest = channel + (last[:, 1] >= self.last_position[channel])
        return self.every_channel >= np.maximum(lowest, self.first_channel)[:, None]

    def positions(
        self, last: Int64[np.ndarray, "n 3"], channel: Int64[np.ndarray, " n"]
    ) -> Bool[np.ndarray, "n positions"]:
        """Which positions the triple after `last` may have, when its channel is known."""
        after = np.where(last[:, 0] == channel, last[:, 1], -1)
        return self.allowed[channel] & (self.every_position > after[:, None])

    def values(self, channel: Int64[np.ndarray, " n"]) -> Bool[np.ndarray, "n values"]:
        """Which values a triple of a known channel may have, from the most negative on."""
        return self.values_of[channel]

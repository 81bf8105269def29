"""Lists of triples as chunks: what the encoder and the decoders see, and the targets."""

import dataclasses

import numpy as np
import torch
from torch import Tensor

from overtone.models.dct_transformer.neighbourhood import Written
from overtone.models.dct_transformer.net import START
from overtone.shapes import Bool, Int64
from overtone.transform.triples import TripleLists

START_TRIPLE = torch.tensor([START, 0, 0])


@dataclasses.dataclass(frozen=True)
class Lists:
    """Lists of one length, the stop token and padding at their ends.

    Attributes:
        triples: Channel (the number of channels for the stop token), position, value.
        lengths: Triples of each, without the stop token.
    """

    triples: Int64[Tensor, "b n 3"]
    lengths: Int64[Tensor, " b"]

    @classmethod
    def of(cls, lists: TripleLists, stop: int) -> "Lists":
        """The lists padded to one length, each followed by at least one stop token."""
        lengths = torch.from_numpy(lists.counts)
        padded = np.zeros((len(lengths), int(lists.counts.max(initial=0)) + 1, 3), np.int64)
        padded[..., 0] = stop
        is_there = np.arange(padded.shape[1]) < lists.counts[:, None]
        padded[is_there] = lists.triples
        return cls(torch.from_numpy(padded), lengths)


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Targets, and what may be known of the list when they are predicted.

    The encoder sees the triples before the chunk. The decoders see, in order, the last `overlap` of
    them and the chunk itself, each target predicted from what is before it.

    Attributes:
        triples: The whole lists, of which `is_before` marks what the encoder may see.
        is_before: Whether a triple precedes the chunk.
        previous: The triple before each token of the window; channel `START` before the first.
        targets: The triple to predict at each token.
        is_target: Whether a token is in the chunk and not beyond the stop token.
    """

    triples: Int64[Tensor, "b n 3"]
    is_before: Bool[Tensor, "b n"]
    previous: Int64[Tensor, "b t 3"]
    targets: Int64[Tensor, "b t 3"]
    is_target: Bool[Tensor, "b t"]

    def written(self, overlap: int) -> Written:
        """What each token knows of the chunk: the targets before it."""
        tokens = torch.arange(self.targets.shape[1])
        return Written(self.targets[:, overlap:], tokens[overlap:] < tokens[:, None])


def longest(lengths: Int64[Tensor, " b"], starts: Int64[Tensor, " b"], chunk_size: int) -> int:
    """Tokens of the longest chunk that begins at `starts`, the stop token among them."""
    return int((lengths + 1 - starts).clamp(max=chunk_size).max())


def chunk_at(
    lists: Lists,
    starts: Int64[Tensor, " b"],
    chunk_size: int,
    overlap: int,
    num_tokens: int | None = None,
) -> Chunk:
    """The chunks that begin at `starts`, of so many tokens, or as many as the longest needs."""
    num_tokens = num_tokens or longest(lists.lengths, starts, chunk_size)
    window = torch.arange(-overlap, num_tokens) + starts[:, None]
    # Before the first triple there is nothing, and after the stop token nothing is predicted.
    is_known = (window > 0) & (window <= lists.lengths[:, None])
    previous = torch.where(is_known[..., None], _take(lists.triples, window - 1), START_TRIPLE)
    targets = torch.where((window >= 0)[..., None], _take(lists.triples, window), 0)
    is_target = (window >= starts[:, None]) & (window <= lists.lengths[:, None])
    is_before = torch.arange(lists.triples.shape[1]) < starts[:, None]
    return Chunk(lists.triples, is_before, previous, targets, is_target)


def random_starts(
    lengths: Int64[Tensor, " b"], chunk_size: int, early_floor: float, generator: torch.Generator
) -> Int64[Tensor, " b"]:
    """A multiple of the chunk's size for each list of these lengths, early ones more often.

    The weight of chunk k of K is (1 - k / K)^3, but at least `early_floor`.
    """
    counts = lengths // chunk_size + 1
    numbers = torch.arange(int(counts.max()))
    weights = (1 - numbers / counts[:, None]).clamp(min=0) ** 3
    weights = weights.clamp(min=early_floor) * (numbers < counts[:, None])
    chosen = torch.multinomial(weights + 1e-12 * (numbers == 0), 1, generator=generator)[:, 0]
    return chosen * chunk_size


def _take(triples: Int64[Tensor, "b n 3"], tokens: Int64[Tensor, "b t"]) -> Int64[Tensor, "b t 3"]:
    inside = tokens.clamp(0, triples.shape[1] - 1)
    return triples.gather(1, inside[..., None].expand(*inside.shape, 3))

"""Drawing lists of triples, chunk by chunk, with or without a beginning that is given."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from overtone.entropy.choosers import Chooser, counts_of
from overtone.models.dct_transformer.blocks import Cache
from overtone.models.dct_transformer.chunks import START_TRIPLE
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.models.dct_transformer.net import DctTransformerNet, Encoded
from overtone.models.dct_transformer.surroundings import Written
from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.shapes import Float, Int64
from overtone.transform.triples import TripleLists


class Sampler:
    """Draws one batch of lists; the lists grow together, those that have stopped wait.

    Args:
        config: Of the model.
        vocabulary: Of its images.
        net: Of the model.
        temperature: Logits are divided by it, > 0.
        top_p: Share of the probability that is drawn from, of channel, position, value.
        max_triples: A list that has so many ends there; None for as many as there can be.
        uses_cache: Whether keys and values are kept while a chunk is written.
        generator: Of everything random.
        choose: Names every symbol instead, for a single list.
    """

    def __init__(
        self,
        config: DctTransformerConfig,
        vocabulary: Vocabulary,
        net: DctTransformerNet,
        *,
        temperature: float,
        top_p: Sequence[float],
        max_triples: int | None = None,
        uses_cache: bool = True,
        generator: torch.Generator,
        choose: Chooser | None = None,
    ) -> None:
        self.config, self.vocabulary, self.net = config, vocabulary, net
        self.temperature, self.top_p = temperature, top_p
        self.uses_cache, self.generator, self.choose = uses_cache, generator, choose
        most = int(vocabulary.allowed.sum())
        self.most = most if max_triples is None else min(most, max_triples)

    @torch.no_grad()
    def draw(
        self, classes: Int64[Tensor, " b"], given: TripleLists | None = None, first_channel: int = 0
    ) -> TripleLists:
        """A list for each class.

        Args:
            classes: Of each list; the number of classes for none.
            given: What each list begins with: all its triples of channels below `first_channel`.
            first_channel: Lowest channel that is drawn, in the order of the list.
        """
        num_lists, stop = len(classes), self.vocabulary.num_channels
        beginnings = [] if given is None else given.split()
        longest = max([self.most, *(len(own) for own in beginnings)])
        self.triples = torch.zeros(num_lists, longest + 1, 3, dtype=torch.int64)
        self.triples[..., 0] = stop
        self.known = torch.zeros(num_lists, dtype=torch.int64)
        for number, own in enumerate(beginnings):
            self.triples[number, : len(own)] = torch.from_numpy(own.astype(np.int64))
            self.known[number] = len(own)
        self.first_channel, self.classes = first_channel, classes
        self.done = torch.zeros(num_lists, dtype=torch.bool)
        # All lists have the same chunks; nothing is drawn in those that are given everywhere.
        size = self.config.chunk_size
        for start in range(int(self.known.min()) // size * size, self.most, size):
            self._chunk(start)
            if bool(self.done.all()):
                break
        lengths = (self.triples[..., 0] != stop).sum(1)
        pairs = zip(self.triples, lengths.tolist(), strict=True)
        flat = torch.cat([own[:length] for own, length in pairs])
        return TripleLists(flat.numpy().astype(np.int32), lengths.numpy())

    def _chunk(self, start: int) -> None:
        """Write the places of one chunk."""
        places = torch.arange(self.triples.shape[1])
        is_there = (places < start) & (self.triples[..., 0] != self.vocabulary.num_channels)
        encoded = self.net.encode(self.vocabulary.scatter(self.triples, is_there), self.classes)
        length = self.config.overlap + self.config.chunk_size
        cache = Cache(length) if self.uses_cache else None
        origin = start - self.config.overlap
        begin = max(start, int(self.known.min()))  # what is given everywhere is read at once
        for place in range(begin, min(start + self.config.chunk_size, self.most)):
            first = place if cache and place > begin else origin
            previous = self._previous(first, place + 1)
            self._write(place, previous, first - origin, encoded, cache)
            if bool(self.done.all()):
                return

    def _previous(self, first: int, end: int) -> Int64[Tensor, "b t 3"]:
        """The triple before each of some places."""
        places = torch.arange(first, end) - 1
        previous = self.triples[:, places.clamp(min=0)]
        is_none = (places < 0) | (previous[..., 0] == self.vocabulary.num_channels)
        return torch.where(is_none[..., None], START_TRIPLE, previous)

    def _write(
        self,
        place: int,
        previous: Int64[Tensor, "b t 3"],
        first_place: int,
        encoded: Encoded,
        cache: Cache | None,
    ) -> None:
        """Draw the triple at a place of the lists that go on."""
        net, vocabulary = self.net, self.vocabulary
        current = self.triples[:, place].clone()
        last, length = previous[:, -1], previous.shape[1]
        is_free = ~self.done & (place >= self.known)
        hidden = net.after(previous, first_place, encoded, cache=cache)
        mask = vocabulary.channel_mask(last)
        mask &= torch.arange(vocabulary.num_channels + 1) >= self.first_channel
        current[:, 0] = torch.where(is_free, self._pick(0, hidden[:, -1], mask), current[:, 0])
        self.done |= is_free & (current[:, 0] == vocabulary.num_channels)
        if bool(self.done.all()):
            return
        is_free &= ~self.done
        channels = self._window(0, current, place, length)
        hidden = net.with_channel(hidden, channels, encoded, cache=cache)
        mask = vocabulary.position_mask(last, current[:, 0])
        mask[:, 0] |= ~is_free  # what nobody reads is drawn from something, too
        current[:, 1] = torch.where(is_free, self._pick(1, hidden[:, -1], mask), current[:, 1])
        positions = self._window(1, current, place, length)
        hidden = net.with_position(
            hidden, channels, positions, self._written(place, length), encoded, cache=cache
        )
        values = self._pick(2, hidden[:, -1], vocabulary.value_mask(current[:, 0]))
        current[:, 2] = torch.where(is_free, values - vocabulary.max_value, current[:, 2])
        self.triples[:, place] = current

    def _written(self, place: int, length: int) -> Written:
        """What each of the last places, up to this one, knows of the chunk."""
        start = place // self.config.chunk_size * self.config.chunk_size
        places = torch.arange(start, place)
        own = torch.arange(place - length + 1, place + 1)
        return Written(self.triples[:, start:place], places < own[:, None])

    def _window(
        self, field: int, current: Int64[Tensor, "b 3"], place: int, length: int
    ) -> Int64[Tensor, "b t"]:
        """A field at the places up to this one, whose own triple is new."""
        places = torch.arange(place - length + 1, place)
        before = torch.where(places >= 0, self.triples[:, places.clamp(min=0), field], 0)
        return torch.cat([before, current[:, None, field]], 1)

    def _pick(self, field: int, hidden: Float[Tensor, "b d"], mask: Tensor) -> Int64[Tensor, " b"]:
        """A token for each list."""
        logits = self.net.logits(field, hidden).cpu().masked_fill(~mask, -torch.inf)
        probabilities = torch.softmax(logits.double() / self.temperature, -1)
        if self.choose is not None:
            counts = counts_of(probabilities[0].numpy(), mask[0].numpy())
            return torch.tensor([self.choose(counts)])
        if self.top_p[field] < 1:
            ordered, index = probabilities.sort(-1, descending=True)
            is_kept = ordered.cumsum(-1) - ordered < self.top_p[field]
            probabilities = torch.zeros_like(probabilities).scatter(1, index, ordered * is_kept)
        # One number a list decides, so that the last bits of sums do not.
        mass = probabilities.cumsum(-1)
        drawn = torch.rand(len(mass), 1, dtype=torch.float64, generator=self.generator)
        picked = (mass <= drawn * mass[:, -1:]).sum(-1)
        highest = mask.shape[1] - 1 - mask.flip(1).to(torch.int8).argmax(1)
        return torch.minimum(picked, highest)

"""Drawing lists of triples, chunk by chunk, with or without a beginning that is given."""

import dataclasses
import math

import numpy as np
import torch
from torch import Tensor

from overtone.entropy.symbols import SymbolSource, counts_of, probabilities_of
from overtone.kernels.transformer import sample_top_p
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.models.dct_transformer.engines import EngineName, Precision, engine_for
from overtone.models.dct_transformer.masks import LegalMasks
from overtone.models.dct_transformer.net import START, DctTransformerNet
from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.shapes import Bool, Float32, Float64, Int64
from overtone.transform.triples import TripleLists


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """How lists are drawn, and what computes the networks.

    Attributes:
        temperature: Spread of every choice; smaller is less varied, 0 takes the likeliest.
        top_p: Share of the probability that is drawn from, of channel, position, value; the
            settings' own by default.
        max_triples: A list that has so many ends there; None for as many as there can be.
        engine: What computes the networks: "native" on the processor, "torch" anywhere, or
            "uncached", everything anew for each triple, for tests and benchmarks. All draw the
            same; "auto" is the fastest that can be used.
        precision: In which the native engine keeps the matrices of the decoders; "bfloat16" draws
            what a model whose matrices are rounded draws, and reads half the memory.
    """

    temperature: float = 1.0
    top_p: tuple[float, ...] | None = None
    max_triples: int | None = None
    engine: EngineName = "auto"
    precision: Precision = "float32"


AS_TRAINED = SamplingOptions()


class Sampler:
    """Draws one batch of lists; the lists grow together until each has stopped.

    Every list has random numbers of its own, so it is the same in any company.

    Args:
        config: Settings of the model.
        vocabulary: Channels, positions and values of the model's images.
        net: Networks of the model.
        options: How to draw.
        generator: Source of all randomness.
        source: Names every symbol instead of drawing it, for a single list.
    """

    def __init__(
        self,
        config: DctTransformerConfig,
        vocabulary: Vocabulary,
        net: DctTransformerNet,
        options: SamplingOptions,
        *,
        generator: torch.Generator,
        source: SymbolSource | None = None,
    ) -> None:
        self.config, self.vocabulary, self.net = config, vocabulary, net
        self.temperature = options.temperature or math.ulp(1.0)  # logits are divided by it
        self.top_p = options.top_p or config.top_p
        self.engine = engine_for(net, config.overlap, options.engine, options.precision)
        self.generator, self.source = generator, source
        most = int(vocabulary.allowed.sum())
        self.most = most if options.max_triples is None else min(most, options.max_triples)

    @torch.no_grad()
    def draw(
        self, classes: Int64[Tensor, " b"], given: TripleLists | None = None, first_channel: int = 0
    ) -> TripleLists:
        """A list for each class.

        Args:
            classes: Class of each list; the number of classes stands for no class.
            given: What each list begins with: all its triples of channels below `first_channel`.
            first_channel: Lowest channel that is drawn, in the order of the list.
        """
        num_lists, size = len(classes), self.config.chunk_size
        seeds = torch.randint(1 << 62, (num_lists,), generator=self.generator)
        self.streams = [np.random.default_rng(seed) for seed in seeds.tolist()]
        self.masks = LegalMasks(self.vocabulary, first_channel)
        beginnings = [] if given is None else given.split()
        longest = max([self.most, *(len(own) for own in beginnings)])
        # What precedes the first window is in front.
        self.margin = self.config.overlap + 1
        self.triples = np.zeros((num_lists, self.margin + longest + 1, 3), np.int64)
        self.triples[:, : self.margin, 0] = START
        self.triples[:, self.margin :, 0] = self.vocabulary.num_channels
        self.known = np.zeros(num_lists, np.int64)
        for number, own in enumerate(beginnings):
            self.triples[number, self.margin : self.margin + len(own)] = own
            self.known[number] = len(own)
        going = np.arange(num_lists)
        # All lists have the same chunks; nothing is drawn in those that are given everywhere.
        for start in range(int(self.known.min()) // size * size, self.most, size):
            going = self._chunk(start, going, classes)
            if not len(going):
                break
        written = self.triples[:, self.margin :]
        is_there = written[..., 0] != self.vocabulary.num_channels
        return TripleLists(written[is_there].astype(np.int32), is_there.sum(1))

    def _chunk(
        self, start: int, going: Int64[np.ndarray, " n"], classes: Int64[Tensor, " b"]
    ) -> Int64[np.ndarray, " m"]:
        """Write the tokens of one chunk of lists that go on; those that still do."""
        before = torch.from_numpy(self.triples[going, self.margin : self.margin + start])
        is_there = torch.ones(before.shape[:2], dtype=torch.bool)
        dense = self.vocabulary.scatter(before, is_there)
        encoded = self.net.encode(dense, classes[going])
        overlap, end = self.config.overlap, min(start + self.config.chunk_size, self.most)
        # Place j of the window is token start - overlap + j of the list, and column j + 1.
        columns = slice(start, end + self.margin)
        window = self.triples[going, columns]
        self.engine.begin(encoded, window)
        drawn = np.stack([self.streams[number].random((end - start, 3)) for number in going])
        known, lists = self.known[going], np.arange(len(going))
        begin = max(start, int(self.known.min()))  # what is given everywhere is read at once
        for token in range(begin, end):
            is_free = token >= known[lists]
            at = token - start
            lists = self._write(window, at + overlap, lists, is_free, drawn[:, at])
            if not len(lists):
                break
        self.triples[going, columns] = window
        return going[lists]

    def _write(
        self,
        window: Int64[np.ndarray, "b t 3"],
        token: int,
        lists: Int64[np.ndarray, " n"],
        is_free: Bool[np.ndarray, " n"],
        drawn: Float64[np.ndarray, "b 3"],
    ) -> Int64[np.ndarray, " m"]:
        """Draw the triple at a token of the lists that go on; those that still do.

        A list whose triple is given there is read, and nothing is drawn.
        """
        last = window[lists, token]
        logits = self.engine.logits(0, token, lists)
        symbols = self._pick(0, logits, self.masks.channels(last), drawn[lists, 0])
        channel = np.where(is_free, symbols, window[lists, token + 1, 0])
        window[lists, token + 1, 0] = channel
        goes_on = channel != self.vocabulary.num_channels
        if not goes_on.all():
            kept = (lists[goes_on], last[goes_on], channel[goes_on], is_free[goes_on])
            lists, last, channel, is_free = kept
            if not len(lists):
                return lists
        logits = self.engine.logits(1, token, lists)
        symbols = self._pick(1, logits, self.masks.positions(last, channel), drawn[lists, 1])
        position = np.where(is_free, symbols, window[lists, token + 1, 1])
        window[lists, token + 1, 1] = position
        logits = self.engine.logits(2, token, lists)
        symbols = self._pick(2, logits, self.masks.values(channel), drawn[lists, 2])
        value = symbols - self.vocabulary.max_value
        window[lists, token + 1, 2] = np.where(is_free, value, window[lists, token + 1, 2])
        return lists

    def _pick(
        self,
        field: int,
        logits: Float32[np.ndarray, "n k"],
        is_legal: Bool[np.ndarray, "n k"],
        drawn: Float64[np.ndarray, " n"],
    ) -> Int64[np.ndarray, " n"]:
        """A token for each list."""
        if self.source is None:
            top_p = self.top_p[field]
            return sample_top_p(logits, is_legal, drawn, temperature=self.temperature, top_p=top_p)
        probabilities = probabilities_of(logits, is_legal, self.temperature)
        return np.array([self.source(counts_of(probabilities[0], is_legal[0]))])

"""Symbols of a list and the counts that a model gives them: where they come from, written, read.

A model that can code lists asks for one symbol after the other and gives the integer counts that
its probabilities were rounded to. The same model, asked by a decoder, gives the same counts only if
its floating-point sums come out the same to the last bit, hence `ListModel.fingerprint`.
"""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from overtone.entropy.coder import SymbolDecoder, SymbolEncoder
from overtone.entropy.tables import TOTAL_BITS
from overtone.shapes import Bool, Float, Float64, Int32, Int64

TOTAL = 1 << TOTAL_BITS


@runtime_checkable
class SymbolSource(Protocol):
    """Says which symbol comes next: a file that is read, or a list that is written."""

    def __call__(self, counts: Int64[np.ndarray, " k"]) -> int:
        """One of the symbols whose count is not 0; the counts sum to `TOTAL`."""
        ...


@runtime_checkable
class ListModel(Protocol):
    """A probability over lists of triples of one kind of picture."""

    def fingerprint(self) -> bytes:
        """16 bytes that are the same where the same lists get the same counts."""
        ...

    def write(self, source: SymbolSource) -> Int32[np.ndarray, "n 3"]:
        """The list whose symbols `source` names: channel, position, value, ... and a stop."""
        ...

    def symbols(self, triples: Int32[np.ndarray, "n 3"]) -> Sequence[int]:
        """The symbols that make `write` give this list."""
        ...


class SymbolWriter:
    """Names the symbols it was given, and codes them on the way."""

    def __init__(self, symbols: Sequence[int]) -> None:
        self._symbols = iter(symbols)
        self._encoder = SymbolEncoder()
        self.cost_bits = 0.0

    def __call__(self, counts: Int64[np.ndarray, " k"]) -> int:
        """The next symbol."""
        symbol = next(self._symbols)
        self._encoder.put_counted(symbol, counts)
        self.cost_bits -= math.log2(int(counts[symbol]) / TOTAL)
        return symbol

    def finish(self) -> bytes:
        """The range code of all symbols that were named."""
        return self._encoder.finish()


class SymbolReader:
    """Names the symbols that a `SymbolWriter` coded."""

    def __init__(self, data: bytes) -> None:
        self._decoder = SymbolDecoder(data)

    def __call__(self, counts: Int64[np.ndarray, " k"]) -> int:
        """The next symbol.

        Raises:
            CorruptError: The bytes are no range code.
        """
        return self._decoder.get_counted(counts)

    def finish(self) -> None:
        """Raises `CorruptError` if bytes are left over."""
        self._decoder.finish()


def probabilities_of(
    logits: Float[np.ndarray, "rows k"], is_legal: Bool[np.ndarray, "rows k"], temperature: float
) -> Float64[np.ndarray, "rows k"]:
    """Softmax of each row over what is legal; its roundings are part of the format of files."""
    scores = np.where(is_legal, logits.astype(np.float64), -np.inf)
    sizes = np.exp((scores - scores.max(-1, keepdims=True)) / temperature)
    return sizes / sizes.sum(-1, keepdims=True)


def counts_of(
    probabilities: Float64[np.ndarray, " k"], is_legal: Bool[np.ndarray, " k"]
) -> Int64[np.ndarray, " k"]:
    """Counts that sum to `TOTAL`: at least 1 for what is legal, 0 for what is not."""
    spare = TOTAL - int(is_legal.sum())
    total = float(probabilities[is_legal].sum())
    shares = np.where(is_legal, probabilities, 0.0) / total * spare
    counts = np.where(is_legal, 1 + np.floor(shares).astype(np.int64), 0)
    counts[int(counts.argmax())] += TOTAL - int(counts.sum())
    return counts

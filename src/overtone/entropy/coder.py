"""Range coding of integer levels; the only file that imports constriction.

Layout of the bytes: the 32-bit words of the range coder, little-endian, without the zero bytes at
the end. Every call of `put` codes its levels first and the values of its escapes after them.
"""

import functools
from collections.abc import Callable
from typing import TypeVar

import constriction
import numpy as np

from overtone.entropy.tables import TOTAL_BITS, table
from overtone.errors import CorruptError, LimitExceededError
from overtone.shapes import Int, Int32

MAX_SYMBOLS = 1 << 26  # of one `get`; far above any network, far below memory
MAX_MAGNITUDE_BITS = 24  # an escaped level is smaller than 2 ** MAX_MAGNITUDE_BITS in magnitude
_T = TypeVar("_T")
_CHUNK_BITS = 12  # low bits of an escape per uniform symbol


def encode_symbols(levels: Int[np.ndarray, " n"], table_index: int) -> bytes:
    """Bytes of `levels` under one table; `decode_symbols` needs their number and the table."""
    encoder = SymbolEncoder()
    encoder.put(levels, table_index)
    return encoder.finish()


def decode_symbols(data: bytes, count: int, table_index: int) -> Int32[np.ndarray, " n"]:
    """The `count` levels that `encode_symbols` wrote.

    Raises:
        BitstreamError: The bytes cannot be the code of so many levels.
    """
    decoder = SymbolDecoder(data)
    levels = decoder.get(count, table_index)
    decoder.finish()
    return levels


class SymbolEncoder:
    """Codes groups of levels, each under a table of its own, into one string of bytes."""

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()

    def put(self, levels: Int[np.ndarray, " n"], table_index: int) -> None:
        """Append `levels` under table `table_index`."""
        chosen = table(table_index)
        values = levels.astype(np.int64)
        if values.size and int(np.abs(values).max()) >= 1 << MAX_MAGNITUDE_BITS:
            raise ValueError(f"levels must be below 2^{MAX_MAGNITUDE_BITS} in magnitude")
        outside = np.abs(values) > chosen.max_level
        symbols = np.where(outside, chosen.escape, values + chosen.max_level)
        self._coder.encode(symbols.astype(np.int32), _model(table_index))
        for value in values[outside].tolist():
            self._put_escape(abs(value) - chosen.max_level, value < 0)

    def put_counted(self, symbol: int, counts: Int[np.ndarray, " k"]) -> None:
        """Append one symbol under counts of its own, which sum to 2^TOTAL_BITS."""
        self._coder.encode(symbol, _counted(counts))

    def _put_escape(self, excess: int, is_negative: bool) -> None:
        """Exp-Golomb in uniform symbols: number of bits, sign, bits below the leading one."""
        num_bits = excess.bit_length()
        self._put_uniform(num_bits, 5)
        self._put_uniform(int(is_negative), 1)
        for shift, width in _chunks(num_bits - 1):
            self._put_uniform(excess >> shift & (1 << width) - 1, width)

    def _put_uniform(self, value: int, width: int) -> None:
        self._coder.encode(value, _uniform(width))

    def finish(self) -> bytes:
        """All that was put, as bytes."""
        words = self._coder.get_compressed().astype("<u4")
        return words.tobytes().rstrip(b"\0")


class SymbolDecoder:
    """Reads back what a `SymbolEncoder` wrote, by the same sequence of counts and tables."""

    def __init__(self, data: bytes) -> None:
        self._size_bytes = len(data)
        words = np.frombuffer(data + b"\0" * (-len(data) % 4), dtype="<u4")
        self._coder = constriction.stream.queue.RangeDecoder(words.astype(np.uint32))

    def get(self, count: int, table_index: int) -> Int32[np.ndarray, " n"]:
        """The next `count` levels, which were put under table `table_index`."""
        if not 0 <= count <= MAX_SYMBOLS:
            raise LimitExceededError(f"count of symbols must be in 0..{MAX_SYMBOLS}, got {count}")
        if count == 0:
            return np.zeros(0, dtype=np.int32)
        chosen = table(table_index)
        symbols = self._decode(_model(table_index), count)
        levels = (symbols - chosen.max_level).astype(np.int32)
        for at in np.flatnonzero(symbols == chosen.escape).tolist():
            levels[at] = self._get_escape(chosen.max_level)
        return levels

    def get_counted(self, counts: Int[np.ndarray, " k"]) -> int:
        """The next symbol, which was put under the same counts."""
        return int(self._decode(_counted(counts), 1)[0])

    def _get_escape(self, max_level: int) -> int:
        num_bits = self._get_uniform(5)
        if not 1 <= num_bits <= MAX_MAGNITUDE_BITS:
            raise CorruptError(
                f"an escaped level has {num_bits} bits, expected 1..{MAX_MAGNITUDE_BITS}"
            )
        is_negative = self._get_uniform(1) == 1
        excess = 1 << (num_bits - 1)
        for shift, width in _chunks(num_bits - 1):
            excess |= self._get_uniform(width) << shift
        magnitude = excess + max_level
        return -magnitude if is_negative else magnitude

    def _get_uniform(self, width: int) -> int:
        return int(self._decode(_uniform(width), 1)[0])

    def _decode(
        self, model: constriction.stream.model.Model, count: int
    ) -> Int32[np.ndarray, " n"]:
        return _translated(lambda: self._coder.decode(model, count), self._size_bytes)

    def finish(self) -> None:
        """Check that the bytes end where the symbols do.

        Raises:
            CorruptError: Bytes are left over.
        """
        if not _translated(self._coder.maybe_exhausted, self._size_bytes):
            raise CorruptError(f"{self._size_bytes} coded bytes hold more than the symbols asked")


def _translated(call: Callable[[], _T], size_bytes: int) -> _T:
    """`call()`, with whatever the library raises as a `CorruptError`."""
    try:
        return call()
    except (AssertionError, ArithmeticError, LookupError, ValueError, RuntimeError) as error:
        raise CorruptError(
            f"{size_bytes} coded bytes are not a valid range code: {error}"
        ) from error


def _chunks(num_bits: int) -> list[tuple[int, int]]:
    """(shift, width) of the pieces of a `num_bits` number, lowest first."""
    starts = range(0, num_bits, _CHUNK_BITS)
    return [(start, min(_CHUNK_BITS, num_bits - start)) for start in starts]


@functools.lru_cache(maxsize=64)
def _model(table_index: int) -> constriction.stream.model.Categorical:
    """The library's model of a table."""
    return _counted(table(table_index).counts)


def _counted(counts: Int[np.ndarray, " k"]) -> constriction.stream.model.Categorical:
    """The library's model of counts.

    Counts over 2^TOTAL_BITS and their sums are exact in float64, and so is what the library makes
    of them (24-bit fixed point): no rounding, hence the same code on every machine.
    """
    probabilities = counts.astype(np.float64) / (1 << TOTAL_BITS)
    return constriction.stream.model.Categorical(probabilities, perfect=False)


@functools.lru_cache(maxsize=32)
def _uniform(width: int) -> constriction.stream.model.Uniform:
    return constriction.stream.model.Uniform(1 << width)

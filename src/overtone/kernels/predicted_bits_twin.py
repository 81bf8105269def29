"""The slow, obvious twin of the bits of the native codecs: range decoder, counters, mixing.

Written after docs/format.md, "Range coder" and "Predicted bits"; used by tests only.
"""

import dataclasses
from collections.abc import Iterator, Sequence

_KNOTS = (
    *(22, 36, 60, 98, 162, 267, 440, 724, 1179, 1921, 3108, 4971, 7812, 11952, 17625, 24743, 32768),
    *(40793, 47911, 53584, 57724, 60565, 62428, 63615, 64357, 64812, 65096, 65269, 65374, 65438),
    *(65476, 65500, 65514),
)
_CONFIDENCES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
_MAX_COUNT = 400
_EVEN = 32768


def divide(a: int, b: int) -> int:
    """A / b, rounded towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def squash(x: int) -> int:
    """Logistic function of x in -2048..2047; probability in 1/65536."""
    i, t = divmod(x + 2048, 128)
    return (_KNOTS[i] * (128 - t) + _KNOTS[i + 1] * t + 64) // 128


def _stretches() -> list[int]:
    values, x = [], -2048
    for p in range(4096):
        while x < 2047 and squash(x) < 16 * p:
            x += 1
        values.append(x)
    return values


_STRETCH = _stretches()


class RangeDecoder:
    """Reads bits of known probability from bytes, which go on with zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._low, self._high = 0, (1 << 32) - 1
        self.num_taken = 0  # bytes
        self._code = 0
        for _ in range(4):
            self._code = self._code << 8 | self._next()

    def _next(self) -> int:
        self.num_taken += 1
        return self._data[self.num_taken - 1] if self.num_taken <= len(self._data) else 0

    def bit(self, p_one: int = _EVEN) -> int:
        """The next bit, which is 1 with probability `p_one` / 65536."""
        middle = self._low + ((self._high - self._low) * p_one >> 16)
        bit = int(self._code <= middle)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while self._low >> 24 == self._high >> 24:
            self._low = self._low << 8 & 0xFFFFFFFF
            self._high = self._high << 8 & 0xFFFFFFFF | 0xFF
            self._code = self._code << 8 & 0xFFFFFFFF | self._next()
        return bit


@dataclasses.dataclass
class Counter:
    """Probability of a one in 1/2^22, and how often it was asked."""

    probability: int
    count: int

    def learn(self, bit: int) -> None:
        """Moves towards the bit that was read."""
        target = (1 << 22) - 1 if bit else 0
        rate = 131072 // (2 * self.count + 3)
        self.probability += divide((target - self.probability) * rate, 65536)
        self.count = min(self.count + 1, _MAX_COUNT)


class Element:
    """One syntax element: tables of counters, and two sets of rows of mixing weights."""

    def __init__(
        self,
        sizes: Sequence[int],
        rows: tuple[int, int],
        counters: Iterator[int],
        weights: Iterator[int],
    ) -> None:
        """Takes its part of what is left of the initial context state."""
        self._tables = [[_counter(next(counters)) for _ in range(size)] for size in sizes]
        width = len(sizes) + 1
        self._sets = [
            [[next(weights) for _ in range(width)] for _ in range(count)] for count in rows
        ]

    def bit(
        self, decoder: RangeDecoder, contexts: Sequence[int], selectors: tuple[int, int]
    ) -> int:
        """The next bit of this element, in its contexts."""
        chosen = [table[at] for table, at in zip(self._tables, contexts, strict=True)]
        inputs = [_STRETCH[counter.probability >> 10] for counter in chosen] + [256]
        rows = [own[at] for own, at in zip(self._sets, selectors, strict=True)]
        outputs = []
        for row in rows:
            dot = sum(w * x for w, x in zip(row, inputs, strict=True)) >> 16
            outputs.append(min(max(dot, -2047), 2047))
        bit = decoder.bit(squash(divide(sum(outputs), 2)))
        for row, output in zip(rows, outputs, strict=True):
            error = (65536 * bit - squash(output)) * 8
            for j, x in enumerate(inputs):
                row[j] += error * x + (1 << 17) >> 18
        for counter in chosen:
            counter.learn(bit)
        return bit


def _counter(stored: int) -> Counter:
    return Counter((stored >> 4 << 10) + (1 << 9), _CONFIDENCES[stored & 15])


def escape(decoder: RangeDecoder, element: Element, max_ones: int) -> int:
    """A number of any size: how many bits it has, then these, each as likely as not."""
    ones = 0
    while ones < max_ones and element.bit(decoder, (ones, ones), (0, 0)):
        ones += 1
    value = 1
    for _ in range(ones):
        value = value * 2 + decoder.bit()
    return value - 1

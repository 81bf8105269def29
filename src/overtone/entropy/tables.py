"""Integer frequency tables of quantised distributions, computed with integers only.

A table is named by one byte: `shape * NUM_SCALES + scale`. Scale `s` stands for a spread of
`2 ** ((s - SCALE_OF_ONE) / SCALES_PER_OCTAVE)` quantiser steps. The only real numbers behind a
table are the 64-bit fixed-point ratios in `ratios.py`, which are stored and not computed, so every
machine builds the same table.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Literal, assert_never

import numpy as np

from overtone.entropy.ratios import GAUSSIAN_RATIOS, LAPLACE_RATIOS
from overtone.shapes import Int, Int64

TOTAL_BITS = 16  # counts of a table sum to 2 ** TOTAL_BITS
SCALES_PER_OCTAVE = 4
SCALE_OF_ONE = 12  # index whose spread is one quantiser step
NUM_SCALES = 48
SHAPES: tuple[Literal["gaussian", "laplace", "heavy"], ...] = ("gaussian", "laplace", "heavy")
NUM_TABLES = len(SHAPES) * NUM_SCALES
MAX_TABLE_LEVEL = 4095  # largest magnitude with a count of its own; above it comes the escape

_ONE = 1 << 64  # fixed point of the ratios
_HEAVY_OFFSET = 5  # scale indices to each side of the two Laplace parts of "heavy"


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Frequencies of the levels `-max_level .. max_level`, then of the escape.

    Attributes:
        counts: Integers >= 1 that sum to `2 ** TOTAL_BITS`; the last is the escape's.
        max_level: Largest magnitude that has a count.
    """

    counts: Int64[np.ndarray, " k"]
    max_level: int

    @property
    def escape(self) -> int:
        """Symbol of the escape, the last of the alphabet."""
        return 2 * self.max_level + 1


@functools.lru_cache(maxsize=NUM_TABLES)
def table(index: int) -> Table:
    """The table called `index`, 0 <= index < NUM_TABLES."""
    if not 0 <= index < NUM_TABLES:
        raise ValueError(f"table index must be in 0..{NUM_TABLES - 1}, got {index}")
    shape, scale = SHAPES[index // NUM_SCALES], index % NUM_SCALES
    match shape:
        case "gaussian":
            return _normalised(_gaussian_masses(scale))
        case "laplace":
            return _normalised(_laplace_masses(scale))
        case "heavy":
            narrow = _laplace_masses(max(scale - _HEAVY_OFFSET, 0))
            wide = _laplace_masses(min(scale + _HEAVY_OFFSET, NUM_SCALES - 1))
            narrow += [0] * (len(wide) - len(narrow))
            return _normalised([a + b for a, b in zip(narrow, wide, strict=True)])
        case _:
            assert_never(shape)


def _normalised(masses: list[int]) -> Table:
    """Counts in proportion to `masses[|level|]`, each at least 1, the rest given to zero."""
    max_level = len(masses) - 1
    two_sided = masses[:0:-1] + masses
    total = sum(two_sided)
    spare = (1 << TOTAL_BITS) - len(two_sided) - 1  # one for every symbol, the escape included
    counts = [1 + mass * spare // total for mass in two_sided] + [1]
    counts[max_level] += (1 << TOTAL_BITS) - sum(counts)
    return Table(np.array(counts, dtype=np.int64), max_level)


def _laplace_masses(scale: int) -> list[int]:
    """Mass of one level at each magnitude; the tail mass of |x| > k - 1/2 is r^(2k - 1)."""
    ratio = LAPLACE_RATIOS[scale]  # exp(-1 / (2 b))
    square = ratio * ratio // _ONE
    tails = _until_small(ratio, lambda tail, _: tail * square // _ONE)
    upper, lower = [*tails[1:], tails[-1] * square // _ONE], tails
    return [_ONE - ratio, *((a - b) // 2 for a, b in zip(lower, upper, strict=True))]


def _gaussian_masses(scale: int) -> list[int]:
    """Density of a Gaussian at each magnitude: r^(k^2), by the ratio r^(2k + 1) of neighbours."""
    ratio = GAUSSIAN_RATIOS[scale]  # exp(-1 / (2 sigma^2))
    square = ratio * ratio // _ONE
    step = ratio

    def following(mass: int, _: int) -> int:
        nonlocal step
        step = step * square // _ONE
        return mass * step // _ONE

    return [_ONE, *_until_small(ratio, following)]


def _until_small(first: int, following: Callable[[int, int], int]) -> list[int]:
    """Values from `first` on, at least one, until they fall below 2^-14 of one or levels end."""
    values = [first]
    while len(values) < MAX_TABLE_LEVEL and values[-1] > _ONE >> 14:
        values.append(following(values[-1], len(values)))
    return values


def best_table(levels: Int[np.ndarray, " n"]) -> int:
    """Index of the table that codes `levels` in the fewest bits; the encoder's choice."""
    if levels.size == 0:
        return 0
    spread = max(float(np.abs(levels).mean()), 2.0**-4)
    guess = SCALE_OF_ONE + round(SCALES_PER_OCTAVE * float(np.log2(spread)))
    guess = min(guess, NUM_SCALES - 1)
    near = range(max(guess - 6, 0), min(guess + 7, NUM_SCALES))
    candidates = [s * NUM_SCALES + scale for s in range(len(SHAPES)) for scale in near]
    return min(candidates, key=lambda index: cost_bits(levels, index))


def cost_bits(levels: Int[np.ndarray, " n"], index: int) -> float:
    """Bits that `levels` take under table `index`, escapes included; for choices, not for files."""
    chosen = table(index)
    magnitudes = np.abs(levels.astype(np.int64))
    outside = magnitudes > chosen.max_level
    symbols = np.where(outside, chosen.escape, levels + chosen.max_level)
    bits = TOTAL_BITS - np.log2(chosen.counts[symbols])
    extra = 2 * np.log2(magnitudes[outside] - chosen.max_level) + 6
    return float(bits.sum() + extra.sum())

"""Contexts of the levels of one plane of a tile, all at once (docs/format.md, codec 1).

An array named `of_level` or returned per level is in the order in which levels are coded: the
anti-diagonals from low to high frequency, each from the smallest u.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np

Ints = np.ndarray  # of int64

NUM_PLANES = 3  # RGB
UNARY_LEVELS = 14  # magnitudes coded one flag at a time
# Bounds of the classes: how many of them are at most a value is its class.
LOCAL = (1, 2, 3, 4, 5, 7, 9, 12, 16, 23, 32)
BAND = (1, 3, 6, 11, 18, 30, 50, 90, 180)
OTHER = (1, 2, 3, 5, 8, 13, 24)
DIAGONAL = (1, 2, 3, 4, 6, 8, 12, 18, 26, 40, 64)
FREQUENCY = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
SEAM = (150, 350, 700, 1300, 2600, 6000)


@dataclasses.dataclass(frozen=True)
class Seams:
    """What the edges of the neighbours leave to explain, 1/1024 of a step.

    Attributes:
        left: By vertical frequency, (side).
        above: By horizontal frequency, (side).
        has_left: Whether there is a neighbour to the left.
        has_above: Whether there is one above.
    """

    left: Ints
    above: Ints
    has_left: bool
    has_above: bool


@dataclasses.dataclass(frozen=True)
class PlaneContexts:
    """Classes of what is known where a level is coded, each (levels); names as in the format."""

    plane: int
    size: int
    u: Ints
    v: Ints
    west: Ints
    north: Ints
    corner: Ints
    a12: Ints
    b10: Ints
    c8: Ints
    d8: Ints
    dg: Ints
    mixed: Ints
    l1: Ints
    a1: Ints

    @property
    def seam_sizes(self) -> tuple[Ints, Ints]:
        """l₂ and a₂."""
        return np.abs(self.l1 - 6), np.abs(self.a1 - 6)

    def zero(self) -> tuple[list[Ints], list[Ints]]:
        """Contexts and selectors of the bit that says whether a level is not zero."""
        plane, size, dg = self.plane, self.size, self.dg
        fu, fv = classed(self.u, FREQUENCY), classed(self.v, FREQUENCY)
        l2, a2 = self.seam_sizes
        sides = (plane * 4 + np.minimum(self.west, 3)) * 4 + np.minimum(self.north, 3)
        contexts = [
            ((plane * 4 + size) * 12 + fv) * 12 + fu,
            ((plane * 4 + size) * 12 + self.a12) * 10 + self.b10,
            (sides * 9 + self.corner) * 12 + dg,
            ((plane * 8 + self.c8) * 12 + self.a12) * 12 + dg,
            ((plane * 4 + size) * 10 + self.b10) * 12 + dg,
            ((plane * 8 + self.d8) * 12 + self.a12) * 4 + size,
            (plane * 24 + self.mixed) * 12 + dg,
            ((plane * 12 + fv) * 12 + fu) * 10 + self.b10,
            ((plane * 7 + l2) * 7 + a2) * 12 + dg,
        ]
        return contexts, [(plane * 4 + size) * 12 + dg, plane * 12 + self.a12]

    def magnitude(self, which: Ints, k: Ints) -> tuple[list[Ints], list[Ints]]:
        """Of the bits that say whether the levels number `which` are above k."""
        l2, a2 = self.seam_sizes
        kk = self.plane * 8 + np.minimum(k - 1, 7)
        neighbour = np.minimum(np.maximum(self.west, self.north), 7)
        contexts = [
            (kk * 4 + self.size) * 12 + self.dg[which],
            kk * 12 + self.a12[which],
            kk * 10 + self.b10[which],
            kk * 8 + self.c8[which],
            (kk * 8 + self.d8[which]) * 4 + self.size,
            (kk * 8 + neighbour[which]) * 8 + np.minimum(self.a12[which], 7),
            (kk * 7 + l2[which]) * 7 + a2[which],
        ]
        return contexts, [kk, self.a12[which]]

    def sign(self, levels: Ints) -> tuple[list[Ints], list[Ints]]:
        """Of the signs of all levels, also of those that are zero; levels are (planes, v, u)."""
        plane, l1, a1 = self.plane, self.l1, self.a1
        luma = first = np.ones_like(self.u)
        agree = np.full_like(self.u, 4)
        if plane:
            luma = 1 + np.sign(levels[0, self.v, self.u])
            first = 1 + np.sign(levels[1, self.v, self.u]) if plane == 2 else first
            same = np.sign(levels[plane, self.v, self.u]) * (luma - 1)
            agree = np.clip(before(same, 0) + 4, 0, 8)
        lines = (self.u == 0) * 2 + (self.v == 0)
        contexts = [
            (plane * 13 + l1) * 13 + a1,
            ((plane * 13 + l1) * 8 + np.minimum(self.u, 7)) * 4 + self.size,
            ((plane * 13 + a1) * 8 + np.minimum(self.v, 7)) * 4 + self.size,
            ((plane * 3 + luma) * 3 + first) * 9 + agree,
            ((plane * 13 + l1) * 13 + a1) * 4 + lines,
        ]
        selector = np.full_like(self.u, plane * 4 + self.size)
        return contexts, [selector, np.maximum(*self.seam_sizes) + 6 * (plane > 0)]


def contexts_of(
    levels: Ints, plane: int, extent: int, bands: Sequence[Ints], seams: Seams
) -> PlaneContexts:
    """The classes at each level of a plane.

    Args:
        levels: What was coded, (planes, v, u).
        plane: Which of them.
        extent: Anti-diagonals that are coded.
        bands: Of this plane, (8, 8) each, of those of the tiles left and above that there are.
        seams: Before any level is known.
    """
    side = levels.shape[1]
    size = side.bit_length() - 4
    u, v = in_order(side, extent)
    near = {p: Surroundings(levels[p], u, v) for p in range(plane + 1)}
    own = near[plane]
    west, north, north_west, south_west = (
        own.at(*place) for place in ((-1, 0), (0, -1), (-1, -1), (-1, 1))
    )
    local = 2 * (west + north) + north_west + own.at(-2, 0) + own.at(0, -2) + south_west
    other = elsewhere(plane, near)
    band = sum((each[v >> size, u >> size] for each in bands), np.zeros_like(u))
    band = (band + 1) // 2 if len(bands) == 2 else band
    norm, _, root = norms(size)
    left = seams.left[:, None] - before(levels[plane] * norm >> 4, 1)
    above = seams.above - before(levels[plane] * norm[:, None] >> 4, 0)
    asked_left = signed_class(left[v, u] * root[np.minimum(u, 1)] >> 4)
    asked_above = signed_class(above[v, u] * root[np.minimum(v, 1)] >> 4)
    mixed = classed(local + (other + 1) // 2, LOCAL) + 12 * (band >= 16)
    return PlaneContexts(
        plane=plane,
        size=size,
        u=u,
        v=v,
        west=west,
        north=north,
        corner=np.minimum(north_west, 2) * 3 + np.minimum(south_west, 2),
        a12=classed(local, LOCAL),
        b10=classed(band, BAND),
        c8=classed(other, OTHER),
        d8=classed(recent(np.abs(levels[plane, v, u]), u + v), OTHER),
        dg=classed(u + v, DIAGONAL),
        mixed=np.minimum(mixed, 23),
        l1=6 + asked_left * seams.has_left,
        a1=6 + asked_above * seams.has_above,
    )


class Surroundings:
    """Magnitudes of one plane around each level, 0 outside of the tile."""

    def __init__(self, levels: Ints, u: Ints, v: Ints) -> None:
        self._padded = np.pad(np.abs(levels), 2)
        self._u, self._v = u + 2, v + 2

    def at(self, i: int, j: int) -> Ints:
        """M(i, j) of the format, (levels)."""
        return self._padded[self._v + j, self._u + i]


def elsewhere(plane: int, near: dict[int, Surroundings]) -> Ints:
    """Magnitudes further off, or of the planes before."""
    if plane == 0:
        places = ((-2, 1), (-2, 2), (-1, -2), (-2, -1), (1, -2))
        return np.sum([near[0].at(*place) for place in places], 0)
    cross = np.sum([near[0].at(*place) for place in ((1, 0), (-1, 0), (0, 1), (0, -1))], 0)
    other = 2 * near[0].at(0, 0) + (cross + 1) // 2
    return other // 2 + 3 * near[1].at(0, 0) if plane == 2 else other


def recent(magnitudes: Ints, diagonals: Ints) -> Ints:
    """Eight times the mean magnitude on the two anti-diagonals before, for each level."""
    sums = np.bincount(diagonals, magnitudes).astype(np.int64)
    counts = np.bincount(diagonals)
    both = [np.convolve(each, (0, 1, 1))[: len(sums)] for each in (sums, counts)]
    return (8 * both[0] // np.maximum(both[1], 1))[diagonals]


def classed(values: Ints, bounds: Sequence[int]) -> Ints:
    """How many of the bounds are at most each value."""
    return np.searchsorted(bounds, values, side="right")


def signed_class(values: Ints) -> Ints:
    """-6 to 6, 0 for seams that ask for nothing."""
    return np.sign(values) * classed(np.abs(values), SEAM)


def before(values: Ints, axis: int) -> Ints:
    """Sums of what comes before each along an axis."""
    return np.cumsum(values, axis) - values


@functools.cache
def norms(size: int) -> tuple[Ints, Ints, Ints]:
    """N_s(k), B_s[k][i], and r_s of frequency 0 and of the others."""
    side = 8 << size
    norm = np.full(side, (8192, 5793, 4096, 2896)[size])
    norm[0] = (5793, 4096, 2896, 2048)[size]
    k, i = np.arange(side)[:, None], np.arange(side)
    turns = k * (2 * i + 1) * 64 // side
    cosines = np.rint(16384 * np.cos(math.pi * turns / 128)).astype(np.int64)
    root = np.array([(45, 32), (64, 45), (91, 64), (128, 91)][size])
    return norm, cosines * norm[:, None] >> 14, root


@functools.cache
def in_order(side: int, extent: int) -> tuple[Ints, Ints]:
    """(u, v) of the levels on the first anti-diagonals, as they are coded."""
    v, u = np.divmod(np.arange(side * side), side)
    order = np.lexsort((u, u + v))
    order = order[(u + v)[order] < extent]
    return u[order], v[order]

"""What is known around a coefficient, and the contexts of its bits: a part of `sparse_dct_twin`."""

import bisect
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels.predicted_bits_twin import Element, RangeDecoder, divide, escape
from overtone.kernels.sparse_dct import Table

NUM_BANDS, MAX_LEVEL = 64, 32767
_SIDE, _UNARY, _MAX_ONES = 8, 18, 15
_SIZE_BOUNDS = (1, 2, 3, 5, 7, 10, 14, 19, 26, 37, 53, 78, 120, 200, 400)
_SIGNED_BOUNDS = (1, 3, 5, 8, 12, 18, 28, 50, 110)
_BAND_CLASSES = (*(0, 1, 1, 2, 3, 2, 4, 5, 5, 4, 6, 7, 7, 7, 6), *[8] * 6, *[9] * 7, *[10] * 15)
ZIGZAG = sorted(
    ((v, u) for v in range(_SIDE) for u in range(_SIDE)),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]),
)
NUMBER = {at: k for k, at in enumerate(ZIGZAG)}


class Component:
    """Levels of one component as far as they are known."""

    def __init__(
        self, kind: int, grid: tuple[int, int], steps: Table, before: list["Component"]
    ) -> None:
        self.kind, self.before = kind, before
        self.rows, self.columns = grid
        self.steps = [int(step) for step in steps]
        self.levels = np.zeros((NUM_BANDS, *grid), np.int16)
        self._energy: NDArray[np.int64] = np.zeros(grid, np.int64)
        self._has_constants = False

    def close(self, k: int) -> None:
        """Band k is known."""
        if k == 0:
            self._has_constants = True
            return
        sizes = np.abs(np.clip(self.levels[k].astype(np.int64) * self.steps[k], -32768, 32767))
        self._energy += 4 * sizes - (self._energy >> 2)

    def level(self, k: int, x: int, y: int) -> int:
        """Level of band k of a block; 0 if unknown or outside, where band 0 goes on."""
        inside = 0 <= x < self.columns and 0 <= y < self.rows
        if not inside and k == 0 and self._has_constants:
            x, y = min(max(x, 0), self.columns - 1), min(max(y, 0), self.rows - 1)
            inside = True
        return int(self.levels[k, y, x]) if inside else 0

    def amplitude(self, k: int, x: int, y: int) -> int:
        """Level times step, clipped."""
        return min(max(self.level(k, x, y) * self.steps[k], -32768), 32767)

    def energy(self, x: int, y: int) -> int:
        """How much the bands known so far hold; 0 outside."""
        inside = 0 <= x < self.columns and 0 <= y < self.rows
        return int(self._energy[y, x]) if inside else 0

    def luma_energy(self, x: int, y: int) -> int:
        """Mean energy of the luma blocks at this place, a sixteenth of it."""
        if self.kind == 0:
            return 0
        luma = self.before[0]
        across, down = 1 + (luma.columns > self.columns), 1 + (luma.rows > self.rows)
        total = sum(
            luma.energy(min(x * across + i, luma.columns - 1), min(y * down + j, luma.rows - 1))
            for j in range(down)
            for i in range(across)
        )
        return divide(total, 16 * across * down)


class Contexts:
    """What is known around a coefficient, in the names of docs/format.md."""

    def __init__(
        self, part: Component, k: int, x: int, y: int, expected: int, size: int, luma: int
    ) -> None:
        def level(dx: int, dy: int) -> int:
            return part.level(k, x + dx, y + dy)

        def parent(dv: int, du: int) -> int:
            b = NUMBER.get((v + dv, u + du), 0)
            return divide(abs(part.amplitude(b, x, y)), step) if b > 0 else 0

        v, u = ZIGZAG[k]
        step = part.steps[k]
        west, north = (0, 0) if k == 0 else (level(-1, 0), level(0, -1))
        self.kind, self.k, self.group = part.kind, k, (*_BAND_CLASSES, *[11] * 21)[k]
        self.west, self.north, self.expected = abs(west), abs(north), expected
        self.s_west, self.s_north = _sign(west), _sign(north)
        other = part.before[-1].level(k, x, y) if part.kind == 2 else 0
        self.other, self.s_other = abs(other), _sign(other)
        if k == 0:
            corner = level(-1, -1)
            r = abs(level(-1, 0) - corner) + abs(level(0, -1) - corner)
            r = 4 * (r + abs(level(0, -1) - level(1, -1)))
        else:
            r = 4 * (self.west + self.north) + 2 * (abs(level(-1, -1)) + abs(level(1, -1)))
            r += abs(level(-2, 0)) + abs(level(0, -2))
        around = sum(part.energy(x + dx, y + dy) for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)))
        own, near = divide(2 * part.energy(x, y), step), divide(around, 2 * step)
        self.same, self.own, self.near = (_class(n, _SIZE_BOUNDS) for n in (r, own, near))
        self.pred = _class(abs(expected), _SIZE_BOUNDS)
        self.lum = _class(divide(16 * luma, step), _SIZE_BOUNDS)
        self.mix = _fine_class(3 * r + 2 * own + near + 2 * abs(expected) + 16 * self.other)
        self.reg = _fine_class(divide(32 * size, step))
        self.pu, self.pv, self.puv = parent(0, -1), parent(-1, 0), parent(-1, -1)
        lower = [part.level(b, x, y) != 0 for b in range(k - 1, 0, -1)]
        self.run = min(lower.index(True) if True in lower else len(lower), 15)
        self.nz = bisect.bisect_right((1, 2, 3, 4, 6, 10, 18), sum(lower))

    def read(self, decoder: RangeDecoder, elements: dict[str, Element]) -> int:
        """The coded number."""
        if not elements["zero"].bit(decoder, *self._zero()):
            return 0
        is_negative = elements["sign"].bit(decoder, *self._sign())
        towards = -self.expected if is_negative else self.expected
        m = 1
        while m < _UNARY and elements["magnitude"].bit(decoder, *self._magnitude(m, towards)):
            m += 1
        if m == _UNARY:
            m = min(m + escape(decoder, elements["escape"], _MAX_ONES), MAX_LEVEL)
        return -m if is_negative else m

    def _zero(self) -> tuple[list[int], tuple[int, int]]:
        kind, band, group = (self.kind, 3), (self.k, 64), (self.group, 12)
        own, near, same = (self.own, 16), (self.near, 16), (self.same, 16)
        parents = ((min(self.pu, 3), 4), (min(self.pv, 3), 4), (min(self.puv, 2), 3))
        contexts = [
            *(_index(kind, band, digit) for digit in (same, own, near, (self.pred, 16))),
            _index(kind, group, (self.run, 16), (self.nz, 8)),
            _index(kind, group, *parents, (min(self.west, 2), 3), (min(self.north, 2), 3)),
            _index(kind, same, own, near),
            _index(kind, band, (self.lum, 16), (min(self.other, 2), 3)),
            _index(kind, group, (self.mix, 64)),
            _index(kind, band, (self.reg, 64)),
        ]
        return contexts, (64 * self.kind + self.k, 64 * self.kind + self.reg)

    def _sign(self) -> tuple[list[int], tuple[int, int]]:
        kind, band, group = (self.kind, 3), (self.k, 64), (self.group, 12)
        x = _signed_class(self.expected)
        sides = ((self.s_west, 3), (self.s_north, 3))
        contexts = [
            _index(kind, band, (x, 19)),
            _index(kind, (x, 19), *sides),
            _index(kind, band, *sides),
            _index(kind, group, (self.s_other, 3), *sides),
            _index(kind, (int(self.k > 5), 2), (x, 19), (self.same, 16)),
        ]
        return contexts, (12 * self.kind + self.group, 19 * self.kind + x)

    def _magnitude(self, m: int, towards: int) -> tuple[list[int], tuple[int, int]]:
        i = min(m - 1, 9)
        z = 20 + min(max((towards + 8 * (towards > 0) >> 4) - m, -20), 20)
        kind, digit, group = (self.kind, 3), (i, 10), (self.group, 12)
        sides = ((min(self.west, 7), 8), (min(self.north, 7), 8), (min(self.other, 3), 4))
        contexts = [
            _index(kind, digit, (self.k, 64)),
            *(_index(kind, digit, (n, 16), group) for n in (self.same, self.own, self.near)),
            _index(kind, digit, (_signed_class(towards), 19), group),
            _index(kind, digit, *sides),
            _index(kind, digit, (self.mix, 64)),
            _index(kind, (z, 41), group),
            _index(kind, (min(m - 1, 17), 18), (self.reg, 64)),
        ]
        return contexts, ((10 * self.kind + i) * 12 + self.group, 41 * self.kind + z)


def _index(*digits: tuple[int, int]) -> int:
    index = 0
    for digit, base in digits:
        index = index * base + digit
    return index


def _sign(x: int) -> int:
    return 1 + (x > 0) - (x < 0)


def _class(x: int, bounds: Sequence[int]) -> int:
    return bisect.bisect_right(bounds, x)


def _signed_class(x: int) -> int:
    size = _class(abs(x), _SIGNED_BOUNDS)
    return 9 - size if x < 0 else 9 + size


def _fine_bounds() -> list[int]:
    bounds, distance = [1], 1
    while len(bounds) < 63:
        if len(bounds) % 6 == 0:
            distance *= 2
        bounds.append(bounds[-1] + distance)
    return bounds


_FINE_BOUNDS = _fine_bounds()


def _fine_class(x: int) -> int:
    return _class(x, _FINE_BOUNDS)

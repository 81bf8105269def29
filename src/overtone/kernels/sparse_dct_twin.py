"""The slow, obvious twin of `overtone.kernels.sparse_dct.decode`, after docs/format.md, codec 3.

Used by tests only: it decodes some hundred bits a second.
"""

from collections.abc import Iterator, Sequence

from overtone.kernels.predicted_bits_twin import Element, RangeDecoder, divide
from overtone.kernels.sparse_contexts_twin import (
    MAX_LEVEL,
    NUM_BANDS,
    NUMBER,
    ZIGZAG,
    Component,
    Contexts,
)
from overtone.kernels.sparse_dct import Levels, State, Table

_NUM_INPUTS, _NUM_KINDS = 32, 3
_GROUPS = (range(1), range(1, 4), range(4, 16), range(16, 64))
_ELEMENTS = {
    "zero": (
        (3072, 3072, 3072, 3072, 4608, 15552, 12288, 9216, 2304, 12288),
        (192, 192),
    ),
    "magnitude": ((1920, 5760, 5760, 5760, 6840, 7680, 1920, 1476, 3456), (360, 123)),
    "sign": ((3648, 513, 1728, 972, 1824), (36, 57)),
    "escape": ((16, 16), (1, 1)),
}


def decode(
    stream: bytes, grids: Sequence[tuple[int, int]], tables: Sequence[Table], state: State
) -> list[Levels]:
    """See `overtone.kernels.sparse_dct.decode`; of whole streams."""
    models = _Models(state)
    decoder = RangeDecoder(stream)
    luma = Component(0, grids[0], tables[0], [])
    parts = [luma]
    for number in range(1, len(grids)):
        kind = number if len(grids) >= 3 and number < 3 else 0
        parts.append(Component(kind, grids[number], tables[number], parts[:number]))
    for group in _GROUPS:
        for part in parts:
            for k in group:
                for y in range(part.rows):
                    for x in range(part.columns):
                        part.levels[k, y, x] = _level(decoder, models, part, k, x, y)
                part.close(k)
    return [part.levels for part in parts]


class _Models:
    """Everything that learns."""

    def __init__(self, state: State) -> None:
        counters, weights = (iter(part.tolist()) for part in state)
        self.elements = {
            name: Element(sizes, rows, counters, weights)
            for name, (sizes, rows) in _ELEMENTS.items()
        }
        self.value, self.size = (
            [[_Predictor(weights) for _ in range(NUM_BANDS)] for _ in range(_NUM_KINDS)]
            for _ in range(2)
        )


class _Predictor:
    """A linear prediction that learns."""

    def __init__(self, weights: Iterator[int]) -> None:
        self._weights = [next(weights) for _ in range(_NUM_INPUTS)]

    def predict(self, inputs: list[int]) -> int:
        dot = sum(w * x for w, x in zip(self._weights, inputs, strict=False))
        return min(max(dot + (1 << 15) >> 16, -32768), 32767)

    def learn(self, inputs: list[int], error: int, step: int) -> None:
        power = 16 * step**2 + sum(x * x for x in inputs) + 1
        gain = divide(error << 20, power)
        for i, x in enumerate(inputs):
            self._weights[i] = min(max(self._weights[i] + (gain * x >> 9), -(1 << 20)), 1 << 20)


def _value_inputs(part: Component, k: int, x: int, y: int) -> list[int]:
    def a(b: int, dx: int, dy: int) -> int:
        return part.amplitude(b, x + dx, y + dy)

    v, u = ZIGZAG[k]
    inputs = [a(k, *at) for at in ((-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2))]
    if k > 0:
        around = [(-1, 0), (1, 0), (0, -1), (0, 1)]
        if u > 0 and v > 0:
            around += [(-1, -1), (1, -1), (-1, 1), (1, 1)]
        inputs += [a(0, *at) - a(0, 0, 0) for at in around]
        for step in (1, 2):
            if NUMBER.get((v, u - step), 0) > 0:
                inputs += [a(NUMBER[v, u - step], dx, 0) for dx in (0, -1, 1)]
            if NUMBER.get((v - step, u), 0) > 0:
                inputs += [a(NUMBER[v - step, u], 0, dy) for dy in (0, -1, 1)]
        if NUMBER.get((v - 1, u - 1), 0) > 0:
            inputs.append(a(NUMBER[v - 1, u - 1], 0, 0))
    if part.kind == 2:
        other = part.before[-1]
        inputs += [other.amplitude(k, x + dx, y + dy) for dx, dy in ((0, 0), (-1, 0), (0, -1))]
    return inputs


def _size_inputs(part: Component, k: int, x: int, y: int, luma: int) -> list[int]:
    def a(b: int, dx: int, dy: int) -> int:
        return abs(part.amplitude(b, x + dx, y + dy))

    def f(dx: int, dy: int) -> int:
        return divide(part.energy(x + dx, y + dy), 16)

    v, u = ZIGZAG[k]
    inputs = [part.steps[k], *(a(k, *at) for at in ((-1, 0), (0, -1), (-1, -1), (1, -1)))]
    inputs.append((a(k, -2, 0) + a(k, 0, -2)) // 2)
    inputs += [f(0, 0), (f(-1, 0) + f(1, 0)) // 2, (f(0, -1) + f(0, 1)) // 2]
    inputs.append((f(-1, -1) + f(1, -1) + f(-1, 1) + f(1, 1)) // 4)
    for dv, du in ((0, -1), (-1, 0), (-1, -1), (0, -2), (-2, 0), (1, -1), (-1, 1)):
        b = NUMBER.get((v + dv, u + du), 0)
        if 0 < b < k:
            inputs.append(a(b, 0, 0))
            if dv + du == -1:
                inputs.append((a(b, -1, 0) + a(b, 1, 0) + a(b, 0, -1) + a(b, 0, 1)) // 4)
    if part.kind > 0:
        inputs.append(luma)
    if part.kind == 2:
        inputs.append(abs(part.before[-1].amplitude(k, x, y)))
    return inputs


def _level(decoder: RangeDecoder, models: _Models, part: Component, k: int, x: int, y: int) -> int:
    step = part.steps[k]
    value, size = models.value[part.kind][k], models.size[part.kind][k]
    inputs = _value_inputs(part, k, x, y)
    luma = part.luma_energy(x, y)
    sizes = _size_inputs(part, k, x, y, luma)
    predicted, size_predicted = value.predict(inputs), max(size.predict(sizes), 0)
    expected = divide(16 * predicted, step)
    base = expected + 8 >> 4 if k == 0 else 0
    expected = min(max(expected - 16 * base, -400_000), 400_000)
    contexts = Contexts(part, k, x, y, expected, size_predicted, luma)
    level = base + contexts.read(decoder, models.elements)
    level = min(max(level, -MAX_LEVEL), MAX_LEVEL)
    amplitude = min(max(level * step, -32768), 32767)
    value.learn(inputs, amplitude - predicted, step)
    seen = amplitude - predicted if k == 0 else amplitude
    size.learn(sizes, abs(seen) - size_predicted, step)
    return level

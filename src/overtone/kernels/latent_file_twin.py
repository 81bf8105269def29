"""The slow, obvious twin of the decoder of `dfm-latent`, after docs/format.md, codec 6.

Used by tests only: it reads a symbol in about a tenth of a millisecond.
"""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from overtone.errors import CorruptError
from overtone.kernels.latent_file import MAX_EXPONENTS, Machine
from overtone.kernels.latent_shape import Shapes, Spec, Tensor
from overtone.kernels.latent_starts import Start
from overtone.kernels.predicted_bits_twin import RangeDecoder

NEIGHBOURS = (
    *((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-3, 0), (0, -3), (-1, -2), (-2, 1)),
    *((-2, -1), (-1, 2), (-2, -2), (-1, -3), (-2, 2), (-3, 1), (0, -4), (-1, 3), (-2, -3), (-2, 3)),
)
MAX_ONES, ESCAPE_BITS, MAX_SYMBOL, MAX_WEIGHT, MAX_SHORT = 20, 18, 127, 1 << 17, 32767


class EndOfBeginningError(Exception):
    """A number needed bytes that are missing."""


class _Decoder(RangeDecoder):
    """Reads a beginning as far as it says something.

    Args:
        data: Bytes after the head.
        is_prefix: Whether they may end early.
    """

    def __init__(self, data: bytes, is_prefix: bool) -> None:
        super().__init__(data)
        self._is_prefix = is_prefix

    def check(self) -> None:
        """Called after each number."""
        surplus = self.num_taken - len(self._data)
        if self._is_prefix and surplus > 0:
            raise EndOfBeginningError
        if surplus > 4:
            raise CorruptError("symbols end too early; the file is damaged")


def decode(
    stream: bytes, shapes: Shapes, *, start: Start | None = None, is_prefix: bool = False
) -> Machine:
    """The machine whose networks and symbols a stream holds.

    Args:
        stream: What follows the head.
        shapes: The machine's, from the head.
        start: Networks that those of the file are differences from, from the head.
        is_prefix: Whether the stream may end early; what is missing is 0.

    Raises:
        EndOfBeginningError: A beginning does not hold all weights.
        CorruptError: The stream is damaged.
    """
    decoder = _Decoder(stream, is_prefix)
    exponents, scales, integers = _weights(decoder, shapes, start)
    nets = _Nets(shapes, exponents, integers)
    grids: list[NDArray[np.int64]] = [np.zeros((g.height, g.width), np.int64) for g in shapes.grids]
    with contextlib.suppress(EndOfBeginningError):
        for number in reversed(range(len(grids))):
            _read_grid(decoder, nets, grids, number)
    if not is_prefix and decoder.num_taken < len(stream):
        raise CorruptError("bytes follow the last symbol; the file is damaged")
    symbols = np.concatenate([grid.ravel() for grid in grids]).astype(np.int8)
    return Machine(exponents, scales, integers.astype(np.int32), symbols, start)


@functools.cache
def _powers(scale: int) -> list[int]:
    """exp(-i / (64 b)) in 1/2^64 for i = 0 to 64."""
    with localcontext() as context:
        context.prec = 60
        b = (Decimal(scale - 80) / 16).exp()
        ratio = int(((-1 / (64 * b)).exp() * 2**64).to_integral_value(rounding=ROUND_FLOOR))
    powers = [2**64 - 1]
    for _ in range(64):
        powers.append(powers[-1] * ratio >> 64)
    return powers


def _clip(value: int, most: int) -> int:
    return max(-most, min(value, most))


def _chance(value: int) -> int:
    return max(1, min(value, 65535))


def _even(decoder: RangeDecoder, count: int) -> int:
    value = 0
    for _ in range(count):
        value = 2 * value + decoder.bit(32768)
    return value


def _laplace(decoder: RangeDecoder, scale: int, mean: int) -> int:
    """An integer whose distribution has its mean at `mean` / 64."""
    powers = _powers(scale)
    centre = (mean + 32) >> 6
    fraction = mean - 64 * centre
    size = abs(fraction)
    if not decoder.bit(_chance((powers[32 - size] // 2 + powers[32 + size] // 2) >> 48)):
        return centre
    is_nearer = decoder.bit(_chance(2**48 // (2**32 + (powers[2 * size] >> 32))))
    is_up = is_nearer == (fraction >= 0)
    power = powers[64]
    low_bits: list[int] = []
    while power >= 2**63:
        low_bits.append(_chance((power >> 32) * 2**16 // (2**32 + (power >> 32))))
        power = power * power >> 64
    excess = 0
    while excess < MAX_ONES and decoder.bit(_chance(power >> 48)):
        excess += 1
    if excess == MAX_ONES:
        excess += _even(decoder, ESCAPE_BITS)
    for chance in reversed(low_bits):
        excess = 2 * excess + decoder.bit(chance)
    return centre + (excess + 1 if is_up else -excess - 1)


def _weights(
    decoder: _Decoder, shapes: Shapes, start: Start | None
) -> tuple[tuple[int, ...], tuple[int, ...], NDArray[np.int64]]:
    used = {tensor.kind for tensor in shapes.tensors}
    exponents, scales = [0] * 11, [0] * 11
    for kind in sorted(used):
        exponents[kind] = _even(decoder, 5)
        scales[kind] = _even(decoder, 8)
        decoder.check()
    for kind in sorted(used):
        if exponents[kind] > MAX_EXPONENTS[kind]:
            raise CorruptError(
                f"networks: exponent of kind {kind} must be 0 to {MAX_EXPONENTS[kind]}, "
                f"got {exponents[kind]}"
            )
    integers: list[int] = []
    for tensor in shapes.tensors:
        for value in _bases(tensor, start):
            base = _clip((value * 2 ** exponents[tensor.kind] + 512) >> 10, MAX_WEIGHT)
            difference = _laplace(decoder, scales[tensor.kind], 0)
            decoder.check()
            integers.append(_clip(base + _clip(difference, 2 * MAX_WEIGHT), MAX_WEIGHT))
    return tuple(exponents), tuple(scales), np.array(integers)


def _bases(tensor: Tensor, start: Start | None) -> list[int]:
    """In 1/1024."""
    if tensor.name.endswith(".double"):
        return [36, 108, -268, -900]
    if tensor.name.endswith(".smooth"):
        return [1024, 0, 0, 0]
    base = np.zeros(tensor.shape, np.int64)
    known = {each.name: each for each in start.shapes.tensors} if start else {}
    if start and tensor.name in known and tensor.kind <= 5:
        values = start.values[known[tensor.name].part].reshape(known[tensor.name].shape)
        for index in np.ndindex(tensor.shape):
            if all(i < length for i, length in zip(index, values.shape, strict=True)):
                base[index] = round(1024 * float(values[index]))
    return base.ravel().tolist()


class _Nets:
    """Fixed-point weights of the networks behind the probabilities."""

    def __init__(
        self, shapes: Shapes, exponents: Sequence[int], integers: NDArray[np.int64]
    ) -> None:
        self.shapes = shapes
        self._exponents, self._integers = exponents, integers
        spec = shapes.spec
        identity = 1024 * np.eye(spec.num_neighbours + spec.num_features, dtype=np.int64)
        self.hidden = [
            (
                _short(self._fixed(f"context.hidden{i}.weight", 10) + identity),
                self._fixed(f"context.hidden{i}.bias", 18) + 512,
            )
            for i in range(spec.num_context_layers)
        ]
        self.output = _short(self._fixed("context.output.weight", 10))
        self.stabiliser = _short(self._fixed("context.stabiliser.weight", 10))
        self.output_bias = self._fixed("context.output.bias", 18)
        self.features = [
            (
                _short(self._fixed(f"features{i}.weight", 10)),
                _short(self._fixed(f"features{i}.bias", 10)),
            )
            for i in range(spec.num_feature_grids)
        ]

    def _fixed(self, name: str, bits: int) -> NDArray[np.int64]:
        tensor = next(each for each in self.shapes.tensors if each.name == name)
        own = self._integers[tensor.part]
        return own.reshape(tensor.shape) * 2 ** (bits - self._exponents[tensor.kind])

    def predict(self, context: NDArray[np.int64]) -> tuple[int, int]:
        """Mean in 1/64 and scale index of a symbol, from 256 times its context."""
        values = context
        for weight, bias in self.hidden:
            values = np.clip(_wrapped(weight @ values + bias) >> 10, 0, MAX_SHORT)
        sums = self.output @ values + self.stabiliser @ context + self.output_bias
        mean = int(_wrapped(sums[0] + 2**11)) >> 12
        scale = int(_wrapped(sums[1] - 4 * 2**18 + 2**13)) >> 14
        return _clip(mean, 8191), max(0, min(scale + 80, 160))


def _short(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(values, -MAX_SHORT, MAX_SHORT)


def _wrapped(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Modulo 2^32, as signed numbers."""
    return (values + 2**31) % 2**32 - 2**31


def _padded(grid: NDArray[np.int64], border: int) -> NDArray[np.int64]:
    return np.pad(grid, border)


def _features(nets: _Nets, grids: Sequence[NDArray[np.int64]], fine: int) -> NDArray[np.int64]:
    """(features, rows, columns) of the grid at level `fine`, at half its size, in 1/256."""
    spec, shapes = nets.shapes.spec, nets.shapes.grids
    weight, bias = nets.features[fine]
    columns = iter(weight.T)
    total: NDArray[np.int64] | None = None
    parts: list[NDArray[np.int64]] = []  # of each level, fine to coarse
    for level in range(fine + 1, spec.num_grids):
        part = np.zeros((spec.num_features, *_size(spec, level)), np.int64)
        for number, grid in enumerate(shapes):
            if grid.level != level:
                continue
            side = spec.parent_side if level == fine + 1 and not grid.is_hyper else 1
            wide = _padded(grids[number], side // 2)
            for dy in range(side):
                for dx in range(side):
                    window = wide[dy : dy + grid.height, dx : dx + grid.width]
                    part += next(columns)[:, None, None] * window
        parts.append(part)
    for part in reversed(parts):
        if total is not None:
            height, width = part.shape[1:]
            part = part + total.repeat(2, 1).repeat(2, 2)[:, :height, :width]
        total = part
    assert total is not None
    return _short(_wrapped(total + bias[:, None, None]) >> 2)


def _size(spec: Spec, level: int) -> tuple[int, int]:
    return -(-spec.height // 2**level), -(-spec.width // 2**level)


def wave_order(height: int, width: int, num_neighbours: int) -> Iterator[tuple[int, int]]:
    """Rows and columns of a grid's symbols, as they are coded."""
    lag = next(
        lag
        for lag in range(1, 5)
        if all(dx + lag * dy < 0 for dy, dx in NEIGHBOURS[:num_neighbours])
    )
    for time in range(width + lag * (height - 1)):
        for y in range(height):
            if 0 <= time - lag * y < width:
                yield y, time - lag * y


def _read_grid(decoder: _Decoder, nets: _Nets, grids: list[NDArray[np.int64]], number: int) -> None:
    spec, grid = nets.shapes.spec, nets.shapes.grids[number]
    features = None
    if not grid.is_hyper and grid.level < spec.num_feature_grids:
        features = _features(nets, grids, grid.level)
    symbols = np.zeros((grid.height + 8, grid.width + 8), np.int64)  # with a border of 4
    for y, x in wave_order(grid.height, grid.width, spec.num_neighbours):
        context = np.zeros(spec.num_neighbours + spec.num_features, np.int64)
        for i, (dy, dx) in enumerate(NEIGHBOURS[: spec.num_neighbours]):
            context[i] = 256 * symbols[4 + y + dy, 4 + x + dx]
        if features is not None:
            context[spec.num_neighbours :] = features[:, y // 2, x // 2]
        mean, scale = nets.predict(context)
        symbol = _laplace(decoder, scale, mean)
        decoder.check()
        grids[number][y, x] = symbols[4 + y, 4 + x] = _clip(symbol, MAX_SYMBOL)

"""Latent machines as bytes: the section of a `dfm-latent` file, written and taken apart.

Everything in it is integers: a weight is an integer times its tensor's step, a latent is the
symbol that it was rounded to. Pixels are made of the file by `overtone.kernels.ovt`.
"""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from overtone.errors import ConfigError, CorruptError
from overtone.kernels import _latent_file
from overtone.kernels.fourier import Isa
from overtone.kernels.latent_shape import Shapes
from overtone.kernels.latent_starts import Start, StartTable

KINDS = (
    "context weights",
    "context biases",
    "context output weights",
    "context output biases",
    "feature weights",
    "feature biases",
    "upsampling",
    "mix",
    "synthesis weights",
    "synthesis biases",
    "residual weights",
)
"""What shares a step and a distribution, by the number of the kind of a tensor."""

MAX_EXPONENTS = tuple(_latent_file.MAX_EXPONENTS)
"""Steps of a kind are 2 ** -e for e of 0 to this."""

NUM_SCALES, SCALE_OF_ONE, SCALES_PER_E = 256, 80, 16
MAX_INTEGER = 1 << 17  # of a weight
MAX_SYMBOL = 127
STEP_BITS = 13  # of the exponent and the scale of a kind


@dataclasses.dataclass(frozen=True, slots=True)
class Machine:
    """Integers of a machine.

    Attributes:
        exponents: For each kind e, if steps are 2 ** -e.
        scales: For each kind the index i of its distribution, of scale exp((i - 80) / 16).
        integers: Those of all weights, int32 within 2 ** 17, tensor by tensor.
        symbols: Those of all grids, int8 within 127, fine to coarse, rows one after the other.
        start: Networks that the integers are coded as differences from; None for zeros.
    """

    exponents: tuple[int, ...]
    scales: tuple[int, ...]
    integers: NDArray[np.int32]
    symbols: NDArray[np.int8]
    start: Start | None = None


def integers_of(
    shapes: Shapes, exponents: tuple[int, ...], weights: NDArray[np.floating]
) -> NDArray[np.int32]:
    """The integers that are nearest to weights; those that are too large become the largest.

    Args:
        shapes: The machine's.
        exponents: For each kind e, if steps are 2 ** -e.
        weights: All weights, tensor by tensor.
    """
    nearest = np.rint(weights / _steps(shapes, exponents))
    return nearest.clip(-MAX_INTEGER, MAX_INTEGER).astype(np.int32)


def weights_of(
    shapes: Shapes, exponents: tuple[int, ...], integers: NDArray[np.int32]
) -> NDArray[np.float32]:
    """All weights, tensor by tensor, as the decoder has them."""
    return (integers * _steps(shapes, exponents)).astype(np.float32)


def _steps(shapes: Shapes, exponents: tuple[int, ...]) -> NDArray[np.float64]:
    """The step of each weight."""
    steps = [np.full(each.size, 2.0 ** -exponents[each.kind]) for each in shapes.tensors]
    return np.concatenate(steps)


def bases(
    shapes: Shapes, exponents: tuple[int, ...], start: Start | None = None
) -> NDArray[np.int32]:
    """What the integers of all weights are coded as differences from.

    Args:
        shapes: The machine's.
        exponents: For each kind e, if steps are 2 ** -e.
        start: Trained networks, which must fit; None for zeros and interpolation.
    """
    return _latent_file.bases(shapes.native, exponents, *_native(start))


def _native(start: Start | None) -> tuple[_latent_file.Starts | None, int]:
    return (None, 0) if start is None else (start.table.native, start.number)


@dataclasses.dataclass(frozen=True, slots=True)
class WeightCode:
    """How the integers of the weights are coded, and at which cost.

    Attributes:
        scales: For each kind the index of the scale that its weights are cheapest with.
        bits: Code length of all weights with them, with the steps and the scales themselves.
    """

    scales: tuple[int, ...]
    bits: float


def weight_code(
    shapes: Shapes,
    exponents: tuple[int, ...],
    integers: NDArray[np.int32],
    start: Start | None = None,
) -> WeightCode:
    """The cheapest code of the integers of the weights.

    Args:
        shapes: The machine's.
        exponents: For each kind e, if steps are 2 ** -e.
        integers: Those of all weights.
        start: Networks that they are coded as differences from.
    """
    differences = np.abs(integers - bases(shapes, exponents, start))
    b = np.exp((np.arange(NUM_SCALES) - SCALE_OF_ONE) / SCALES_PER_E)
    zero = -np.log2(-np.expm1(-0.5 / b))
    one = 1 + 0.5 / (b * math.log(2)) - np.log2(-np.expm1(-1 / b))  # with its sign
    further = 1 / (b * math.log(2))
    scales, total = [0] * len(KINDS), 0.0
    for kind in {each.kind for each in shapes.tensors}:
        values = np.concatenate(
            [differences[each.part] for each in shapes.tensors if each.kind == kind]
        )
        others = values[values > 0]
        bits = (values.size - others.size) * zero + others.size * one
        bits += (others - 1).sum() * further
        scales[kind] = int(np.argmin(bits))
        total += float(bits.min()) + STEP_BITS
    return WeightCode(tuple(scales), total)


def pack(shapes: Shapes, machine: Machine, *, isa: Isa = "auto") -> bytes:
    """The codec section of a file.

    Args:
        shapes: The machine's.
        machine: Its integers.
        isa: Instruction set of the kernels; the bytes are the same with any.

    Raises:
        ConfigError: A number is out of its range.
    """
    starts, number = _native(machine.start)
    try:
        return _latent_file.pack(
            shapes.native,
            exponents=machine.exponents,
            scales=machine.scales,
            integers=machine.integers,
            symbols=machine.symbols,
            isa=isa,
            starts=starts,
            start=number,
        )
    except ValueError as error:
        raise ConfigError(f"latent machine: {error}") from error


def unpack(
    section: bytes,
    size: tuple[int, int, int],
    *,
    table: StartTable | None = None,
    is_prefix: bool = False,
    isa: Isa = "auto",
) -> Machine:
    """The integers of a section; of a beginning that lacks weights there are none.

    Args:
        section: Bytes that `pack` made, or the beginning of them.
        size: Height, width and channels of the picture.
        table: Networks that it may start from.
        is_prefix: Whether the section may end early; what is missing is 0.
        isa: Instruction set of the kernels; the integers are the same with any.

    Raises:
        CorruptError: The section is damaged.
        ConfigError: It starts from networks, and no table is given.
    """
    height, width, channels = size
    try:
        exponents, scales, integers, symbols, number = _latent_file.unpack(
            section,
            height=height,
            width=width,
            channels=channels,
            is_prefix=is_prefix,
            isa=isa,
            starts=table and table.native,
        )
    except ValueError as error:
        raise ConfigError(f"latent machine: {error}") from error
    except RuntimeError as error:
        raise CorruptError(str(error)) from error
    start = table.starts[number - 1] if table and number else None
    return Machine(tuple(exponents), tuple(scales), integers, symbols, start)

"""Networks that were trained on other pictures, which those of a `dfm-latent` file may start from.

They are data of the codec: a zlib stream of little-endian integers, the number of starts (uint8)
and of each its weight of the rate in millionths (uint32), seven sizes (uint8) and its values
(int16, in 1/1024), those of the networks that predict symbols, tensor by tensor.
"""

import dataclasses
import math
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.errors import ConfigError, CorruptError
from overtone.kernels import _latent_file
from overtone.kernels.latent_shape import Shapes, Spec, Tensor

VALUES_PER_UNIT = 1024
_MILLION = 1_000_000
_HEAD = struct.Struct("<I7B")
_MAX_KIND = 5  # of the tensors that starts have: context and features


def is_shared(tensor: Tensor) -> bool:
    """Whether pictures can have the tensor in common: it helps to predict symbols."""
    return tensor.kind <= _MAX_KIND


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """Trained networks.

    Attributes:
        number: In the head of files, from 1.
        rd_weight: λ that they were trained at.
        shapes: Their sizes, of a picture of one pixel.
        values: Weights of the tensors that are shared, which are the first of the shapes.
        table: The table that they are from.
    """

    number: int
    rd_weight: float
    shapes: Shapes
    values: NDArray[np.float32]
    table: "StartTable"

    def fits(self, spec: Spec) -> bool:
        """Whether networks of that size can start from these."""
        own = self.shapes.spec
        return all(
            getattr(own, name) == getattr(spec, name)
            for name in ("num_neighbours", "num_features", "num_context_layers", "parent_side")
        )

    def write_to(self, tensors: Sequence[Tensor], weights: NDArray[np.float32]) -> None:
        """Puts the values into the tensors of a machine that it fits, where it has any.

        Args:
            tensors: Those of the machine.
            weights: All weights of the machine, tensor by tensor; changed in place.
        """
        own = {each.name: each for each in self.shapes.tensors if is_shared(each)}
        for tensor in tensors:
            if tensor.name not in own:
                continue
            known = own[tensor.name]
            values = self.values[known.part].reshape(known.shape)
            part = tuple(map(slice, np.minimum(known.shape, tensor.shape)))
            weights[tensor.part].reshape(tensor.shape)[part] = values[part]


class StartTable:
    """The starts of the data of the codec.

    Args:
        data: Bytes that `pack_starts` made.

    Raises:
        CorruptError: They are others.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self.native = _latent_file.Starts(data)
        except RuntimeError as error:
            raise CorruptError(str(error)) from error
        self.starts = tuple(
            Start(
                number,
                millionths / _MILLION,
                Shapes(_spec(sizes)),
                np.divide(values, VALUES_PER_UNIT, dtype=np.float32),
                self,
            )
            for number, (millionths, sizes, values) in enumerate(self.native.entries, 1)
        )

    def nearest(self, spec: Spec, rd_weight: float) -> Start | None:
        """The start for networks of that size whose λ has the nearest logarithm; None without one.

        Args:
            spec: Sizes of the machine.
            rd_weight: λ of the picture.
        """
        fitting = [start for start in self.starts if start.fits(spec)]
        return min(
            fitting, key=lambda start: abs(math.log(start.rd_weight / rd_weight)), default=None
        )


def pack_starts(starts: Sequence[tuple[float, Spec, NDArray[np.floating]]]) -> bytes:
    """The data of a table.

    Args:
        starts: λ, sizes and all weights of a machine, or only those of its shared tensors.

    Raises:
        ConfigError: A weight is too large.
    """
    raw = bytes([len(starts)])
    for rd_weight, spec, weights in starts:
        shared = [tensor for tensor in Shapes(spec).tensors if is_shared(tensor)]
        values = np.rint(np.float64(weights[: shared[-1].part.stop]) * VALUES_PER_UNIT)
        if not (np.abs(values) < 1 << 15).all():
            raise ConfigError(f"weights of a start must be below 32, got {np.abs(weights).max():g}")
        raw += _HEAD.pack(round(rd_weight * _MILLION), *_sizes(spec))
        raw += values.astype("<i2").tobytes()
    return zlib.compress(raw, 9)


_SIZES = (
    "num_neighbours",
    "num_features",
    "num_context_layers",
    "parent_side",
    "num_grids",
    "first_hyper_grid",
    "num_feature_grids",
)


def _sizes(spec: Spec) -> list[int]:
    return [getattr(spec, name) for name in _SIZES]


def _spec(sizes: Sequence[int]) -> Spec:
    """Of a picture of one pixel, without what pictures do not share."""
    return Spec(
        height=1,
        width=1,
        channels=1,
        trunk="linear",
        num_mixed=0,
        num_residual_layers=0,
        **dict(zip(_SIZES, sizes, strict=True)),
    )

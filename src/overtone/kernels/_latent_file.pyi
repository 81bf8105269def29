from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels import _latent_shape

MAX_EXPONENTS: list[int]

class Starts:
    def __init__(self, data: bytes) -> None: ...
    @property
    def entries(self) -> list[tuple[int, tuple[int, ...], NDArray[np.int16]]]: ...

def bases(
    shapes: _latent_shape.Shapes, exponents: Sequence[int], starts: Starts | None, start: int
) -> NDArray[np.int32]: ...
def pack(
    shapes: _latent_shape.Shapes,
    *,
    exponents: Sequence[int],
    scales: Sequence[int],
    integers: NDArray[np.int32],
    symbols: NDArray[np.int8],
    isa: str,
    starts: Starts | None,
    start: int,
) -> bytes: ...
def unpack(
    section: bytes,
    *,
    height: int,
    width: int,
    channels: int,
    is_prefix: bool,
    isa: str,
    starts: Starts | None,
) -> tuple[list[int], list[int], NDArray[np.int32], NDArray[np.int8], int]: ...

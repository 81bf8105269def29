from collections.abc import Sequence
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

_State = tuple[list[int], list[int], list[int]]

@overload
def encode(
    levels: Sequence[NDArray[np.int16]],
    tables: Sequence[NDArray[np.uint16]],
    counters: NDArray[np.uint16],
    weights: NDArray[np.int32],
    *,
    learned: Literal[False] = False,
) -> bytes: ...
@overload
def encode(
    levels: Sequence[NDArray[np.int16]],
    tables: Sequence[NDArray[np.uint16]],
    counters: NDArray[np.uint16],
    weights: NDArray[np.int32],
    *,
    learned: Literal[True],
) -> tuple[bytes, _State]: ...
def decode(
    data: bytes,
    shapes: Sequence[tuple[int, int]],
    tables: Sequence[NDArray[np.uint16]],
    counters: NDArray[np.uint16],
    weights: NDArray[np.int32],
    *,
    is_prefix: bool,
) -> list[NDArray[np.int16]]: ...
def untrained() -> _State: ...

from collections.abc import Callable, Sequence
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

BORDER: int
_State = tuple[list[int], list[int], list[int]]

@overload
def encode(
    levels: Sequence[NDArray[np.int16]],
    tables: Sequence[NDArray[np.uint16]],
    counters: NDArray[np.uint16],
    weights: NDArray[np.int32],
    *,
    learned: Literal[False] = False,
    check: Callable[[], None] | None = None,
) -> bytes: ...
@overload
def encode(
    levels: Sequence[NDArray[np.int16]],
    tables: Sequence[NDArray[np.uint16]],
    counters: NDArray[np.uint16],
    weights: NDArray[np.int32],
    *,
    learned: Literal[True],
    check: Callable[[], None] | None = None,
) -> tuple[bytes, _State]: ...
def decode(
    data: bytes,
    shapes: Sequence[tuple[int, int]],
    tables: Sequence[NDArray[np.uint16]],
    counters: NDArray[np.uint16],
    weights: NDArray[np.int32],
    *,
    is_prefix: bool,
    check: Callable[[], None] | None = None,
) -> list[NDArray[np.int16]]: ...
def untrained() -> _State: ...

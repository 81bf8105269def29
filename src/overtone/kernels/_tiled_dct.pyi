from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SUPERBLOCK: int
MIN_TILE: int

def relative_inputs(
    centre: NDArray[np.float32],
    neighbours: list[NDArray[np.float32]],
    scale: float,
    out: NDArray[np.float32],
) -> None: ...
def untrained() -> tuple[list[int], list[int], list[int]]: ...

class Encoder:
    size_bytes: int
    def __init__(
        self,
        planes: NDArray[np.float32],
        counters: NDArray[np.uint16],
        weights: NDArray[np.int32],
        *,
        step: float,
        rd_weight: float,
        overlap: float,
        reconstruction_offset_one: float,
        reconstruction_offset: float,
        min_log2: int,
        max_log2: int,
    ) -> None: ...
    def encode_row(self) -> bool: ...
    def finish(self) -> bytes: ...
    def learned(self) -> tuple[list[int], list[int], list[int]]: ...

class Decoder:
    rows_decoded: int
    is_done: bool
    has_leftover: bool
    def __init__(
        self,
        data: bytes,
        counters: NDArray[np.uint16],
        weights: NDArray[np.int32],
        *,
        width: int,
        height: int,
        channels: int,
    ) -> None: ...
    def decode_row(self, check: Callable[[], None] | None = None) -> None: ...
    def tiles(self) -> list[tuple[int, int, int, NDArray[np.int16]]]: ...
    def render(
        self,
        xs: NDArray[np.float64],
        ys: NDArray[np.float64],
        values: NDArray[np.float32],
        *,
        step: float,
        overlap: float,
        reconstruction_offset_one: float,
        reconstruction_offset: float,
        blend: float,
        num_threads: int,
        isa: str,
    ) -> None: ...

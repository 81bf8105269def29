import numpy as np
from numpy.typing import NDArray

SUPERBLOCK: int
MIN_TILE: int

class Encoder:
    size_bytes: int
    cost: float
    def __init__(
        self,
        planes: NDArray[np.float32],
        *,
        step: float,
        rd_weight: float,
        overlap: float,
        shrink_one: float,
        shrink: float,
        min_log2: int,
        max_log2: int,
    ) -> None: ...
    def encode_row(self) -> bool: ...
    def finish(self) -> bytes: ...

class Decoder:
    rows_decoded: int
    is_done: bool
    has_leftover: bool
    def __init__(self, data: bytes, *, width: int, height: int, channels: int) -> None: ...
    def decode_row(self) -> None: ...
    def tile_sizes(self) -> dict[int, int]: ...
    def render(
        self,
        xs: NDArray[np.float64],
        ys: NDArray[np.float64],
        values: NDArray[np.float32],
        *,
        step: float,
        overlap: float,
        shrink_one: float,
        shrink: float,
        num_threads: int,
        isa: str,
    ) -> None: ...

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NUM_KINDS: int
MAX_EXPONENTS: list[int]

class Shapes:
    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        trunk: str,
        num_mixed: int,
        num_residual_layers: int,
        num_grids: int,
        first_hyper_grid: int,
        num_context_layers: int,
        num_neighbours: int,
        num_features: int,
        num_feature_grids: int,
        parent_side: int,
    ) -> None: ...
    @property
    def tensors(self) -> list[tuple[str, list[int], int, int]]: ...
    @property
    def grids(self) -> list[tuple[int, bool, int, int, int]]: ...
    def starts(self, exponents: Sequence[int]) -> NDArray[np.int32]: ...

def pack(
    shapes: Shapes,
    *,
    exponents: Sequence[int],
    scales: Sequence[int],
    integers: NDArray[np.int32],
    symbols: NDArray[np.int8],
    isa: str,
) -> bytes: ...
def unpack(
    section: bytes, *, height: int, width: int, channels: int, is_prefix: bool, isa: str
) -> tuple[list[int], list[int], NDArray[np.int32], NDArray[np.int8]]: ...

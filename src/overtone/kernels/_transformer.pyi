from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

class Decoder:
    def __init__(
        self,
        *,
        width: int,
        num_heads: int,
        hidden: int,
        num_feed_forwards: int,
        num_threads: int,
        isa: str,
        is_bfloat16: bool,
    ) -> None: ...
    @property
    def isa(self) -> str: ...
    def add_stack(
        self,
        num_layers: int,
        num_logits: int,
        num_inputs: int,
        weights: Sequence[NDArray[np.float32]],
        /,
    ) -> None: ...
    def prefill(self, encoded: NDArray[np.float32], capacity: int, /) -> None: ...
    def decode_step(
        self,
        stack: int,
        x: NDArray[np.float32],
        inputs: NDArray[np.float32],
        lists: NDArray[np.int64],
        logits: NDArray[np.float32],
        /,
    ) -> None: ...

def sample_top_p(
    logits: NDArray[np.float32],
    is_legal: NDArray[np.bool_],
    temperature: float,
    top_p: float,
    drawn: NDArray[np.float64],
    tokens: NDArray[np.int64],
    /,
) -> None: ...

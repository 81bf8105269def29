from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Float32 = NDArray[np.float32]

def prepare_thread() -> None: ...
def is_supported(isa: str) -> bool: ...

class Runner:
    def __init__(
        self,
        *,
        num_axes: int,
        input_scales: Sequence[float],
        hidden: Sequence[int],
        num_outputs: int,
        residual: bool,
        has_tanh: bool,
        num_threads: int,
        isa: str,
    ) -> None: ...
    @property
    def isa(self) -> str: ...
    @property
    def num_weights(self) -> int: ...
    def forward(self, weights: _Float32, positions: _Float32, values: _Float32, /) -> None: ...
    def loss_gradient(
        self, weights: _Float32, positions: _Float32, targets: _Float32, gradient: _Float32, /
    ) -> float: ...
    def vjp(
        self,
        weights: _Float32,
        positions: _Float32,
        cotangents: _Float32,
        gradient: _Float32,
        input_gradient: _Float32,
        /,
    ) -> None: ...
    def render(
        self,
        weights: _Float32,
        x0: float,
        dx: float,
        y0: float,
        dy: float,
        low: float,
        high: float,
        pixels: NDArray[np.uint8],
        /,
    ) -> None: ...
    def forward_batch(
        self, weights: _Float32, positions: _Float32, values: _Float32, /
    ) -> None: ...
    def loss_gradient_batch(
        self,
        weights: _Float32,
        positions: _Float32,
        targets: _Float32,
        gradients: _Float32,
        losses: NDArray[np.float64],
        /,
    ) -> None: ...
    def vjp_batch(
        self, weights: _Float32, positions: _Float32, cotangents: _Float32, gradients: _Float32, /
    ) -> None: ...
    def vjp_each(
        self,
        weights: _Float32,
        positions: _Float32,
        cotangents: _Float32,
        gradients: _Float32,
        by_position: _Float32,
        /,
    ) -> None: ...

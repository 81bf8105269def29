from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Float32 = NDArray[np.float32]

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

class Fitter:
    def __init__(
        self,
        *,
        input_scales: Sequence[float],
        hidden: Sequence[int],
        residual: bool,
        tanh: bool,
        positions: _Float32,
        targets: _Float32,
        weights: _Float32,
        groups: NDArray[np.int32],
        log_steps: _Float32,
        soap: bool,
        beta1: float,
        beta2: float,
        refresh_every: int,
        clip_factor: float,
        batch_size: int,
        seed: int,
        peak_rate: float,
        warmup_steps: int,
        total_steps: int,
        cosine: bool,
        final_fraction: float,
    ) -> None: ...
    @property
    def weights(self) -> _Float32: ...
    @weights.setter
    def weights(self, weights: _Float32) -> None: ...
    @property
    def log_steps(self) -> _Float32: ...
    @log_steps.setter
    def log_steps(self, log_steps: _Float32) -> None: ...
    @property
    def steps_done(self) -> int: ...
    def run(
        self, num_steps: int, quantiser: str, rate_weight: float, step_rate: float
    ) -> tuple[float, float]: ...
    def evaluate(self, weights: _Float32) -> float: ...

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels import _latent_shape

_Float32 = NDArray[np.float32]

class Conditions:
    def __init__(
        self,
        *,
        gain: float,
        temperature: float,
        noise: float,
        seed: int,
        rd_weight: float,
        entropy_share: float,
    ) -> None: ...

class Rates:
    def __init__(
        self,
        *,
        latent_rate: float,
        latent_beta1: float,
        latent_beta2: float,
        latent_epsilon: float,
        network_rate: float,
        network_beta1: float,
        network_beta2: float,
        network_epsilon: float,
        weight_decay: float,
        refresh_every: int,
        clip_norm: float,
    ) -> None: ...

class Machine:
    def __init__(self, shapes: _latent_shape.Shapes, *, num_threads: int, isa: str) -> None: ...
    @property
    def isa(self) -> str: ...
    @property
    def num_threads(self) -> int: ...
    def set_picture(self, picture: _Float32) -> None: ...
    @property
    def parameters(self) -> _Float32: ...
    @parameters.setter
    def parameters(self, values: _Float32) -> None: ...
    @property
    def latents(self) -> _Float32: ...
    @latents.setter
    def latents(self, values: _Float32) -> None: ...
    @property
    def symbols(self) -> _Float32: ...
    @property
    def pixels(self) -> _Float32: ...
    @property
    def parameter_gradient(self) -> NDArray[np.float64]: ...
    @property
    def latent_gradient(self) -> _Float32: ...
    def evaluate(
        self, conditions: Conditions, is_rounded: bool
    ) -> tuple[float, Sequence[float]]: ...
    def differentiate(self, conditions: Conditions) -> tuple[float, Sequence[float]]: ...
    def step(self, conditions: Conditions, rates: Rates) -> tuple[float, Sequence[float]]: ...
    def restart(self) -> None: ...

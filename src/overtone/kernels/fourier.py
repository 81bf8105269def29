"""Deep Fourier networks on NumPy arrays: evaluate, differentiate, render. Nothing is copied.

A network maps positions (axes, pixels) to values (outputs, pixels), both float32. Its weights are
one flat float32 array: layer after layer A, then B, each (2^m, n); bit j of a row number is the
frequency of input j.
"""

import dataclasses
import itertools
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from overtone.errors import ConfigError


class MissingKernels:
    """Stands for the compiled module on a machine that computes on a card only."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> NoReturn:
        raise ConfigError(
            "the native kernels are not built, and computing on the processor needs them; "
            f"run make setup, or give device cuda ({self._reason})"
        )


try:
    from overtone.kernels import _fourier
except ImportError as error:
    _fourier = MissingKernels(str(error))

Isa = Literal["auto", "baseline", "avx2", "avx512"]
Float32 = NDArray[np.float32]

MAX_WIDTH = 10  # inputs of any layer: 2^10 frequencies
MAX_OUTPUTS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """Sizes of one layer."""

    num_inputs: int
    num_outputs: int
    has_residual: bool

    @property
    def size(self) -> int:
        """Number of weights."""
        return 2 * 2**self.num_inputs * self.num_outputs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NetSpec:
    """What a network looks like.

    Attributes:
        num_axes: Channels of the positions.
        input_scales: The first layer sees every axis once per scale, axis by axis;
            (0.5, 1, 2) gives the octave inputs.
        hidden: Widths of the hidden layers, 1..10 each; may be empty.
        num_outputs: Channels of the values, 1..4.
        has_residual: Add the input of hidden layers whose sizes agree (thesis, eq. 4.5).
        output: What is applied to the last layer.
    """

    num_axes: int = 2
    input_scales: tuple[float, ...] = (1.0,)
    hidden: tuple[int, ...] = ()
    num_outputs: int = 3
    has_residual: bool = True
    output: Literal["linear", "tanh"] = "linear"

    def __post_init__(self) -> None:
        num_inputs = self.num_axes * len(self.input_scales)
        if not 1 <= num_inputs <= MAX_WIDTH:
            raise ValueError(f"num_axes * len(input_scales) must be in 1..10, got {num_inputs}")
        if not np.isfinite(self.input_scales).all():
            raise ValueError(f"input_scales must be finite, got {self.input_scales}")
        for width in self.hidden:
            if not 1 <= width <= MAX_WIDTH:
                raise ValueError(f"hidden widths must be in 1..10, got {width}")
        if not 1 <= self.num_outputs <= MAX_OUTPUTS:
            raise ValueError(f"num_outputs must be in 1..4, got {self.num_outputs}")
        if self.output not in ("linear", "tanh"):
            raise ValueError(f"output must be linear or tanh, got {self.output!r}")

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, first to last."""
        sizes = (self.num_axes * len(self.input_scales), *self.hidden, self.num_outputs)
        last = len(self.hidden)
        return tuple(
            Layer(m, n, self.has_residual and 0 < i < last and m == n)
            for i, (m, n) in enumerate(itertools.pairwise(sizes))
        )

    @property
    def num_weights(self) -> int:
        """Length of the weights, the dead sine rows of k = 0 included."""
        return sum(layer.size for layer in self.layers)


class Runner:
    """Evaluates networks of one shape on a fixed number of threads.

    At most 256 threads run, and fewer where the system grants fewer. Results are the same every
    time for the same number of threads. One call at a time: use a
    runner per Python thread.

    Raises:
        ValueError: The processor lacks `isa`, or `num_threads` is below 1.
    """

    def __init__(self, spec: NetSpec, *, num_threads: int = 1, isa: Isa = "auto") -> None:
        self.spec = spec
        self._native = _fourier.Runner(
            num_axes=spec.num_axes,
            input_scales=list(spec.input_scales),
            hidden=list(spec.hidden),
            num_outputs=spec.num_outputs,
            residual=spec.has_residual,
            has_tanh=spec.output == "tanh",
            num_threads=num_threads,
            isa=isa,
        )

    @property
    def isa(self) -> str:
        """The instruction set in use."""
        return self._native.isa

    def forward(self, weights: Float32, positions: Float32) -> Float32:
        """Values (outputs, pixels); (networks, outputs, pixels) for weights (networks, ...).

        Several networks share their positions, or each has its own: (networks, axes, pixels).
        """
        batch = self._check_weights(weights)
        self._check_positions(positions, batch)
        values = np.empty((*batch, self.spec.num_outputs, positions.shape[-1]), np.float32)
        run = self._native.forward_batch if batch else self._native.forward
        run(weights, positions, values)
        return values

    def loss_gradient(
        self, weights: Float32, positions: Float32, targets: Float32
    ) -> tuple[float | NDArray[np.float64], Float32]:
        """Sum of squared errors over pixels and outputs, and its gradient by the weights.

        With weights (networks, ...) and targets (networks, outputs, pixels): one loss and one
        gradient a network.
        """
        batch = self._check_weights(weights)
        self._check_positions(positions)
        self._check_values("targets", targets, batch, positions)
        gradient = np.empty_like(weights)
        if not batch:
            return self._native.loss_gradient(weights, positions, targets, gradient), gradient
        losses = np.empty(batch, np.float64)
        self._native.loss_gradient_batch(weights, positions, targets, gradient, losses)
        return losses, gradient

    def vjp(
        self, weights: Float32, positions: Float32, cotangents: Float32
    ) -> tuple[Float32, Float32]:
        """Gradient of sum(values * cotangents) by the weights and by the positions."""
        if self._check_weights(weights):
            raise ValueError("vjp takes the weights of one network; see vjp_batch")
        self._check_positions(positions)
        self._check_values("cotangents", cotangents, (), positions)
        gradient, by_position = np.empty_like(weights), np.empty_like(positions)
        self._native.vjp(weights, positions, cotangents, gradient, by_position)
        return gradient, by_position

    def vjp_batch(self, weights: Float32, positions: Float32, cotangents: Float32) -> Float32:
        """Gradient of sum(values * cotangents) by the weights of each of several networks."""
        batch = self._check_weights(weights)
        if not batch:
            raise ValueError("vjp_batch takes weights (networks, weights), got one network")
        self._check_positions(positions)
        self._check_values("cotangents", cotangents, batch, positions)
        gradients = np.empty_like(weights)
        self._native.vjp_batch(weights, positions, cotangents, gradients)
        return gradients

    def vjp_each(
        self, weights: Float32, positions: Float32, cotangents: Float32
    ) -> tuple[Float32, Float32]:
        """`vjp` of several networks, each at positions of its own (networks, axes, pixels)."""
        batch = self._check_weights(weights)
        if not batch or positions.ndim != 3:
            raise ValueError(
                "vjp_each takes weights (networks, weights) and positions (networks, axes, "
                f"pixels), got {weights.shape} and {positions.shape}"
            )
        self._check_positions(positions, batch)
        self._check_values("cotangents", cotangents, batch, positions)
        gradients, by_position = np.empty_like(weights), np.empty_like(positions)
        self._native.vjp_each(weights, positions, cotangents, gradients, by_position)
        return gradients, by_position

    def render(
        self,
        weights: Float32,
        *,
        origin: tuple[float, float],
        step: tuple[float, float],
        width: int,
        height: int,
        value_range: tuple[float, float] = (0.0, 1.0),
    ) -> NDArray[np.uint8]:
        """8-bit pixels (height, width, outputs) on a grid, clipped and rounded.

        Args:
            weights: Weights of one network with two axes.
            origin: Position (axis 0, axis 1) of the first pixel.
            step: From a pixel to its right neighbour (axis 0) and to the one below (axis 1).
            width: Pixels a row.
            height: Rows.
            value_range: Values that become 0 and 255.
        """
        if self._check_weights(weights) or self.spec.num_axes != 2:
            raise ValueError("render takes one network with two axes")
        if width < 1 or height < 1:
            raise ValueError(f"width and height must be positive, got {width}x{height}")
        low, high = value_range
        if not low < high:
            raise ValueError(f"value_range must ascend, got {value_range}")
        pixels = np.empty((height, width, self.spec.num_outputs), np.uint8)
        self._native.render(weights, origin[0], step[0], origin[1], step[1], low, high, pixels)
        return pixels

    def _check_weights(self, weights: Float32) -> tuple[int, ...]:
        """The batch shape: () or (networks,)."""
        _check_array("weights", weights)
        if weights.ndim not in (1, 2) or weights.shape[-1] != self.spec.num_weights:
            raise ValueError(
                f"weights must be ({self.spec.num_weights},) or (networks, "
                f"{self.spec.num_weights}), got {weights.shape}"
            )
        return weights.shape[:-1]

    def _check_positions(self, positions: Float32, batch: tuple[int, ...] = ()) -> None:
        _check_array("positions", positions)
        if positions.shape[:-1] not in ((self.spec.num_axes,), (*batch, self.spec.num_axes)):
            own = f" or ({batch[0]}, {self.spec.num_axes}, pixels)" if batch else ""
            raise ValueError(
                f"positions must be ({self.spec.num_axes}, pixels){own}, got {positions.shape}"
            )

    def _check_values(
        self, name: str, values: Float32, batch: tuple[int, ...], positions: Float32
    ) -> None:
        _check_array(name, values)
        expected = (*batch, self.spec.num_outputs, positions.shape[-1])
        if values.shape != expected:
            raise ValueError(f"{name} must be {expected}, got {values.shape}")


def _check_array(name: str, array: Float32) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} must be a float32 array, got {kind}")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous; use np.ascontiguousarray")
    if not np.isfinite(array).all():
        bad = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        raise ValueError(f"{name} must be finite, got {array[bad]} at {tuple(map(int, bad))}")


def supported_isas() -> list[Isa]:
    """The instruction sets this processor offers."""
    every: tuple[Isa, ...] = ("baseline", "avx2", "avx512")
    return [isa for isa in every if _fourier.is_supported(isa)]

"""The layer of a Deep Fourier Machine as a module of PyTorch: the formula as written.

It runs on any device, in any precision, and has derivatives of any order, by coefficients and by
positions. `overtone.models.layers.fourier_net` computes the same faster, for batches of networks.
"""

import math
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from overtone.kernels.fourier import NetSpec
from overtone.models.layers.fourier_net import frequencies
from overtone.shapes import Float, Float32

INIT_STD = 0.02  # of an output at the start, where the kernel's own fits start too


@runtime_checkable
class FittedTile(Protocol):
    """What a fitted network has; `overtone.codecs.dfm.network.TileNetwork` is one."""

    @property
    def spec(self) -> NetSpec:
        """Its layers."""
        ...

    @property
    def weights(self) -> np.ndarray:
        """All coefficients in one array."""
        ...

    @property
    def colour_matrix(self) -> np.ndarray:
        """With `colour_offset` takes its outputs to colours."""
        ...

    @property
    def colour_offset(self) -> np.ndarray:
        """See `colour_matrix`."""
        ...


class FourierLayer(nn.Module):
    """y = Σ_k a_k cos(2π k·x) + b_k sin(2π k·x), over all k of {0, 1}^m, for x of m inputs.

    The frequencies are constant, the coefficients learn. At the start each is normal with variance
    0.02² / 2^(m + 1), so that an output has the standard deviation 0.02 / √2.

    Args:
        num_inputs: m; the layer has 2^(m + 1) coefficients for each output.
        num_outputs: Length n of y.
        has_residual: Add x to y; needs as many outputs as inputs.

    Attributes:
        frequencies: The vectors k, one a row, (2^m, m); a buffer.
        a: Coefficients of the cosines, (2^m, n): row i belongs to row i of `frequencies`.
        b: Coefficients of the sines, (2^m, n); row 0 has no effect, because sin 0 = 0.

    Source: thesis, equation 4.5.
    """

    frequencies: Tensor

    def __init__(self, num_inputs: int, num_outputs: int, *, has_residual: bool = False) -> None:
        super().__init__()
        if has_residual and num_inputs != num_outputs:
            raise ValueError(
                f"a residual needs as many outputs as inputs, got {num_outputs} and {num_inputs}"
            )
        self.has_residual = has_residual
        self.register_buffer("frequencies", frequencies(num_inputs))
        std = INIT_STD / math.sqrt(2 * 2**num_inputs)
        self.a = nn.Parameter(std * torch.randn(2**num_inputs, num_outputs))
        self.b = nn.Parameter(std * torch.randn(2**num_inputs, num_outputs))

    def forward(self, x: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch n"]:
        """Values at x, whose last axis are the inputs."""
        angles = 2 * math.pi * (x @ self.frequencies.T)
        y = torch.cos(angles) @ self.a + torch.sin(angles) @ self.b
        return y + x if self.has_residual else y


class FourierNetwork(nn.Module):
    """A Deep Fourier Machine: Fourier layers one after the other, from positions to colours.

    To go on with a network of a file:

        network = FourierNetwork.from_tile(overtone.open_network(data).tiles[0])

    Args:
        spec: Sizes of the layers, input scales, residual and output function.

    Attributes:
        layers: The layers from first to last.
        input_scales: The first layer sees every axis of a position once per scale; a buffer.
        colour_matrix: With `colour_offset` takes the last layer's outputs to colours,
            colour = colour_matrix @ output + colour_offset; buffers. The identity and 0 until
            `load` is given others.
        colour_offset: See `colour_matrix`.
    """

    input_scales: Tensor
    colour_matrix: Tensor
    colour_offset: Tensor

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.layers = nn.ModuleList(
            FourierLayer(layer.num_inputs, layer.num_outputs, has_residual=layer.has_residual)
            for layer in spec.layers
        )
        self.register_buffer("input_scales", torch.tensor(spec.input_scales))
        self.register_buffer("colour_matrix", torch.eye(spec.num_outputs))
        self.register_buffer("colour_offset", torch.zeros(spec.num_outputs))

    def forward(self, positions: Float[Tensor, "*batch a"]) -> Float[Tensor, "*batch c"]:
        """Colours at positions; of a tile of a file they run from (0, 0) to (1, 1) over it."""
        x = (positions[..., :, None] * self.input_scales).flatten(-2)
        for layer in self.layers:
            x = layer(x)
        if self.spec.output == "tanh":
            x = torch.tanh(x)
        return x @ self.colour_matrix.T + self.colour_offset

    @classmethod
    def from_tile(cls, tile: FittedTile) -> "FourierNetwork":
        """The network of a tile of a file, with its weights; see `overtone.open_network`."""
        network = cls(tile.spec)
        network.load(tile.weights, tile.colour_matrix, tile.colour_offset)
        return network

    @torch.no_grad()
    def load(
        self,
        weights: Float32[np.ndarray, " weights"],
        colour_matrix: Float32[np.ndarray, "c c"],
        colour_offset: Float32[np.ndarray, " c"],
    ) -> None:
        """Takes over the coefficients of a fitted network, as `TileNetwork` has them.

        Raises:
            ValueError: The number of weights is not that of the layers.
        """
        if weights.shape != (self.spec.num_weights,):
            raise ValueError(f"weights must be ({self.spec.num_weights},), got {weights.shape}")
        start = 0
        for layer, sizes in zip(self.layers, self.spec.layers, strict=True):
            part = torch.from_numpy(weights[start : start + sizes.size].copy())
            a, b = part.view(2, 2**sizes.num_inputs, sizes.num_outputs)
            layer.get_parameter("a").copy_(a)
            layer.get_parameter("b").copy_(b)
            start += sizes.size
        self.colour_matrix.copy_(torch.from_numpy(colour_matrix.copy()))
        self.colour_offset.copy_(torch.from_numpy(colour_offset.copy()))

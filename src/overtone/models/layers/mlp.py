"""Multilayer perceptrons whose start comes from a generator."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from overtone.shapes import Float


class Mlp(torch.nn.Module):
    """Dense layers with an activation between them, and after the last if `has_active_output`.

    Args:
        sizes: Numbers going in, between the layers and coming out.
        activation: Function of a tensor, element by element.
        has_active_output: Whether the outputs go through it too.
        init_std: Standard deviation of the initial weights; None takes sqrt(2 / inputs), which
            keeps the spread of rectified layers (He et al., 2015), and sqrt(1 / inputs) for a
            linear last layer. Biases start at 0.
        generator: Source of randomness for the initial weights.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        *,
        activation: Callable[[Tensor], Tensor],
        has_active_output: bool = False,
        init_std: float | None = None,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.has_active_output = has_active_output
        self.layers = torch.nn.ModuleList()
        for number, (num_inputs, num_outputs) in enumerate(itertools.pairwise(sizes), 2):
            is_linear = number == len(sizes) and not has_active_output
            std = init_std or math.sqrt((1 if is_linear else 2) / num_inputs)
            layer = torch.nn.Linear(num_inputs, num_outputs, device="meta")
            layer = layer.to_empty(device=torch.get_default_device())
            with torch.no_grad():
                layer.weight.normal_(std=std, generator=generator)
                layer.bias.zero_()
            self.layers.append(layer)

    def forward(self, x: Float[Tensor, "b m"]) -> Float[Tensor, "b n"]:
        """The last layer's outputs."""
        for number, layer in enumerate(self.layers, 1):
            x = layer(x)
            if number < len(self.layers) or self.has_active_output:
                x = self.activation(x)
        return x

"""Random starts of layers, drawn from a generator instead of PyTorch's global one."""

import math

import torch
from torch import nn


@torch.no_grad()
def initialize(
    module: nn.Module, generator: torch.Generator, *, gain: float = math.sqrt(2)
) -> None:
    """Weights of every linear and convolution layer to N(0, gain² / inputs), biases to 0.

    Args:
        module: Searched with all it contains.
        generator: The same state gives the same weights.
        gain: The square root of 2 keeps variances through ReLU, 1 through linear layers.

    Source: He et al., arXiv:1502.01852, equation 10. The inputs of a transposed convolution are
        those that reach one output, which with a stride are fewer than its kernel's.
    """
    for layer in module.modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            continue
        layer.weight.normal_(0.0, gain / math.sqrt(_num_inputs(layer)), generator=generator)
        if layer.bias is not None:
            layer.bias.zero_()


def _num_inputs(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> float:
    if isinstance(layer, nn.Linear):
        return layer.in_features
    reach = layer.in_channels / layer.groups * math.prod(layer.kernel_size)
    return reach / math.prod(layer.stride) if isinstance(layer, nn.ConvTranspose2d) else reach

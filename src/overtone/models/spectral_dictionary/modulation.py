"""The small network that modulates all atoms, and the features of place that go into it."""

import math

import torch
from torch import Tensor

from overtone.models.layers.mlp import Mlp
from overtone.shapes import Float

_LAST_STD = 1e-3  # weights of the last layer at the start: atoms begin nearly unmodulated


class Modulation(torch.nn.Module):
    """A network from features of a place to `num_outputs` numbers for each atom, near 0 at first.

    Args:
        num_features: Number of features of a place.
        hidden: Units of the hidden layers, tanh.
        num_atoms: Each with outputs of its own.
        num_outputs: Numbers an atom is modulated by.
        generator: Source of randomness for the initial weights.
    """

    def __init__(
        self,
        num_features: int,
        hidden: tuple[int, ...],
        *,
        num_atoms: int,
        num_outputs: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.num_outputs = num_outputs
        sizes = (num_features, *hidden, num_atoms * num_outputs)
        self.net = Mlp(sizes, activation=torch.tanh, generator=generator)
        with torch.no_grad():
            self.net.layers[-1].weight.normal_(std=_LAST_STD, generator=generator)  # pyright: ignore

    def forward(self, features: Float[Tensor, "p f"]) -> Float[Tensor, "o k p"]:
        """Outputs by kind, atom and place."""
        return self.net(features).T.unflatten(0, (self.num_outputs, -1))


def time_features(times: Float[Tensor, " p"], num_waves: int) -> Float[Tensor, "p f"]:
    """Sines and cosines of 1, 2, 4 ... turns over the signal."""
    turns = times[:, None] * 2.0 ** torch.arange(num_waves)
    return torch.cat([torch.sin(2 * math.pi * turns), torch.cos(2 * math.pi * turns)], dim=1)


def place_features(places: Float[Tensor, "p 2"], num_waves: int) -> Float[Tensor, "p f"]:
    """The place itself, and sines and cosines of 1, 2, 3 ... half turns along each axis."""
    turns = (places[:, :, None] * torch.arange(1, num_waves + 1)).flatten(1)
    return torch.cat(
        [2 * places - 1, torch.sin(math.pi * turns), torch.cos(math.pi * turns)], dim=1
    )

"""A moving average of a model's weights."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor


class Ema:
    """Average of the parameters, decay * average + (1 - decay) * weights after each step.

    The decay rises from 0.1 to its value as (1 + step) / (10 + step), so that the random start is
    soon forgotten.

    Attributes:
        shadow: The averages, by the parameters' names.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.decay = decay
        self._parameters = dict(model.named_parameters())
        self.shadow: dict[str, Tensor] = {
            name: parameter.detach().clone() for name, parameter in self._parameters.items()
        }

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Follows the weights after step `step`, counted from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages, weights = [*self.shadow.values()], [self._parameters[n] for n in self.shadow]
        # One call for all of them, since a card waits for each call.
        torch._foreach_lerp_(averages, weights, 1 - decay)  # pyright: ignore

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averages for weights inside the context."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for name, parameter in self._parameters.items():
            parameter.data, self.shadow[name] = self.shadow[name], parameter.data

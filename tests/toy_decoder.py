"""Decoder stacks of PyTorch's layers with random weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from overtone.kernels.decoder import DecoderSpec
from overtone.models.dct_transformer.blocks import Layer


class Twin:
    """The stacks of a spec as PyTorch computes them, all places anew."""

    def __init__(self, spec: DecoderSpec) -> None:
        rng = np.random.default_rng(0)
        self.weights = [
            [weight(rng, shape) for shape in spec.shapes_of(number)]
            for number in range(len(spec.stacks))
        ]
        self.stacks = []
        for number, stack in enumerate(spec.stacks):
            norm, head_norm = nn.LayerNorm(spec.width), nn.LayerNorm(spec.width)
            sizes = (spec.width, spec.num_heads, spec.hidden, spec.num_feed_forwards)
            layers = [Layer(*sizes, is_decoder=True) for _ in range(stack.num_layers)]
            head = nn.Linear(spec.width, stack.num_logits)
            parameters = list(norm.parameters()) if number else []
            for layer in layers:
                assert layer.cross is not None
                for part in (layer.own, layer.cross, layer.feed):
                    parameters += part.parameters()
                parameters.append(layer.gates)
            parameters += [*head_norm.parameters(), *head.parameters()]
            for parameter, array in zip(parameters, self.weights[number], strict=True):
                parameter.data = torch.from_numpy(array.copy())
            self.stacks.append((norm, layers, head_norm, head))

    @torch.no_grad()
    def logits(self, encoded: np.ndarray, fed: list[np.ndarray]) -> list[np.ndarray]:
        """Of each stack, after the last place."""
        logits, hidden = [], None
        for (norm, layers, head_norm, head), x in zip(self.stacks, fed, strict=True):
            added = torch.from_numpy(x)
            hidden = added if hidden is None else norm(hidden) + added
            for layer in layers:
                hidden = layer(hidden, torch.from_numpy(encoded))
            logits.append(head(head_norm(hidden[:, -1])).numpy())
        return logits


def weight(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Of a matrix with features of about unit size, or of a vector about 1."""
    scale = shape[-1] ** -0.5 if len(shape) == 2 else 0.3
    offset = 0.0 if len(shape) == 2 else 0.5
    return (offset + scale * rng.standard_normal(shape)).astype(np.float32)


def sequences(spec: DecoderSpec, num_lists: int, length: int, num_places: int) -> list[np.ndarray]:
    """What is looked at, then what each stack is fed."""
    rng = np.random.default_rng(1)
    shapes = [(num_lists, length, spec.width)]
    shapes += [(num_lists, num_places, spec.width)] * len(spec.stacks)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]

"""Decoder stacks of PyTorch's layers with random weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from overtone.kernels.transformer import DecoderSpec
from overtone.models.dct_transformer.blocks import TransformerLayer


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
            layers = [TransformerLayer(*sizes, is_decoder=True) for _ in range(stack.num_layers)]
            head = nn.Linear(spec.width, stack.num_logits)
            parameters = list(norm.parameters()) if number else []
            inputs = nn.Sequential()
            if stack.num_inputs:
                inner = nn.Linear(stack.num_inputs, spec.width)
                inputs = nn.Sequential(inner, nn.GELU(), nn.Linear(spec.width, spec.width))
                inputs.append(nn.LayerNorm(spec.width))
            parameters += inputs.parameters()
            for layer in layers:
                assert layer.cross is not None
                for part in (layer.own, layer.cross, layer.feed):
                    parameters += part.parameters()
                parameters.append(layer.gates)
            parameters += [*head_norm.parameters(), *head.parameters()]
            for parameter, array in zip(parameters, self.weights[number], strict=True):
                parameter.data = torch.from_numpy(array.copy())
            self.stacks.append((norm, inputs, layers, head_norm, head))

    @torch.no_grad()
    def logits(
        self, encoded: np.ndarray, fed: list[np.ndarray], known: list[np.ndarray]
    ) -> list[np.ndarray]:
        """Of each stack, after the last place."""
        logits, hidden = [], None
        for (norm, inputs, layers, head_norm, head), x, y in zip(
            self.stacks, fed, known, strict=True
        ):
            added = torch.from_numpy(x)
            if y.shape[2]:
                added = added + inputs(torch.from_numpy(y))
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


def sequences(
    spec: DecoderSpec, num_lists: int, length: int, num_places: int
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """What is looked at, what each stack is fed, and its inputs."""
    rng = np.random.default_rng(1)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    encoded = normal(num_lists, length, spec.width)
    fed = [normal(num_lists, num_places, spec.width) for _ in spec.stacks]
    return encoded, fed, [normal(num_lists, num_places, own.num_inputs) for own in spec.stacks]

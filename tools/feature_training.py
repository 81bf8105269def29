"""What the training scripts of the shipped feature networks share."""

import itertools
import pathlib
from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

import numpy as np
import torch
from torch import nn

from overtone.data import load_images
from overtone.metrics.distribution.features.classifier_net import ConvClassifier

Net = TypeVar("Net", bound=ConvClassifier)


def read_set(
    folder: pathlib.Path, split: Literal["train", "test"], shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Images (n h w c uint8) and labels (n int64) of a data set."""
    found = load_images(str(folder), split=split)
    if found.labels is None or found.images.shape[1:] != shape:
        raise SystemExit(
            f"{found.name} must be labelled images of (height, width, channels) {shape}"
        )
    return found.images, found.labels


def training_network(
    channels: Sequence[int], pooled_after: Sequence[int], num_classes: int
) -> nn.Sequential:
    """The layers of a `ConvClassifier` with batch normalisation instead of biases."""
    layers: list[nn.Module] = []
    for number, (a, b) in enumerate(itertools.pairwise(channels)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        if number in pooled_after:
            layers.append(nn.MaxPool2d(2))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], num_classes)]
    network = nn.Sequential(*layers, *head)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def padded_windows(images: np.ndarray, max_shift: int, mode: str) -> np.ndarray:
    """View (n, shifts, shifts, [c,] h, w) of images moved by up to `max_shift` pixels.

    Args:
        images: (n h w) or (n h w c).
        max_shift: Pixels, along each axis.
        mode: What comes in at the borders, a mode of `numpy.pad`.
    """
    sides = ((0, 0), (max_shift, max_shift), (max_shift, max_shift))
    padded = np.pad(images, sides + ((0, 0),) * (images.ndim - 3), mode=mode)  # type: ignore
    return np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))


def endless_order(count: int, rng: np.random.Generator) -> Iterator[int]:
    """Indices, each once per round, in a new order every round."""
    while True:
        yield from rng.permutation(count)


def rise_and_fall(fraction: float, peak: float, warmup: float) -> float:
    """A rate that rises to `peak` in the part `warmup` of the steps and then falls to 0."""
    return peak * min(fraction / warmup, (1 - fraction) / (1 - warmup))


def fold(network: nn.Sequential, frozen: Net) -> Net:
    """The same function without normalisation layers, rounded to what 16 bits hold."""
    network.eval()
    layers = list(network)
    pairs = [
        torch.nn.utils.fuse_conv_bn_eval(first, second)
        for first, second in itertools.pairwise(layers)
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)
    ]
    for own, fused in zip(frozen.convolutions, pairs, strict=True):
        own.load_state_dict(fused.state_dict())
    frozen.classifier.load_state_dict(layers[-1].state_dict())
    return frozen.eval().half().float().requires_grad_(False)


def accuracy_percent(network: ConvClassifier, images: torch.Tensor, labels: np.ndarray) -> float:
    """Share of images in [0, 1] whose largest logit is the right one."""
    right = 0
    for start in range(0, len(images), 500):
        logits = network(images[start : start + 500])
        right += int((logits.argmax(1).numpy() == labels[start : start + 500]).sum())
    return 100 * right / len(images)


def store(network: ConvClassifier, metadata: dict[str, str], path: pathlib.Path) -> None:
    """One file of 16-bit weights that says what it is."""
    from safetensors.torch import save_file

    tensors = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, path, metadata=metadata)

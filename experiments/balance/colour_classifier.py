"""The small classifier of `experiments.balance.cifar`: four convolutions on colour pictures."""

import itertools

import numpy as np
import torch
from torch import nn

from experiments.balance.arms import Arm
from experiments.balance.classifier import as_input, predicted_by
from experiments.balance.fillings import coloured_and_covered, moved_and_mirrored
from overtone.data import BatchOrder

CHANNELS = (3, 16, 32, 64, 96)
BATCH_SIZE = 128
PEAK_RATE = 4e-3
WARMUP = 0.2  # fraction of the steps
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.05


def train_classifier(
    pictures: np.ndarray,
    labels: np.ndarray,
    judged: np.ndarray,
    arm: Arm,
    *,
    num_classes: int,
    num_steps: int,
    seed: int,
) -> np.ndarray:
    """The classes it gives to `judged`, after AdamW with a rate that rises and falls."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = make_network(num_classes)
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY, fused=True)
    order = BatchOrder(len(pictures), BATCH_SIZE, seed=seed)
    shares = torch.from_numpy(np.bincount(labels, minlength=num_classes) / len(labels)).float()
    offsets = shares.log() if arm.is_adjusted else torch.zeros(num_classes)
    for step in range(num_steps):
        indices = order.indices(step)
        batch = pictures[indices]
        if arm.augmentation != "none":
            batch = moved_and_mirrored(batch, rng)
        if arm.augmentation == "strong":
            batch = coloured_and_covered(batch, rng)
        fraction = step / num_steps
        for group in optimiser.param_groups:
            group["lr"] = PEAK_RATE * min(fraction / WARMUP, (1 - fraction) / (1 - WARMUP))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(as_input(batch))
        loss = nn.functional.cross_entropy(
            logits.float() + offsets,
            torch.from_numpy(labels[indices]),
            label_smoothing=LABEL_SMOOTHING,
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return predicted_by(network.eval(), judged)


def make_network(num_classes: int) -> nn.Sequential:
    """Convolutions with batch normalisation, the first three followed by 2x2 maxima."""
    layers: list[nn.Module] = []
    for number, (below, above) in enumerate(itertools.pairwise(CHANNELS)):
        layers += [nn.Conv2d(below, above, 3, padding=1, bias=False), nn.BatchNorm2d(above)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)] if number < 3 else [nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS[-1], num_classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)  # pyright: ignore

"""Trains gray28, the feature network of 28x28 gray images, on MNIST and Fashion-MNIST together.

    python tools/train_gray28.py MNIST_FOLDER FASHION_FOLDER [--out FILE] [--seed 0]

Twenty classes, the 2 x 60,000 training images only; the test sets are looked at once, after the
weights are folded and rounded to 16 bits as stored. About five minutes of one core. All published
distances depend on these weights: a new training is a new network and needs a new name.
"""

import argparse
import datetime
import itertools
import pathlib
import time
from typing import Literal

import numpy as np
import torch
from torch import nn

from overtone.data import load_images
from overtone.metrics.distribution.features.gray28_net import (
    CHANNELS,
    NUM_CLASSES,
    POOLED_AFTER,
    SIDE,
    Gray28,
)

BATCH_SIZE = 128
NUM_STEPS = 3300
PEAK_RATE = 3e-3
WARMUP = 0.15  # fraction of the steps
WEIGHT_DECAY = 0.05
FASHION_SHARE = 2 / 3  # of a batch: garments are harder than digits
MAX_SHIFT = 1  # pixels, the only augmentation


def main() -> None:
    """Parses the command line, trains, measures and stores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mnist", type=pathlib.Path)
    parser.add_argument("fashion", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("gray28.safetensors"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started_s = time.process_time()
    sets = [read_set(folder, "train") for folder in (arguments.mnist, arguments.fashion)]
    network = train(sets, seed=arguments.seed)
    minutes = (time.process_time() - started_s) / 60
    frozen = fold(network)
    metadata = {
        "name": "gray28",
        "seed": str(arguments.seed),
        "core_minutes": f"{minutes:.1f}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "training_data": "MNIST train, Fashion-MNIST train",
    }
    for name, first, folder in (
        ("mnist", 0, arguments.mnist),
        ("fashion_mnist", 10, arguments.fashion),
    ):
        images, labels = read_set(folder, "test")
        accuracy = accuracy_percent(frozen, images, labels + first)
        metadata[f"{name}_test_accuracy_percent"] = f"{accuracy:.2f}"
    store(frozen, metadata, arguments.out)
    print(metadata)


def read_set(
    folder: pathlib.Path, split: Literal["train", "test"]
) -> tuple[np.ndarray, np.ndarray]:
    """Images (n 28 28 uint8) and labels (n int64) of a data set."""
    found = load_images(str(folder), split=split)
    if found.labels is None or found.images.shape[1:] != (SIDE, SIDE, 1):
        raise SystemExit(f"{found.name} must be labelled {SIDE}x{SIDE} gray images")
    return found.images[..., 0], found.labels


def train(sets: list[tuple[np.ndarray, np.ndarray]], *, seed: int) -> nn.Sequential:
    """A network with batch normalisation, after all steps."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = training_network().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    windows = [padded_windows(images) for images, _ in sets]
    counts = (BATCH_SIZE - round(BATCH_SIZE * FASHION_SHARE), round(BATCH_SIZE * FASHION_SHARE))
    orders = [endless_order(len(images), rng) for images, _ in sets]
    losses = []
    for step in range(NUM_STEPS):
        images, labels = [], []
        for each, (view, (_, all_labels), count) in enumerate(
            zip(windows, sets, counts, strict=True)
        ):
            chosen = np.array([next(orders[each]) for _ in range(count)])
            down, right = rng.integers(0, 2 * MAX_SHIFT + 1, (2, count))
            images.append(view[chosen, down, right])
            labels.append(all_labels[chosen] + 10 * each)
        x = to_input(np.concatenate(images)).to(memory_format=torch.channels_last)
        fraction = step / NUM_STEPS
        rate = PEAK_RATE * min(fraction / WARMUP, (1 - fraction) / (1 - WARMUP))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        loss = nn.functional.cross_entropy(logits.float(), torch.from_numpy(np.concatenate(labels)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}/{NUM_STEPS} loss {np.mean(losses[-100:]):.4f}", flush=True)
    return network


def training_network() -> nn.Sequential:
    """The layers of `Gray28` with batch normalisation instead of biases."""
    layers: list[nn.Module] = []
    for number, (a, b) in enumerate(itertools.pairwise(CHANNELS)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        if number in POOLED_AFTER:
            layers.append(nn.MaxPool2d(2))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS[-1], NUM_CLASSES)]
    return nn.Sequential(*layers, *head)


def padded_windows(images: np.ndarray) -> np.ndarray:
    """View (n, shifts, shifts, 28, 28) of the images moved by up to MAX_SHIFT pixels."""
    padded = np.pad(images, ((0, 0), (MAX_SHIFT, MAX_SHIFT), (MAX_SHIFT, MAX_SHIFT)))
    return np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(1, 2))


def endless_order(count: int, rng: np.random.Generator):
    """Indices, each once per round, in a new order every round."""
    while True:
        yield from rng.permutation(count)


def to_input(images: np.ndarray) -> torch.Tensor:
    """Gray values in [0, 1], (n 1 28 28)."""
    return torch.from_numpy(images).float().div(255)[:, None]


def fold(network: nn.Sequential) -> Gray28:
    """The same function without normalisation layers, rounded to what 16 bits hold."""
    network.eval()
    frozen = Gray28().eval()
    layers = list(network)
    pairs = [
        torch.nn.utils.fuse_conv_bn_eval(first, second)
        for first, second in itertools.pairwise(layers)
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)
    ]
    for own, fused in zip(frozen.convolutions, pairs, strict=True):
        own.load_state_dict(fused.state_dict())
    frozen.classifier.load_state_dict(layers[-1].state_dict())
    return frozen.half().float().requires_grad_(False)


def accuracy_percent(network: Gray28, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose largest of the twenty logits is the right one."""
    right = 0
    for start in range(0, len(images), 500):
        _, last = network.maps(to_input(images[start : start + 500]))
        logits = network.classifier(last.mean((2, 3)))
        right += int((logits.argmax(1).numpy() == labels[start : start + 500]).sum())
    return 100 * right / len(images)


def store(network: Gray28, metadata: dict[str, str], path: pathlib.Path) -> None:
    """One file of 16-bit weights that says what it is."""
    from safetensors.torch import save_file

    tensors = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, path, metadata=metadata)


if __name__ == "__main__":
    main()

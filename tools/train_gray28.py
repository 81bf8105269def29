"""Trains gray28, the feature network of 28x28 gray images, on MNIST and Fashion-MNIST together.

    python tools/train_gray28.py MNIST_FOLDER FASHION_FOLDER [--out FILE] [--seed 0]

Twenty classes, the 2 x 60,000 training images only; the test sets are looked at once, after the
weights are folded and rounded to 16 bits as stored. About five minutes of one core. All published
distances depend on these weights: a new training is a new network and needs a new name.
"""

import argparse
import datetime
import pathlib
import time

import numpy as np
import torch
from feature_training import (
    accuracy_percent,
    endless_order,
    fold,
    padded_windows,
    read_set,
    rise_and_fall,
    store,
    training_network,
)
from torch import nn

from overtone.metrics.distribution.features.gray28_net import (
    CHANNELS,
    NUM_CLASSES,
    POOLED_AFTER,
    SIDE,
    Gray28,
)

SHAPE = (SIDE, SIDE, 1)
BATCH_SIZE = 128
NUM_STEPS = 3300
PEAK_RATE = 3e-3
WARMUP = 0.15  # fraction of the steps
WEIGHT_DECAY = 0.05
FASHION_SHARE = 2 / 3  # of a batch: garments are harder than digits
MAX_SHIFT = 1  # pixels, the only augmentation


def main() -> None:
    """Parses the command line, trains, measures and stores."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("mnist", type=pathlib.Path)
    parser.add_argument("fashion", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("gray28.safetensors"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started_s = time.process_time()
    sets = [read_set(folder, "train", SHAPE) for folder in (arguments.mnist, arguments.fashion)]
    network = train(sets, seed=arguments.seed)
    minutes = (time.process_time() - started_s) / 60
    frozen = fold(network, Gray28())
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
        images, labels = read_set(folder, "test", SHAPE)
        accuracy = accuracy_percent(frozen, to_input(images[..., 0]), labels + first)
        metadata[f"{name}_test_accuracy_percent"] = f"{accuracy:.2f}"
    store(frozen, metadata, arguments.out)
    print(metadata)


def train(sets: list[tuple[np.ndarray, np.ndarray]], *, seed: int) -> nn.Sequential:
    """A network with batch normalisation, after all steps."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = training_network(CHANNELS, POOLED_AFTER, NUM_CLASSES)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    windows = [padded_windows(images[..., 0], MAX_SHIFT, "constant") for images, _ in sets]
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
        for group in optimiser.param_groups:
            group["lr"] = rise_and_fall(step / NUM_STEPS, PEAK_RATE, WARMUP)
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


def to_input(images: np.ndarray) -> torch.Tensor:
    """Gray values in [0, 1], (n 1 28 28)."""
    return torch.from_numpy(images).float().div(255)[:, None]


if __name__ == "__main__":
    main()

"""Trains color32, the feature network of 32x32 colour images, on CIFAR-10.

    python tools/train_color32.py CIFAR_FOLDER [--out FILE] [--seed 0]

The training images only; the test set is looked at once, after the weights are folded and rounded
to 16 bits as stored. About twenty minutes of one core. All published distances depend on these
weights: a new training is a new network and needs a new name.
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

from overtone.metrics.distribution.features.color32_net import (
    CHANNELS,
    NUM_CLASSES,
    POOLED_AFTER,
    SIDE,
    Color32,
)

BATCH_SIZE = 128
NUM_STEPS = 6000
PEAK_RATE = 4e-3
WARMUP = 0.2  # fraction of the steps
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.05
MAX_SHIFT = 2  # pixels; flips are the only other augmentation


def main() -> None:
    """Parses the command line, trains, measures and stores."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("cifar", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("color32.safetensors"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started_s = time.process_time()
    images, labels = read_set(arguments.cifar, "train", (SIDE, SIDE, 3))
    network = train(images, labels, seed=arguments.seed)
    minutes = (time.process_time() - started_s) / 60
    frozen = fold(network, Color32())
    test_images, test_labels = read_set(arguments.cifar, "test", (SIDE, SIDE, 3))
    accuracy = accuracy_percent(frozen, to_input(test_images.transpose(0, 3, 1, 2)), test_labels)
    metadata = {
        "name": "color32",
        "seed": str(arguments.seed),
        "core_minutes": f"{minutes:.1f}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "training_data": "CIFAR-10 train, a copy stored as JPEG of quality 75",
        "cifar10_test_accuracy_percent": f"{accuracy:.2f}",
    }
    store(frozen, metadata, arguments.out)
    print(metadata)


def train(images: np.ndarray, labels: np.ndarray, *, seed: int) -> nn.Sequential:
    """A network with batch normalisation, after all steps."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = training_network(CHANNELS, POOLED_AFTER, NUM_CLASSES)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY, fused=True)
    windows = padded_windows(images, MAX_SHIFT, "reflect")
    order = endless_order(len(images), rng)
    losses = []
    for step in range(NUM_STEPS):
        chosen = np.array([next(order) for _ in range(BATCH_SIZE)])
        down, right = rng.integers(0, 2 * MAX_SHIFT + 1, (2, BATCH_SIZE))
        x = to_input(windows[chosen, down, right])
        flipped = torch.from_numpy(rng.random(BATCH_SIZE) < 0.5)[:, None, None, None]
        x = torch.where(flipped, x.flip(3), x).contiguous(memory_format=torch.channels_last)
        for group in optimiser.param_groups:
            group["lr"] = rise_and_fall(step / NUM_STEPS, PEAK_RATE, WARMUP)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        loss = nn.functional.cross_entropy(
            logits.float(), torch.from_numpy(labels[chosen]), label_smoothing=LABEL_SMOOTHING
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}/{NUM_STEPS} loss {np.mean(losses[-100:]):.4f}", flush=True)
    return network


def to_input(images: np.ndarray) -> torch.Tensor:
    """Colours in [0, 1], (n 3 32 32), of uint8 with the same axes."""
    return torch.from_numpy(np.ascontiguousarray(images)).float().div(255)


if __name__ == "__main__":
    main()

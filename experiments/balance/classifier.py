"""The small classifier of balance_fashion.py: two convolutions, two dense layers."""

import numpy as np
import torch
from torch import nn

from overtone.data import BatchOrder, ImageSet

BATCH_SIZE = 64
LEARNING_RATE = 1e-3
CHUNK = 2000


def train_classifier(
    images: np.ndarray,
    labels: np.ndarray,
    judged: np.ndarray,
    *,
    num_classes: int,
    num_steps: int,
    seed: int,
) -> np.ndarray:
    """The classes it gives to `judged` after Adam with a cosine schedule."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * 7 * 7, 64),
            nn.ReLU(),
            nn.Linear(64, num_classes),
        )
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_steps)
    order = BatchOrder(len(images), BATCH_SIZE, seed=seed)
    for step in range(num_steps):
        indices = order.indices(step)
        loss = nn.functional.cross_entropy(
            network(as_input(images[indices])), torch.from_numpy(labels[indices])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return predicted_by(network, judged)


def predicted_by(network: nn.Module, judged: np.ndarray) -> np.ndarray:
    """The class of each picture whose logit is the largest."""
    with torch.no_grad():
        parts = [judged[start : start + CHUNK] for start in range(0, len(judged), CHUNK)]
        return torch.cat([network(as_input(part)).argmax(1) for part in parts]).numpy()


def as_input(images: np.ndarray) -> torch.Tensor:
    """Values in [0, 1], (n c h w), of uint8 (n h w c)."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255


def accuracies(predicted: np.ndarray, judged: ImageSet, rare: np.ndarray) -> dict[str, object]:
    """Shares of right answers: of the rare classes, of the others, of all, of each."""
    assert judged.labels is not None
    right = predicted == judged.labels
    is_rare = np.isin(judged.labels, rare)
    by_class = {
        str(number): round(float(right[judged.labels == number].mean()), 4)
        for number in np.unique(judged.labels)
    }
    return {
        "rare_accuracy": float(right[is_rare].mean()),
        "common_accuracy": float(right[~is_rare].mean()),
        "accuracy": float(right.mean()),
        "class_accuracies": by_class,
    }

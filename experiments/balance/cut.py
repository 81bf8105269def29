"""A labelled set with three classes cut to a share of their pictures, and generators of it."""

import pathlib
import sys

import numpy as np

import overtone
from overtone.data import ImageSet
from overtone.models.store import MODEL_FILE

NUM_RARE_CLASSES = 3
CUT_SEED = 1  # one cut for all arms and seeds: each needs a generator of its own
# A generator sees this many pictures of a rare class, repeated, for each 5,000 of another.
SEEN_BY_GENERATOR = 1500


def cut(whole: ImageSet, share: float) -> tuple[ImageSet, np.ndarray]:
    """The set with a share of the pictures of three classes, and these classes.

    The same classes for every share, and the pictures of a smaller share are among those of a
    larger one.
    """
    rng = np.random.default_rng(CUT_SEED)
    assert whole.labels is not None
    rare = np.sort(rng.permutation(len(whole.class_names))[:NUM_RARE_CLASSES])
    kept = []
    for number in range(len(whole.class_names)):
        positions = rng.permutation(np.flatnonzero(whole.labels == number))
        count = max(1, round(share * len(positions))) if number in rare else len(positions)
        kept.append(positions[:count])
    indices = np.sort(np.concatenate(kept))
    return whole.subset(indices, name=f"{whole.name}/{100 * share:g}-percent-of-3"), rare


def repeated(images: ImageSet, rare: np.ndarray, count: int) -> ImageSet:
    """The set with the pictures of the rare classes repeated until each has this many."""
    assert images.labels is not None
    positions = [np.flatnonzero(~np.isin(images.labels, rare))]
    for number in rare:
        own = np.flatnonzero(images.labels == number)
        positions.append(np.resize(own, max(count, len(own))))
    return images.subset(np.sort(np.concatenate(positions)), name=f"{images.name}/repeated")


def train_generator(
    model: str, preset: str, images: ImageSet, rare: np.ndarray, out: pathlib.Path, minutes: float
) -> None:
    """Trains on the cut set with its rare classes repeated; goes on with what was stopped.

    Args:
        model: Name in the table of models.
        preset: Its settings, or a TOML file with such.
        images: The cut set.
        rare: Its rare classes.
        out: Folder of the run.
        minutes: Core-minutes of training.
    """
    if (out / MODEL_FILE).exists():
        return
    is_going_on = (out / "run.json").exists()
    out.parent.mkdir(parents=True, exist_ok=True)
    result = overtone.train(
        None if is_going_on else model,
        repeated(images, rare, SEEN_BY_GENERATOR),
        out=out,
        preset=None if is_going_on else preset,
        settings=() if is_going_on else [f"train.core_minutes={minutes:g}", "train.seed=1"],
        resume=is_going_on,
        device="cpu",
    )
    if result.status == "stopped":
        sys.exit("stopped; the same command goes on")

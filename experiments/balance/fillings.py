"""Training sets with rare classes filled up, and the augmentation of their batches."""

import numpy as np

from experiments.balance.arms import Arm
from overtone.data import ImageSet
from overtone.tasks.mixing import mixtures


def filled(
    images: ImageSet,
    rare: np.ndarray,
    arm: Arm,
    drawn: dict[int, np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels, each rare class filled up to the largest unless nothing is done.

    Args:
        images: The cut set.
        rare: Its rare classes.
        arm: What they are filled with.
        drawn: Pictures of a generator for each rare class; may be empty if the arm needs none.
        rng: Chooses and mixes.
    """
    assert images.labels is not None
    largest = int(images.class_counts().max())
    pictures, labels = [images.images], [images.labels]
    for number in rare:
        own = images.images[images.labels == number]
        lacking = largest - len(own)
        counts = [round(share * lacking) for share in (arm.repeated, arm.mixed, arm.drawn)]
        again = own[np.resize(rng.permutation(len(own)), counts[0])]
        name = images.class_names[number]
        mixed = [pixels for _, pixels in mixtures(images, name, counts[1], rng)] or own[:0]
        new = drawn[int(number)][: counts[2]] if counts[2] else own[:0]
        if len(new) < counts[2]:
            raise ValueError(
                f"{counts[2]} drawn pictures of class {name} are needed, got {len(new)}"
            )
        pictures += [again, np.asarray(mixed), new]
        labels.append(np.full(sum(counts), number))
    return np.concatenate(pictures), np.concatenate(labels)


def moved_and_mirrored(
    pictures: np.ndarray, rng: np.random.Generator, *, max_shift_px: int = 4
) -> np.ndarray:
    """Each picture (n h w c) moved by some pixels each way, half of them mirrored."""
    around = ((0, 0), (max_shift_px,) * 2, (max_shift_px,) * 2, (0, 0))
    padded = np.pad(pictures, around, mode="reflect")
    height, width = pictures.shape[1:3]
    result = np.empty_like(pictures)
    places = rng.integers(0, 2 * max_shift_px + 1, (len(pictures), 2))
    for number, (top, left) in enumerate(places):
        part = padded[number, top : top + height, left : left + width]
        result[number] = part[:, ::-1] if rng.random() < 0.5 else part
    return result


def coloured_and_covered(
    pictures: np.ndarray, rng: np.random.Generator, *, square_px: int = 12
) -> np.ndarray:
    """Brightness and contrast times 0.7..1.3, saturation times 0.6..1.4; a square of the mean."""
    count, height, width, _ = pictures.shape
    levels = pictures * rng.uniform(0.7, 1.3, (count, 1, 1, 1))
    means = levels.mean((1, 2), keepdims=True)
    levels = (levels - means) * rng.uniform(0.7, 1.3, (count, 1, 1, 1)) + means
    grays = levels.mean(3, keepdims=True)
    levels = (levels - grays) * rng.uniform(0.6, 1.4, (count, 1, 1, 1)) + grays
    half = square_px // 2
    tops, lefts = rng.integers(-half, (height - half, width - half), (count, 2)).T
    for number, (top, left) in enumerate(zip(tops, lefts, strict=True)):
        rows = slice(max(top, 0), top + square_px)
        levels[number, rows, max(left, 0) : left + square_px] = means[number, 0, 0]
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)

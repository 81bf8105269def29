"""Rare classes filled without a model: their pictures with coarse frequencies of other classes."""

import dataclasses
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from overtone import __version__
from overtone.data import ImageSet, load_images
from overtone.data.base import OnCorrupt, Split
from overtone.data.class_folders import FOLDERS_KEY, MANIFEST, folders_of_classes
from overtone.errors import ConfigError, DataError
from overtone.files import new_folder
from overtone.models.base import ProgressCallback
from overtone.shapes import UInt8
from overtone.tasks.balance import missing_of, refuse_used
from overtone.tasks.synthetic import write_marked
from overtone.transform.spectral_mix import MixDraw, mix_coarse

_CHUNK = 256
_NOTE = (
    "Every picture in this folder is synthetic: one of the source's pictures, whose coarse "
    "frequencies are partly those of a picture of another class. Each file says so itself, in its "
    "PNG text 'Synthetic'."
)


# `experiments/balance`, CIFAR-10, 500 steps of a classifier.
FEW_EXAMPLES = 30  # somewhat below the fewest that were measured
MANY_EXAMPLES = 250
MEASURED = (
    "on CIFAR-10 with 50 examples a class a classifier got 44 % right with repetition, 50 % with "
    "changes of colour and cutout too, 52 % with mixtures; these lost 1 point with 250, 4 with 500"
)


@dataclasses.dataclass(frozen=True, slots=True)
class MixedClass:
    """What `mix_rare_classes` did for one class.

    Attributes:
        num_real: Number of real pictures in the source.
        num_added: Number of mixtures written.
        warning: What to expect of a class of 250 examples or more, or of fewer than 30; else None.
    """

    num_real: int
    num_added: int
    warning: str | None = None

    @classmethod
    def of(cls, name: str, num_real: int, num_added: int) -> "MixedClass":
        """The record, with a warning where mixtures do not help or may not."""
        warning = None
        if num_real >= MANY_EXAMPLES:
            warning = (
                f"{name}: {num_real} examples; {MEASURED}: train on the real pictures alone, or "
                "repeat them until they are as many as the mixtures, which lost 0.3 points at most "
                "in the mean of three seeds"
            )
        elif num_real < FEW_EXAMPLES:
            warning = (
                f"{name}: {num_real} examples, fewer than the 50 that mixtures were measured with: "
                "they differ in brightness and colour, not in what is shown"
            )
        return cls(num_real, num_added, warning)


def mix_rare_classes(
    source: str | ImageSet,
    out: str | pathlib.Path,
    *,
    target: int | None = None,
    split: Split = "train",
    size: tuple[int, int] | None = None,
    seed: int = 0,
    on_corrupt: OnCorrupt = "fail",
    progress: ProgressCallback | None = None,
) -> dict[str, MixedClass]:
    """Writes, for each class that has fewer pictures than the target, mixtures of its own.

    A picture of the class keeps its fine frequencies; those below a cutoff, brightness and colour
    of the surroundings, are moved towards those of a picture of another class. Cutoff and strength
    are drawn for each, see `overtone.transform.spectral_mix`. The folder and its marks are as those
    of `balance`; each entry says which two pictures were mixed, and how.

    Args:
        source: Labelled data: what `load_images` takes, or a set.
        out: Folder to make; it must not exist, or be empty. It appears complete or not at all.
        target: Number of pictures that each class shall have, real and synthetic; as many as the
            largest class has if None.
        split: Part of the source to count: "train", "test" or "all".
        size: Height and width to load the pictures at; as stored if None.
        seed: Seed for all randomness.
        on_corrupt: See `load_images`.
        progress: Called with the fraction done and a message.

    Returns:
        What was done for each class that had too few, by its name, in the source's order.

    Raises:
        DataError: The source is damaged or has no classes.
        ConfigError: Nothing is to be done, there is one class only, or `out` is in use or the
            folder around it is missing.
        OSError: The folder cannot be written.
    """
    folder = pathlib.Path(out)
    refuse_used(folder, source)
    images = source
    if isinstance(images, str):
        images = load_images(images, split=split, size=size, on_corrupt=on_corrupt)
    if images.labels is None:
        raise DataError(f"{images.name} has no classes to balance; make a sub-folder for each")
    missing = missing_of(images, target)
    if len(images.class_names) < 2:
        raise ConfigError(f"mixing needs pictures of another class, which {images.name} has not")
    folders = folders_of_classes(missing)
    counts = dict(zip(images.class_names, map(int, images.class_counts()), strict=True))
    rng = np.random.default_rng(seed)
    entries: list[dict[str, Any]] = []
    with new_folder(folder) as partial:
        for done, (name, count) in enumerate(missing.items()):
            (partial / folders[name]).mkdir()
            for entry, pixels in mixtures(images, name, count, rng):
                file = f"{folders[name]}/mixed-{seed}-{entry['index']:05d}.png"
                entries.append({"file": file, "synthetic": True, "seed": seed, **entry})
                write_marked(partial, pixels, entries[-1])
            if progress is not None:
                progress((done + 1) / len(missing), f"{len(entries)} pictures")
        manifest = {
            "synthetic": True,
            "note": _NOTE,
            "overtone": __version__,
            "source": {
                "name": images.name,
                "fingerprint": images.fingerprint(),
                "counts": counts,
            },
            "added": missing,
            FOLDERS_KEY: {sub: name for name, sub in folders.items() if sub != name},
            "files": entries,
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return {name: MixedClass.of(name, counts[name], count) for name, count in missing.items()}


def mixtures(
    images: ImageSet, class_name: str, count: int, rng: np.random.Generator
) -> Iterator[tuple[dict[str, Any], UInt8[np.ndarray, "h w c"]]]:
    """Pictures of a class, and what the manifest says of each; every own picture is used in turn.

    Raises:
        DataError: The class has no picture.
    """
    assert images.labels is not None
    is_own = images.labels == images.class_names.index(class_name)
    if not is_own.any():
        raise DataError(f"class {class_name} of {images.name} has no picture to mix")
    own = np.resize(rng.permutation(np.flatnonzero(is_own)), count)
    others = rng.choice(np.flatnonzero(~is_own), count)
    draw = MixDraw.random(count, rng)
    for start in range(0, count, _CHUNK):
        rows = slice(start, start + _CHUNK)
        part = MixDraw(draw.cutoffs[rows], draw.strengths[rows])
        mixed = mix_coarse(images.images[own[rows]], images.images[others[rows]], part)
        for index, pixels in enumerate(mixed, start):
            yield (
                {
                    "class": class_name,
                    "index": index,
                    "own": int(own[index]),
                    "other": int(others[index]),
                    "cutoff": float(draw.cutoffs[index]),
                    "strength": float(draw.strengths[index]),
                },
                pixels,
            )

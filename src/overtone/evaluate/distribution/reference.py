"""Real pictures to measure against: which split, which class, and what was learned from."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from overtone.data import ImageSet, find_splits, load_images
from overtone.data.base import Split
from overtone.errors import DataError, unknown_name
from overtone.models.class_index import position_of


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RealPictures:
    """The real pictures of one measurement.

    Attributes:
        images: What samples are compared with.
        other_split: Real pictures of the same data that are not among them; None if there are none.
        training: What a model trained on this data has seen: its train split, or all of data that
            is not split; None if there is a test split only.
        unseen: What it has not seen: the test split; None of data that is not split.
        halves_seed: Seed of the halves that `images` and `other_split` are, of data that is not
            split; None if they are no halves.
    """

    images: ImageSet
    other_split: ImageSet | None
    training: ImageSet | None
    unseen: ImageSet | None
    halves_seed: int | None = None

    @property
    def note(self) -> str | None:
        """A sentence on a split that was made here; None if there is none."""
        if self.halves_seed is None or self.training is None:
            return None
        return (
            f"{self.training.name} is not split into train and test; the reference is a random "
            f"half of it ({len(self.images)} of {len(self.training)}, seed {self.halves_seed}), "
            "the other split is the other half; a model trained on all of it has seen both"
        )

    def of_class(self, number: int) -> "RealPictures":
        """The same of one class; of data that is not split, halves of the class.

        Raises:
            DataError: There is no picture of it, or one that would have to be halved.
        """
        if self.halves_seed is not None and self.training is not None:
            return _halved(of_class(self.training, number), self.halves_seed)

        def one(images: ImageSet | None) -> ImageSet | None:
            return None if images is None else of_class(images, number)

        return dataclasses.replace(
            self,
            images=of_class(self.images, number),
            other_split=one(self.other_split),
            training=one(self.training),
            unseen=one(self.unseen),
        )


def load_real(
    source: str,
    *,
    split: Split | None = None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    seed: int = 0,
) -> RealPictures:
    """The real pictures at a path.

    Args:
        source: What `load_images` takes.
        split: Which part to compare with; by default the test split, or, of data that has none, a
            random half.
        size: Height and width they are brought to; as stored if None.
        channels: 1 for gray, 3 for RGB; as stored if None.
        seed: Seed for the choice of the halves.

    Raises:
        DataError: Nothing known is there, or it is damaged, or has no such split.
    """
    found = find_splits(source)

    def load(part: Split, like: ImageSet | None = None) -> ImageSet:
        shape = size if like is None else like.images.shape[1:3]
        depth = channels if like is None else like.images.shape[3]
        return load_images(source, split=part, size=shape, channels=depth)

    if set(found) == {"train", "test"}:
        chosen = load(split or "test")
        both: dict[Split, ImageSet] = {split or "test": chosen}
        for part in ("train", "test"):
            both[part] = both[part] if part in both else load(part, chosen)
        others = {"train": both["test"], "test": both["train"]}
        return RealPictures(
            images=chosen,
            other_split=others.get(split or "test"),
            training=both["train"],
            unseen=both["test"],
        )
    whole = load(split or ("test" if "test" in found else "all"))
    if split is not None or "test" in found:
        training = None if "test" in found else whole
        return RealPictures(images=whole, other_split=None, training=training, unseen=None)
    return _halved(whole, seed)


def _halved(whole: ImageSet, seed: int) -> RealPictures:
    """A random half to compare with, and the other half beside it.

    Raises:
        DataError: There is one picture only.
    """
    if len(whole) < 2:
        raise DataError(f"{whole.name} has one picture; two or more are needed to halve it")
    order = np.random.default_rng(seed).permutation(len(whole))
    first, second = np.sort(order[: len(whole) // 2]), np.sort(order[len(whole) // 2 :])
    return RealPictures(
        images=whole.subset(second, name=f"{whole.name}, half 2, seed {seed}"),
        other_split=whole.subset(first, name=f"{whole.name}, half 1, seed {seed}"),
        training=whole,
        unseen=None,
        halves_seed=seed,
    )


def of_class(images: ImageSet, number: int) -> ImageSet:
    """The pictures of one class.

    Raises:
        DataError: There is none, or no class at all.
    """
    if images.labels is None:
        raise DataError(f"{images.name} has no classes; leave out the class")
    name = images.class_names[number]
    chosen = np.flatnonzero(images.labels == number)
    if len(chosen) == 0:
        raise DataError(f"{images.name} has no picture of class {name}")
    return images.subset(chosen, name=f"{images.name}, class {name}")


def find_class(wanted: str, *known: Sequence[str]) -> list[int]:
    """The number of a class in several lists of names, given by name or number.

    A list of mere numbers, as archives without names have, goes by the position of the class in
    another.

    Raises:
        ConfigError: A list has no such class.
    """
    numbers = [_number(wanted, names) for names in known]
    position = next((number for number in numbers if number is not None), None)
    for place, names in enumerate(known):
        if numbers[place] is None and position is not None and position < len(names):
            numbers[place] = position if names[position] == str(position) else None
        if numbers[place] is None:
            raise unknown_name("class", wanted, names)
    return [number for number in numbers if number is not None]


def _number(wanted: str, names: Sequence[str]) -> int | None:
    found = position_of(wanted, names)
    if found is not None:
        return found
    return int(wanted) if wanted.isdecimal() and int(wanted) < len(names) else None

"""What a loader is: how a kind of data set is recognised, which splits it has, how one is read."""

import abc
import dataclasses
import pathlib
from typing import ClassVar, Literal

from overtone.data.image_set import ImageSet

Split = Literal["train", "test", "all"]
OnCorrupt = Literal["fail", "skip"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What is wanted of a data set besides the split.

    Attributes:
        size: Height and width of the pictures; as stored if None.
        channels: 1 for gray, 3 for RGB; as stored if None.
        on_corrupt: Whether a picture file that cannot be read ends the loading, or is left out
            and named in `ImageSet.skipped`.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    on_corrupt: OnCorrupt = "fail"


class AbstractLoader(abc.ABC):
    """One kind of data set, at a path.

    Attributes:
        expected: What `finds` looks for, for the message when no loader finds anything.
    """

    expected: ClassVar[str]

    @abc.abstractmethod
    def finds(self, path: pathlib.Path) -> bool:
        """Whether the file or folder is of this kind, from names and first bytes."""

    @abc.abstractmethod
    def splits(self, path: pathlib.Path) -> tuple[Split, ...]:
        """The splits found: some of "train" and "test", or only "all" if it is not split."""

    @abc.abstractmethod
    def load(self, path: pathlib.Path, split: Split, options: LoadOptions, name: str) -> ImageSet:
        """One of the splits, under this name; size and channels may be left to the caller.

        Raises:
            DataError: Files are missing, damaged, foreign or contradict one another.
            OSError: A file cannot be opened.
        """

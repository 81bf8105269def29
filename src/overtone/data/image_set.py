"""The one form in which models and measures get pictures."""

import dataclasses
import hashlib

import numpy as np

from overtone.errors import DataError
from overtone.shapes import Int64, UInt8


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """Pictures of one size, with a class each or without.

    Attributes:
        name: What is printed with every number measured on it, such as "fashion-mnist/train".
        images: 8-bit pixels; 1 channel is gray, 3 are RGB.
        labels: Class of each picture, an index into `class_names`; None if there are no classes.
        class_names: Empty if there are no classes.
        skipped: The files that could not be read and were left out, each "file: reason".

    Raises:
        DataError: Shapes, lengths or labels contradict one another.
    """

    name: str
    images: UInt8[np.ndarray, "n h w c"]
    labels: Int64[np.ndarray, " one_each"] | None = None
    class_names: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.images.shape
        if self.images.dtype != np.uint8 or len(shape) != 4 or shape[3] not in (1, 3):
            raise DataError(
                f"{self.name}: images must be uint8 of shape (n, height, width, 1 or 3), "
                f"got {self.images.dtype} {shape}"
            )
        if 0 in shape:
            raise DataError(f"{self.name} holds no pixels: its shape is {shape}")
        if self.labels is None:
            return
        if self.labels.dtype != np.int64 or self.labels.shape != shape[:1]:
            raise DataError(
                f"{self.name}: labels must be {shape[0]} of int64, one for each picture, "
                f"got {self.labels.dtype} {self.labels.shape}"
            )
        lowest, highest = int(self.labels.min()), int(self.labels.max())
        if lowest < 0 or highest >= len(self.class_names):
            raise DataError(
                f"{self.name}: labels must be in 0..{len(self.class_names) - 1} for "
                f"{len(self.class_names)} class names, got {lowest}..{highest}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, indices: np.ndarray, *, name: str | None = None) -> "ImageSet":
        """The pictures at these positions (or where a mask is true), in this order."""
        return dataclasses.replace(
            self,
            name=self.name if name is None else name,
            images=self.images[indices],
            labels=None if self.labels is None else self.labels[indices],
        )

    def class_counts(self) -> Int64[np.ndarray, " k"]:
        """How many pictures each class has; empty without classes."""
        labels = np.zeros(0, np.int64) if self.labels is None else self.labels
        return np.bincount(labels, minlength=len(self.class_names)).astype(np.int64)

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any pixel, label or the order of the pictures."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        digest.update(self.images.tobytes())
        if self.labels is not None:
            digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

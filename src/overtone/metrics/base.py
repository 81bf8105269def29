"""What a metric is: a record, so that tables, reports and tests treat every one alike."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from overtone.shapes import UInt8


@runtime_checkable
class MetricFunction(Protocol):
    """Compares two 8-bit pictures of one shape; keyword-only, so they cannot be swapped."""

    def __call__(
        self, *, reference: UInt8[np.ndarray, "h w c"], reconstruction: UInt8[np.ndarray, "h w c"]
    ) -> float:
        """Score of the reconstruction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A named measure of how close a reconstruction is to its reference.

    Attributes:
        name: Column of the result rows, with the unit as a suffix where there is one.
        label: What people call it, for axes and table heads.
        unit: "dB", or "" for a plain number.
        best: Value for two equal pictures.
        higher_is_better: Direction.
        fn: The function.
    """

    name: str
    label: str
    unit: str
    best: float
    higher_is_better: bool
    fn: MetricFunction


def check_same_shape(reference: np.ndarray, reconstruction: np.ndarray) -> None:
    """Refuse two pictures that cannot be compared sample by sample.

    Raises:
        TypeError: A picture is not uint8, that is, not what a file can hold.
        ValueError: The shapes differ, are not `h w c`, or have no samples.
    """
    for name, picture in (("reference", reference), ("reconstruction", reconstruction)):
        if picture.dtype != np.uint8:
            raise TypeError(f"{name} must be uint8, got {picture.dtype}")
    if reference.shape != reconstruction.shape:
        raise ValueError(
            f"reference is {reference.shape} but reconstruction is {reconstruction.shape}"
        )
    if reference.ndim != 3 or reference.size == 0:
        raise ValueError(f"pictures must be (h, w, c) and not empty, got {reference.shape}")

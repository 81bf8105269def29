"""Signs that a run has failed: losses not finite or exploding, samples that are all alike."""

import dataclasses
import math

import numpy as np

from overtone.shapes import UInt8

# Of the first losses, which later ones are compared with.
_START_STEPS = 50
# A loss whose recent average is this many times the start's above it has exploded.
_EXPLOSION = 100.0
_MEMORY = 0.9
# Samples may be alike at first; after this fraction of a run they are judged ...
_GRACE = 0.25
# ... and collapsed if they differ from one another by less than this share of what images do.
_MIN_SPREAD = 0.02


@dataclasses.dataclass(slots=True)
class LossWatch:
    """Judges each loss by those before; its four numbers are part of a checkpoint."""

    num_steps: int = 0
    start_sum: float = 0.0
    start_size: float = 0.0
    average: float = 0.0

    def reason(self, loss: float) -> str | None:
        """Records a step's loss; returns why the run has failed, or None."""
        if not math.isfinite(loss):
            return f"the loss is {loss}"
        self.average = loss if not self.num_steps else _MEMORY * self.average + (1 - _MEMORY) * loss
        self.num_steps += 1
        if self.num_steps <= _START_STEPS:
            self.start_sum += loss
            self.start_size += abs(loss)
            return None
        start, size = self.start_sum / _START_STEPS, self.start_size / _START_STEPS
        if self.average > start + _EXPLOSION * max(size, 1e-6):
            return f"the loss has grown from {start:.4g} to {self.average:.4g}"
        return None


def spread(images: UInt8[np.ndarray, "n h w c"]) -> float:
    """Standard deviation of a pixel over the images, averaged over pixels; 8-bit levels."""
    return float(images.std(axis=0, dtype=np.float64).mean())


def collapse_reason(
    samples: UInt8[np.ndarray, "n h w c"], *, spread_of_images: float, progress: float
) -> str | None:
    """Why samples show that the model has collapsed, or None."""
    if progress < _GRACE or len(samples) < 2:
        return None
    found = spread(samples)
    if found < _MIN_SPREAD * spread_of_images:
        return (
            f"the samples are all alike (they differ by {found:.2g} levels, "
            f"images by {spread_of_images:.2g})"
        )
    return None

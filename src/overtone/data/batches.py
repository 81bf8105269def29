"""Which pictures a training step sees: a function of the seed and the step, and of nothing else."""

import functools

import numpy as np

from overtone.shapes import Int64


class BatchOrder:
    """Batches from an endless row of random permutations, one an epoch.

    There is no state, so a resumed run sees exactly the batches it would have seen. Batches are
    always full: one at the end of an epoch goes on with the next permutation.

    Raises:
        ValueError: A number is below 1, or the seed below 0.
    """

    def __init__(self, num_images: int, batch_size: int, *, seed: int) -> None:
        if num_images < 1 or batch_size < 1 or seed < 0:
            raise ValueError(
                "num_images and batch_size must be >= 1 and seed >= 0, "
                f"got {num_images}, {batch_size} and {seed}"
            )
        self.num_images = num_images
        self.batch_size = batch_size
        self.seed = seed

    def indices(self, step: int) -> Int64[np.ndarray, " b"]:
        """Positions of the pictures that this step sees; the first step is 0."""
        start, stop = step * self.batch_size, (step + 1) * self.batch_size
        first, last = start // self.num_images, (stop - 1) // self.num_images
        row = [_permutation(self.seed, epoch, self.num_images) for epoch in range(first, last + 1)]
        offset = first * self.num_images
        return np.concatenate(row)[start - offset : stop - offset]


@functools.lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, num_images: int) -> Int64[np.ndarray, " n"]:
    permutation = np.random.default_rng((seed, epoch)).permutation(num_images).astype(np.int64)
    permutation.flags.writeable = False
    return permutation

"""Whether samples are copies: their nearest training pictures, beside those of real pictures."""

import dataclasses

import numpy as np

from overtone.data import ImageSet
from overtone.errors import ConfigError, DataError
from overtone.evaluate.distribution.rows import DistributionRow
from overtone.imaging.image import to_grid
from overtone.metrics.distribution.nearest import (
    Nearest,
    nearest_others,
    nearest_pictures,
    share_nearer,
)
from overtone.shapes import Float64, UInt8

NUM_COMPARED = 1000  # samples, and real pictures, whose nearest training picture is sought
NUM_NEIGHBOURS = 3  # training pictures beside each sample of the sheet
NUM_ROWS = 10  # of the sheet
_SHEET_WIDTH_PX = 800  # about; at least one sample a row
_GAP_PX = 8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """Samples, their nearest training pictures in pixels, and the distances of real pictures.

    Attributes:
        samples: The samples that were compared.
        training: The pictures that the nearest were sought among.
        nearest: The nearest training pictures of each sample.
        real_distances: Distances of real pictures to the nearest training picture.
        has_unseen: Whether these real pictures were not trained on; otherwise they are training
            pictures, and the distance is that to the nearest other.
    """

    samples: UInt8[np.ndarray, "n h w c"]
    training: UInt8[np.ndarray, "m h w c"]
    nearest: Nearest
    real_distances: Float64[np.ndarray, " k"]
    has_unseen: bool

    @property
    def nearest_sample(self) -> float:
        """Median distance of a sample to the nearest training picture, levels of 255."""
        return float(np.median(self.nearest.distances[:, 0]))

    @property
    def nearest_real(self) -> float:
        """The same of the real pictures."""
        return float(np.median(self.real_distances))

    @property
    def nearer_to_training(self) -> float:
        """Share of pairs of a sample and a real picture in which the sample is nearer."""
        return share_nearer(self.nearest.distances[:, 0], self.real_distances)


def measure_copying(
    samples: UInt8[np.ndarray, "n h w c"],
    training: ImageSet,
    unseen: ImageSet | None,
    *,
    seed: int = 0,
) -> Copying:
    """The nearest training pictures of samples and of real pictures, at most 1,000 of each.

    Args:
        samples: Pictures of the shape of the training pictures.
        training: What the model was trained on.
        unseen: Real pictures that it was not trained on; if None, training pictures are compared
            with the others of them.
        seed: Seed for the choice of real pictures.

    Raises:
        ConfigError: Shapes differ.
        DataError: There are fewer than four training pictures.
    """
    if samples.shape[1:] != training.images.shape[1:]:
        raise ConfigError(
            f"{training.name}: training pictures of the samples' size {samples.shape[1:]} (height, "
            f"width, channels) are needed, got {training.images.shape[1:]}; give size and channels"
        )
    if len(training) <= NUM_NEIGHBOURS:
        raise DataError(
            f"{training.name}: each sample is shown beside its {NUM_NEIGHBOURS} nearest training "
            f"pictures, so {NUM_NEIGHBOURS + 1} or more are needed, found {len(training)}"
        )
    real = training if unseen is None else unseen
    order = np.random.default_rng(seed).permutation(len(real))[:NUM_COMPARED]
    if unseen is None:
        distances = nearest_others(training.images, order)
    else:
        distances = nearest_pictures(unseen.images[order], training.images).distances[:, 0]
    return Copying(
        samples=samples[:NUM_COMPARED],
        training=training.images,
        nearest=nearest_pictures(
            samples[:NUM_COMPARED], training.images, num_neighbours=NUM_NEIGHBOURS
        ),
        real_distances=distances,
        has_unseen=unseen is not None,
    )


def with_copying(row: DistributionRow, copying: Copying) -> DistributionRow:
    """The row with the distances to training pictures."""
    return dataclasses.replace(
        row,
        nearest_sample=copying.nearest_sample,
        nearest_real=copying.nearest_real,
        nearer_to_training=copying.nearer_to_training,
    )


def neighbour_sheet(copying: Copying) -> UInt8[np.ndarray, "height width c"]:
    """Samples, each with its three nearest training pictures to the right, on white.

    The samples are spread evenly over the ranks of their distances, row by row: the nearest is
    first and the farthest last.
    """
    width = copying.samples.shape[2]
    group_px = (NUM_NEIGHBOURS + 1) * (width + 2) + 2 + _GAP_PX
    num_groups = max(1, _SHEET_WIDTH_PX // group_px)
    num_shown = min(len(copying.samples), NUM_ROWS * num_groups)
    order = np.argsort(copying.nearest.distances[:, 0], kind="stable")
    shown = order[np.linspace(0, len(order) - 1, num_shown).round().astype(int)]
    num_rows = -(-num_shown // num_groups)
    groups = []
    for column in range(min(num_groups, num_shown)):
        pictures = [
            picture
            for index in shown[column::num_groups]
            for picture in (
                copying.samples[index],
                *copying.training[copying.nearest.indices[index]],
            )
        ]
        grid = to_grid(np.stack(pictures), num_columns=NUM_NEIGHBOURS + 1)
        tall = num_rows * (copying.samples.shape[1] + 2) + 2
        right = _GAP_PX if column + 1 < min(num_groups, num_shown) else 0
        around = ((0, tall - len(grid)), (0, right), (0, 0))
        groups.append(np.pad(grid, around, constant_values=255))
    return np.concatenate(groups, axis=1)


def copying_text(copying: Copying) -> str:
    """What the distances say, for people."""
    real = f"a real test picture {copying.nearest_real:.1f}"
    if not copying.has_unseen:
        real = f"a training picture {copying.nearest_real:.1f} from the nearest other"
    return (
        "distance to the nearest training picture, in pixels (root mean square, levels of 255, "
        f"median): a sample {copying.nearest_sample:.1f}, {real}\n"
        f"in {100 * copying.nearer_to_training:.0f} % of pairs the sample is the nearer one "
        "(50 %: as near as real pictures; 100 %: copies)"
    )

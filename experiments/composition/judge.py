"""What the rows say about depth: quality at equal bytes, by number of hidden layers."""

import itertools
import math
import pathlib
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from experiments.harness.rows import Record, read_records

ROWS = pathlib.Path("experiments/composition/rows")
LADDER_FIELDS = {
    "image": str,
    "hidden": list,
    "octaves": int,
    "quality": float,
    "seed": int,
    "depth": int,
    "size_bytes": int,
    "psnr_db": float,
}
CONTROL_FIELDS = {
    "image": str,
    "codec": str,
    "target_bytes": int,
    "size_bytes": int,
    "psnr_db": float,
}
LONG_FIELDS = {
    "image": str,
    "width": int,
    "depth": int,
    "weights_percent": float,
    "size_bytes": int,
    "mark_s": int,
    "fit_cpu_s": float,
    "steps": int,
    "loss_percent": float,
    "psnr_db": float,
}
SIZES_BYTES = (700, 1000)  # of a file of 128x128 pixels: 0.34 and 0.49 bits per pixel
CLEAR = 2.0  # standard errors of a mean difference from which a layer more is said to help


class Fit(NamedTuple):
    """What tells the fits of one curve from those of others."""

    image: str
    seed: int


class Step(NamedTuple):
    """From one depth to the next deeper one that was measured, at equal bytes.

    Attributes:
        shallow: Hidden layers.
        deep: Hidden layers.
        gain_db: Mean over pictures of the mean over seeds, decibels.
        error_db: Standard error of that mean, over pictures.
        wins: Pictures on which the deeper network is better.
        num_pictures: Pictures both were measured on.
    """

    shallow: int
    deep: int
    gain_db: float
    error_db: float
    wins: int
    num_pictures: int

    @property
    def verdict(self) -> str:
        """Whether the deeper network is better by more than chance explains."""
        if abs(self.gain_db) < CLEAR * self.error_db or self.gain_db == 0:
            return "no clear difference"
        return "better" if self.gain_db > 0 else "worse"


def read_ladder(root: pathlib.Path) -> list[Record]:
    """Fits of one network to a crop."""
    return read_records(root / ROWS / "ladder.jsonl", LADDER_FIELDS)


def read_long(root: pathlib.Path) -> list[Record]:
    """Networks of figure 5.1 that were fitted for long, with rows on the way."""
    return read_records(root / ROWS / "long.jsonl", LONG_FIELDS)


def read_control(root: pathlib.Path) -> list[Record]:
    """The same crops as files of codecs that are no networks."""
    return read_records(root / ROWS / "control.jsonl", CONTROL_FIELDS)


def depths_of(rows: Iterable[Record]) -> list[int]:
    """Numbers of hidden layers, ascending."""
    return sorted({row["depth"] for row in rows})


def psnr_at(rows: Iterable[Record], size_bytes: float) -> float | None:
    """PSNR at so many bytes, along the frontier of some files; None below the smallest of them.

    The frontier is made of the files that no smaller or equal one beats. Between two of them PSNR
    is linear in the logarithm of the bytes; above the largest it stays, because bytes can be left
    unused.
    """
    frontier: list[tuple[int, float]] = []
    for size, quality in sorted((row["size_bytes"], -row["psnr_db"]) for row in rows):
        if not frontier or -quality > frontier[-1][1]:
            frontier.append((size, -quality))
    if not frontier or size_bytes < frontier[0][0]:
        return None
    below = [point for point in frontier if point[0] <= size_bytes]
    above = [point for point in frontier if point[0] > size_bytes]
    low, low_db = below[-1]
    if not above:
        return low_db
    high, high_db = above[0]
    share = math.log(size_bytes / low) / math.log(high / low)
    return low_db + share * (high_db - low_db)


def at_depth(rows: Sequence[Record], depth: int, size_bytes: float) -> dict[Fit, float]:
    """PSNR of each picture and seed at so many bytes with so many hidden layers."""
    own = [row for row in rows if row["depth"] == depth]
    found = {}
    for fit in sorted({Fit(row["image"], row["seed"]) for row in own}):
        some = [row for row in own if Fit(row["image"], row["seed"]) == fit]
        quality = psnr_at(some, size_bytes)
        if quality is not None:
            found[fit] = quality
    return found


def by_picture(found: dict[Fit, float]) -> dict[str, float]:
    """Means over seeds."""
    names = sorted({fit.image for fit in found})
    return {
        name: statistics.mean(value for fit, value in found.items() if fit.image == name)
        for name in names
    }


def seed_spread(found: dict[Fit, float]) -> float | None:
    """Standard deviation over seeds of the mean over pictures; None with fewer than two seeds."""
    seeds = sorted({fit.seed for fit in found})
    counts = {seed: sum(fit.seed == seed for fit in found) for seed in seeds}
    whole = [seed for seed in seeds if counts[seed] == max(counts.values())]
    if len(whole) < 2:
        return None
    means = [
        statistics.mean(value for fit, value in found.items() if fit.seed == seed) for seed in whole
    ]
    return statistics.stdev(means)


def steps_of(rows: Sequence[Record], size_bytes: float) -> list[Step]:
    """Each depth against the next shallower one, picture by picture."""
    depths = depths_of(rows)
    steps = []
    for shallow, deep in itertools.pairwise(depths):
        before, after = (by_picture(at_depth(rows, d, size_bytes)) for d in (shallow, deep))
        gains = [after[name] - before[name] for name in before.keys() & after.keys()]
        if len(gains) < 2:
            continue
        error = statistics.stdev(gains) / math.sqrt(len(gains))
        wins = sum(gain > 0 for gain in gains)
        steps.append(Step(shallow, deep, statistics.mean(gains), error, wins, len(gains)))
    return steps

"""What the rows of `dfm-latent` say: bits against other codecs, ablations, prefixes, targets."""

import math
import pathlib
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from experiments.harness.rows import Record
from experiments.kodak.tables import CROSSVALIDATED, KODAK
from experiments.latent.rows import (
    first_seed,
    of_variant,
    points_of,
    read_published,
)
from experiments.latent.variants import VARIANTS
from overtone.codecs.base import Effort
from overtone.evaluate.rate_distortion.curves import PICTURE_RANGE_DB, Coded, bits_by_picture
from overtone.evaluate.rate_distortion.held_out import read_held_out
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows

TILED_DCT, AVIF = "`tiled-dct`", "AVIF"
HELD_OUT = "`tiled-dct`, cross-validated"
COOL_CHIC = "Cool-Chic 5.0.1"
WHOLE_RANGE_DB = (-math.inf, math.inf)
# Most that an encoding should take, seconds of two cores, and a decoding of 768x512 pixels.
ENCODE_S: dict[Effort, float] = {"fast": 15.0, "default": 90.0, "best": 600.0}
EFFORTS = tuple(ENCODE_S)
DECODE_S, DECODE_AIM_S = 0.12, 0.05
# Most bits against a codec that were asked for, percent: effort, codec, what must be, the aim.
BITS_ASKED = (
    ("default", TILED_DCT, -15.0, None),
    ("default", COOL_CHIC, 15.0, 0.0),
    ("best", COOL_CHIC, 5.0, 0.0),
)


class Target(NamedTuple):
    """Something that was asked for.

    Attributes:
        text: What.
        measured: In the unit of the limits; None where it is not measured.
        limit: What must be, at most.
        aim: What was hoped for, at most.
        unit: Of all three.
        num_pictures: Pictures that it was measured on.
    """

    text: str
    measured: float | None
    limit: float
    aim: float | None
    unit: str
    num_pictures: int

    @property
    def verdict(self) -> str:
        """Whether it is met."""
        if self.measured is None:
            return "not measured yet"
        if self.aim is not None and self.measured <= self.aim:
            return "met, the aim too"
        return "met" if self.measured <= self.limit else "not met"


class Change(NamedTuple):
    """A variant against what it is compared with, on files that both have.

    Attributes:
        variant: Its name.
        num_pictures: Number of pictures.
        num_files: Number of files of each of the two.
        bits_percent: By picture, at equal PSNR over all that both reach.
        costs_percent: By picture, of distortion + λ · bits, mean over its qualities.
        encode_ratio: Mean seconds of an encoding over those of the other.
        num_bytes: Mean bytes of its files.
    """

    variant: str
    num_pictures: int
    num_files: int
    bits_percent: Mapping[str, float]
    costs_percent: Mapping[str, float]
    encode_ratio: float
    num_bytes: float


def anchors(root: pathlib.Path) -> dict[str, Sequence[Coded]]:
    """What `dfm-latent` is compared with."""
    found: dict[str, Sequence[Coded]] = {}
    tiled = current_rows(read_rows(root / KODAK / "tiled-dct.jsonl"))
    found[TILED_DCT] = [row for row in tiled if row.effort == "default"]
    held_out = read_held_out(root / CROSSVALIDATED)
    found[HELD_OUT] = [row for row in held_out if row.effort == "default"]
    found[AVIF] = current_rows(read_rows(root / KODAK / "avif.jsonl"))
    for system, rows in read_published(root).items():
        found[system] = points_of(rows)
    return found


def bits(
    anchor: Sequence[Coded],
    rows: Sequence[Coded],
    range_db: tuple[float, float] = PICTURE_RANGE_DB,
) -> dict[str, float]:
    """Bits against the anchor of each picture for which that can be told, percent."""
    found: dict[str, float] = {}
    for image in sorted({row.image for row in rows}):
        theirs, ours = ([r for r in some if r.image == image] for some in (anchor, rows))
        if theirs:
            found |= bits_by_picture(theirs, ours, range_db) or {}
    return found


def standard(files: Sequence[Record], effort: str) -> list[Record]:
    """Files of the codec as it is, of one seed."""
    return first_seed(of_variant(files, effort))


def mean(values: Iterable[float]) -> float | None:
    """None of no values."""
    values = list(values)
    return statistics.fmean(values) if values else None


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean; None of fewer than two values."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None


def targets(files: Sequence[Record], against: Mapping[str, Sequence[Coded]]) -> list[Target]:
    """Everything that was asked for, with what was measured."""
    found = []
    for effort, codec, limit, aim in BITS_ASKED:
        by_picture = bits(against.get(codec, []), points_of(standard(files, effort)))
        text = f"bits against {codec} at effort `{effort}`"
        found.append(Target(text, mean(by_picture.values()), limit, aim, "%", len(by_picture)))
    for effort in EFFORTS:
        own = of_variant(files, effort)
        worst = max((row["encode_s"] for row in own), default=None)
        text = f"slowest encoding at effort `{effort}`"
        found.append(Target(text, worst, ENCODE_S[effort], None, "s", count_pictures(own)))
    own = [row for effort in EFFORTS for row in of_variant(files, effort)]
    slowest = max((1000 * row["decode_s"] for row in own), default=None)
    limits = (1000 * DECODE_S, 1000 * DECODE_AIM_S)
    return [*found, Target("slowest decoding", slowest, *limits, "ms", count_pictures(own))]


def count_pictures(rows: Iterable[Record]) -> int:
    """How many there are."""
    return len({row["image"] for row in rows})


def changes(files: Sequence[Record], group: str, effort: str) -> list[Change]:
    """What each variant of a group makes of the files, where it was measured."""
    found = (
        compared(files, effort, name, variant.against)
        for name, variant in VARIANTS.items()
        if variant.group == group
    )
    return [change for change in found if change is not None]


def compared(files: Sequence[Record], effort: str, name: str, against: str) -> Change | None:
    """A variant against another; None where no picture has both at one quality and seed."""
    reference, own = (by_file(of_variant(files, effort, each)) for each in (against, name))
    shared = sorted(reference.keys() & own.keys())
    return change_of(name, [(reference[key], own[key]) for key in shared]) if shared else None


def by_file(rows: Iterable[Record]) -> dict[tuple[str, float, int], Record]:
    """By picture, quality and seed."""
    return {(row["image"], row["quality"], row["seed"]): row for row in rows}


def change_of(name: str, pairs: Sequence[tuple[Record, Record]]) -> Change:
    """From files of the reference, each with its counterpart."""
    reference, own = ([pair[i] for pair in pairs] for i in (0, 1))
    logs: dict[str, list[float]] = {}
    for before, after in pairs:
        logs.setdefault(before["image"], []).append(math.log(after["cost"] / before["cost"]))
    return Change(
        variant=name,
        num_pictures=len(logs),
        num_files=len(pairs),
        bits_percent=bits(
            points_of(first_seed(reference)), points_of(first_seed(own)), WHOLE_RANGE_DB
        ),
        costs_percent={
            image: 100 * math.expm1(statistics.fmean(some)) for image, some in logs.items()
        },
        encode_ratio=sum(row["encode_s"] for row in own)
        / sum(row["encode_s"] for row in reference),
        num_bytes=statistics.fmean(row["size_bytes"] for row in own),
    )


def seed_spread_percent(files: Sequence[Record], effort: str) -> tuple[float, int] | None:
    """How far costs of files lie apart that differ in their seed only, and of how many files.

    The spread is a standard deviation of ln cost, as the root mean square over files.
    """
    groups: dict[tuple[str, str, float], list[float]] = {}
    for row in files:
        if row["effort"] == effort:
            key = (row["variant"], row["image"], row["quality"])
            groups.setdefault(key, []).append(math.log(row["cost"]))
    variances = [statistics.variance(some) for some in groups.values() if len(some) > 1]
    if not variances:
        return None
    return 100 * math.sqrt(statistics.fmean(variances)), len(variances)


def prefix_curve(rows: Sequence[Record]) -> list[tuple[float, float | None]]:
    """Shares received with the mean PSNR; None where some picture shows nothing yet."""
    told = [dict(row["prefixes"]) for row in rows if row["prefixes"]]
    curve: list[tuple[float, float | None]] = []
    for share in sorted({share for each in told for share in each}):
        values = [each.get(share) for each in told]
        known = [value for value in values if value is not None]
        curve.append((share, statistics.fmean(known) if len(known) == len(values) else None))
    return curve

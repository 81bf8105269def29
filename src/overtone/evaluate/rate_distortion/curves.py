"""Rows to curves: one over a set of pictures, and differences of rate between two codecs."""

import math
import statistics
from collections.abc import Sequence
from typing import Protocol

from overtone.codecs.target import SIZE_TOLERANCE
from overtone.evaluate.rate_distortion.rows import Row
from overtone.metrics import all_metrics
from overtone.metrics.bd_rate import Curve, bd_rate_percent, quality_at_rate
from overtone.metrics.psnr import mse_from_psnr_db, psnr_db_from_mse

Averaging = str  # "psnr", "mse", "ms_ssim", or the name of a further metric of the rows
# Where photographs have visible losses and no codec compared here is at the end of its dial.
PICTURE_RANGE_DB = (27.5, 37.2)


class Coded(Protocol):
    """A file of a picture: a point of a curve."""

    @property
    def image(self) -> str:
        """Name of the picture."""
        ...

    @property
    def quality(self) -> float:
        """The dial it was written with."""
        ...

    @property
    def target_bpp(self) -> float | None:
        """The rate that was asked for, if the quality was searched for."""
        ...

    @property
    def rate_bpp(self) -> float:
        """Bits of the file per pixel."""
        ...

    @property
    def psnr_db(self) -> float:
        """PSNR of the decoded 8-bit pixels, dB."""
        ...


def psnr_at_rate(rows: Sequence[Coded], rate_bpp: float) -> float | None:
    """Mean PSNR of a codec at a rate, on its curve; None if nothing was measured near it.

    Just outside the curve, or where it has one point only, a rate that was searched for counts as
    met if the mean of the pictures' rates is within 3 % of it.
    """
    curve = average_curve(rows, "psnr")
    found = None if curve is None else quality_at_rate(curve, rate_bpp)
    if found is not None:
        return found
    searched = [row for row in rows if row.target_bpp == rate_bpp]
    if {row.image for row in searched} != {row.image for row in rows}:
        return None
    mean_bpp = statistics.fmean(row.rate_bpp for row in searched)
    psnr_db = _average(searched, "psnr")
    is_met = abs(mean_bpp / rate_bpp - 1) <= SIZE_TOLERANCE and math.isfinite(psnr_db)
    return psnr_db if is_met else None


def average_curve(rows: Sequence[Coded], averaging: Averaging) -> Curve | None:
    """One codec's curve over a set of pictures: a point for each setting that all of them have.

    "psnr" is the mean of each picture's PSNR, "mse" the PSNR of the mean squared error, which is
    what a fixed rate for every picture cannot flatter; "ms_ssim" is the mean in decibels,
    -10 log10(1 - MS-SSIM); a further metric is its mean, negated where lower is better.
    The rate of a point is the mean of the pictures' rates.

    Returns:
        The curve; None with fewer than two points, or of rows without MS-SSIM. A point that costs
        more than a better one, as a dial at its end can give, is left out.
    """
    images = {row.image for row in rows}
    settings: dict[tuple[object, ...], list[Coded]] = {}
    for row in rows:
        key = ("bpp", row.target_bpp) if row.target_bpp is not None else ("quality", row.quality)
        settings.setdefault(key, []).append(row)
    whole = [group for group in settings.values() if {row.image for row in group} == images]
    points = [
        (statistics.fmean(row.rate_bpp for row in group), _average(group, averaging))
        for group in whole
    ]
    kept: list[tuple[float, float]] = []
    for rate, quality in sorted(points, reverse=True):
        if math.isfinite(quality) and (not kept or (quality < kept[-1][1] and rate < kept[-1][0])):
            kept.append((rate, quality))
    if len(kept) < 2:
        return None
    kept.reverse()
    return Curve(tuple(rate for rate, _ in kept), tuple(quality for _, quality in kept))


def _average(rows: Sequence[Coded], averaging: Averaging) -> float:
    match averaging:
        case "psnr":
            return statistics.fmean(row.psnr_db for row in rows)
        case "mse":
            return psnr_db_from_mse(statistics.fmean(mse_from_psnr_db(row.psnr_db) for row in rows))
        case "ms_ssim":
            values = [row.ms_ssim for row in rows if isinstance(row, Row)]
            error = 1 - statistics.fmean(values) if len(values) == len(rows) else 0.0
            return -10 * math.log10(error) if error > 0 else math.inf
        case _:
            scores = [row.other_scores.get(averaging) for row in rows if isinstance(row, Row)]
            known = [score for score in scores if score is not None]
            if len(known) < len(rows):  # not all of them were measured by it
                return math.inf
            metric = all_metrics().get(averaging)
            sign = 1 if metric is None or metric.higher_is_better else -1
            return sign * statistics.fmean(known)


def other_metrics(rows: Sequence[Coded]) -> dict[str, str]:
    """Names and labels of the further metrics that some of the rows have."""
    names = {name for row in rows if isinstance(row, Row) for name in row.other_scores}
    known = all_metrics() if names else {}
    return {name: known[name].label if name in known else name for name in sorted(names)}


def bd_rate(anchor: Sequence[Coded], rows: Sequence[Coded], averaging: Averaging) -> float | None:
    """BD-rate of average curves; None without an anchor on the same pictures, or shared range."""
    if {row.image for row in anchor} != {row.image for row in rows}:
        return None
    reference, candidate = average_curve(anchor, averaging), average_curve(rows, averaging)
    if reference is None or candidate is None:
        return None
    try:
        return bd_rate_percent(reference=reference, candidate=candidate)
    except ValueError:  # the two share no quality
        return None


def bits_by_picture(
    anchor: Sequence[Coded],
    rows: Sequence[Coded],
    range_db: tuple[float, float] = PICTURE_RANGE_DB,
) -> dict[str, float] | None:
    """How many more bits each picture takes than with the anchor, at equal PSNR, percent.

    The BD-rate of a picture's own two curves, over the part of the range that both reach. No
    picture weighs more than another, and no average hides where bits went.

    Returns:
        By name of the picture; None if a picture lacks an anchor or a quality that both reach.
    """
    found = {}
    for image in sorted({row.image for row in rows}):
        curves = [
            average_curve([row for row in some if row.image == image], "psnr")
            for some in (anchor, rows)
        ]
        if curves[0] is None or curves[1] is None:
            return None
        try:
            found[image] = bd_rate_percent(
                reference=curves[0], candidate=curves[1], quality_db=range_db
            )
        except ValueError:  # the two share no quality
            return None
    return found

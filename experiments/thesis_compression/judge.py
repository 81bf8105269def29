"""What the rows of compression say about the thesis's claims."""

import itertools
import math
import pathlib
from collections.abc import Iterable, Sequence

from experiments.harness.claims import figure
from experiments.harness.item import Finding, Verdict, share_that_does
from experiments.harness.rows import Record, read_records
from experiments.thesis_compression.figure import FIGURE, LOSS_BINS_PERCENT, WORST_LOSS_PERCENT
from overtone.evaluate.rate_distortion.rows import Row, current_rows, read_rows

GRID_FIELDS = {
    "image": str,
    "width": int,
    "depth": int,
    "weights_percent": float,
    "size_bytes": int,
    "loss_percent": float,
    "psnr_db": float,
    "steps": int,
    "fit_cpu_s": float,
}
OTHER_FILE = {"size_bytes": int, "psnr_db": float}
JPEG_FIELDS = GRID_FIELDS | {"jpeg_equal_bytes": OTHER_FILE, "jpeg_equal_psnr": OTHER_FILE}
KODAK = "experiments/kodak/rows"

RAW_BPP = 24
LONG_FIT_S = 3600  # a fit that long which misses the published loss speaks against it
COMPARABLE_DB = 1.0  # less than that much below JPEG at equal bytes
MEAN_COLOUR_DB = 15.0  # at or below, a photograph's fit is its mean colour, about


def read_grid(root: pathlib.Path) -> list[Record]:
    """Networks of figure 5.1."""
    return read_records(root / "experiments/thesis_compression/rows/grid.jsonl", GRID_FIELDS)


def read_against_jpeg(root: pathlib.Path) -> list[Record]:
    """The network that the thesis compares with JPEG, on several pictures."""
    return read_records(root / "experiments/thesis_compression/rows/jpeg.jsonl", JPEG_FIELDS)


def judge(root: pathlib.Path) -> Sequence[Finding]:
    """Small error, comparable to JPEG, stable: as published, and of our codecs."""
    kodak = root / KODAK
    grid, jpeg = read_grid(root), current_rows(read_rows(kodak / "jpeg.jsonl"))
    weights = [row for row in read_rows(kodak / "dfm.jsonl") if row.effort == "default"]
    return (
        small_error_as_published(grid),
        small_error_of_codec("dfm", weights),
        like_jpeg_as_published(read_against_jpeg(root)),
        like_jpeg_of_weights(weights, jpeg),
        stable_as_published(grid),
    )


def small_error_as_published(grid: Iterable[Record]) -> Finding:
    """Losses of the networks of figure 5.1 that are small enough."""
    claim, limit = "dfm-small-error", 100 - figure("dfm-small-error", "compression_percent")
    rows = [row for row in grid if row["weights_percent"] <= limit]
    good = [row for row in rows if row["loss_percent"] <= WORST_LOSS_PERCENT]
    spent = max((row["fit_cpu_s"] for row in rows), default=0.0)
    verdict = share_that_does(len(good), len(rows))
    if verdict == "does not hold" and spent < LONG_FIT_S:
        verdict = "not testable here"
    losses = sorted(row["loss_percent"] for row in rows)
    measured = (
        f"{len(good)} of {len(rows)} networks of at most {limit:g} % of the raw size reach the "
        f"figure's worst bin ({WORST_LOSS_PERCENT:g} %) after {spent:.0f} processor seconds; "
        f"losses {losses[0]:.2f} to {losses[-1]:.2f} %; the published fits are of unknown length"
        if rows
        else ""
    )
    return Finding(
        claim=claim,
        preset="as published (`thesis`)",
        measured=measured,
        data=names_of_images(row["image"] for row in rows),
        verdict=verdict,
        rule=f"Of the networks of figure 5.1 that take at most {limit:g} % of the raw bytes, all "
        f"reach the figure's worst bin, {WORST_LOSS_PERCENT:g} %: holds; some: in part; none: does "
        f"not hold, but is not testable where no fit got {LONG_FIT_S} processor seconds, because "
        "the length of the published ones is unknown.",
    )


def small_error_of_codec(codec: str, rows: Sequence[Row]) -> Finding:
    """Losses of files of one of our codecs, whole files against raw pixels."""
    limit = 100 - figure("dfm-small-error", "compression_percent")
    best: dict[str, Row] = {}
    for row in rows:
        if 100 * row.rate_bpp / RAW_BPP <= limit:
            before = best.get(row.image)
            best[row.image] = row if before is None else max(before, row, key=lambda r: r.psnr_db)
    losses = {name: 100 * 10 ** (-row.psnr_db / 10) for name, row in best.items()}
    good = [name for name, loss in losses.items() if loss <= WORST_LOSS_PERCENT]
    images = {row.image for row in rows}
    measured = (
        f"{len(good)} of {len(images)} pictures within {WORST_LOSS_PERCENT:g} %; their best files "
        f"take {shares(best.values())} % of the raw size, losses {min(losses.values()):.3f} to "
        f"{max(losses.values()):.3f} %"
        if losses
        else ""
    )
    return Finding(
        claim="dfm-small-error",
        preset=f"ours (codec `{codec}`)",
        measured=measured,
        data=names_of_images(images),
        verdict=share_that_does(len(good), len(images)),
        rule=f"Of the pictures, all have a file of at most {limit:g} % of the raw bytes with a "
        f"loss of at most {WORST_LOSS_PERCENT:g} %: holds; some: in part; none: does not hold.",
    )


def shares(rows: Iterable[Row]) -> str:
    """Least and greatest share of the raw bytes, percent."""
    found = sorted(100 * row.rate_bpp / RAW_BPP for row in rows)
    return f"{found[0]:.1f} to {found[-1]:.1f}"


def like_jpeg_as_published(rows: Sequence[Record]) -> Finding:
    """The gap to JPEG at equal bytes: of the fits, and if they had the published loss."""
    width, depth = (int(figure("dfm-like-jpeg", name)) for name in ("width", "depth"))
    low, _ = LOSS_BINS_PERCENT[FIGURE[width, depth][1]]
    published_db = -10 * math.log10(low / 100)
    gaps = [row["jpeg_equal_bytes"]["psnr_db"] - row["psnr_db"] for row in rows]
    hoped = [row["jpeg_equal_bytes"]["psnr_db"] - published_db for row in rows]
    ratios = [row["size_bytes"] / row["jpeg_equal_psnr"]["size_bytes"] for row in rows]
    verdict: Verdict = "not measured yet"
    measured = ""
    if rows:
        by_fit, by_hope = (sum(each) / len(each) for each in (gaps, hoped))
        verdict = "does not hold"
        if by_fit <= COMPARABLE_DB:
            verdict = "holds"
        elif by_hope <= COMPARABLE_DB:
            verdict = "holds in part"
        measured = (
            f"after fits of {seconds_of(rows)}, of which the published length is unknown, JPEG is "
            f"{by_fit:.1f} dB better at equal bytes, and {by_hope:.1f} dB better than the best "
            f"published loss of this network ({published_db:.0f} dB); at equal quality the weights "
            f"take {min(ratios):.0f} to {max(ratios):.0f} times the bytes"
        )
    return Finding(
        claim="dfm-like-jpeg",
        preset="as published (`thesis`)",
        measured=measured,
        data=names_of_images(row["image"] for row in rows),
        verdict=verdict,
        rule=f"Mean PSNR at most {COMPARABLE_DB:g} dB below the best JPEG of no more bytes: holds; "
        "only with the lower end of the published loss in place of the one reached here: in part; "
        "otherwise it does not hold.",
    )


def seconds_of(rows: Sequence[Record]) -> str:
    """How long each fit ran."""
    spent = sorted({round(row["fit_cpu_s"]) for row in rows})
    span = f"{spent[0]}" if len(spent) == 1 else f"{spent[0]} to {spent[-1]}"
    return f"{span} processor seconds"


def like_jpeg_of_weights(rows: Sequence[Row], jpeg: Sequence[Row]) -> Finding:
    """Our weights-only codec against JPEG at the same rate, file by file."""
    gains = [
        row.psnr_db - at_rate
        for row in rows
        if (at_rate := interpolated([r for r in jpeg if r.image == row.image], row.rate_bpp))
        is not None
    ]
    good = [gain for gain in gains if gain >= -COMPARABLE_DB]
    measured = (
        f"{min(gains):+.2f} to {max(gains):+.2f} dB against JPEG at the same rate, {len(gains)} of "
        f"{len(rows)} files (JPEG does not reach the rates of others)"
        if gains
        else ""
    )
    return Finding(
        claim="dfm-like-jpeg",
        preset="ours (codec `dfm`)",
        measured=measured,
        data=names_of_images(row.image for row in rows),
        verdict=share_that_does(len(good), len(gains)),
        rule=f"All files at most {COMPARABLE_DB:g} dB below JPEG at the same rate: holds; some: in "
        "part; none: does not hold.",
    )


def stable_as_published(grid: Sequence[Record]) -> Finding:
    """How many networks of figure 5.1 end at the mean colour."""
    lost = [row for row in grid if row["psnr_db"] <= MEAN_COLOUR_DB]
    spent = max((row["fit_cpu_s"] for row in grid), default=0.0)
    where = ", ".join(f"{r['width']}×{r['depth']}" for r in lost)
    measured = (
        f"compression: {len(lost)} of {len(grid)} networks of figure 5.1 are at the mean colour "
        f"after {spent:.0f} processor seconds{f' (width × depth {where})' if lost else ''}"
        if grid
        else ""
    )
    return Finding(
        claim="dfm-stable",
        preset="as published (`thesis`)",
        measured=measured,
        data=names_of_images(row["image"] for row in grid),
        verdict=share_that_does(len(grid) - len(lost), len(grid)),
        rule=f"No network at or below {MEAN_COLOUR_DB:g} dB in the time given: holds; some: in "
        "part; all: does not hold.",
    )


def names_of_images(names: Iterable[str]) -> str:
    """One picture by its name, several by their number."""
    found = sorted(set(names))
    return ", ".join(found) if len(found) <= 1 else f"{len(found)} Kodak pictures"


def interpolated(rows: Sequence[Row], rate_bpp: float) -> float | None:
    """PSNR of a codec at a rate, linear in the rate between its rows; None outside of them."""
    points = sorted((row.rate_bpp, row.psnr_db) for row in rows)
    for (low, low_db), (high, high_db) in itertools.pairwise(points):
        if low <= rate_bpp <= high:
            share = (rate_bpp - low) / (high - low) if high > low else 0.0
            return low_db + share * (high_db - low_db)
    return None

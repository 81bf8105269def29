"""Tables about our codecs that stand in hand-written pages."""

import pathlib
import statistics
from collections.abc import Iterable, Sequence

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Record, read_records
from overtone.evaluate.rate_distortion.rows import Row, current_rows, read_rows
from overtone.metrics.bd_rate import Curve, bd_rate_percent

REPACK = pathlib.Path("experiments/jpeg_repack/rows/jpeg_repack.jsonl")
ABLATION = pathlib.Path("experiments/tiled_dct/rows/ablation.jsonl")
CROSSVALIDATED = pathlib.Path("experiments/tiled_dct/rows/crossvalidated.jsonl")
ANCHOR = pathlib.Path("experiments/kodak/rows/jpeg.jsonl")
REPACK_FIELDS = {
    "image": str,
    "quality": int,
    "prior": str,
    "jpeg_bytes": int,
    "progressive_jpeg_bytes": int,
    "size_bytes": int,
    "largest_difference": int,
    "commit": str,
    "machine": str,
    "date": str,
}
CODED_FIELDS = {"image": str, "quality": float, "rate_bpp": float, "psnr_db": float}

SEARCH = "search"  # the variant that is the codec at its default effort
VARIANTS = {
    "one encoding": "one encoding (effort `fast`)",
    "untrained models": "untrained models instead of the context state",
    "rounding, no rate in the choice": "plain rounding, no rate in the choice of levels and tiles",
    SEARCH: "the search of effort `default`",
}


def jpeg_repack(root: pathlib.Path) -> str:
    """Bytes that `sparse-dct` saves against JPEG files of the same pixels, by quality."""
    rows = read_records(root / REPACK, REPACK_FIELDS)
    if not rows:
        return NOT_MEASURED
    lines = [
        "| quality | pictures | saving, shipped prior | saving, prior of the other half "
        "| worst picture | saving against progressive | largest difference of a pixel |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for quality in (*sorted({row["quality"] for row in rows}), None):
        some = [row for row in rows if quality in (None, row["quality"])]
        held = [row for row in some if row["prior"] == "other half"]
        shares = [100 - 100 * row["size_bytes"] / row["jpeg_bytes"] for row in held]
        against = [100 - 100 * row["size_bytes"] / row["progressive_jpeg_bytes"] for row in held]
        lines.append(
            f"| {quality or 'all'} | {len({row['image'] for row in held})} "
            f"| {saving_percent(some, 'shipped'):.1f} % | {statistics.mean(shares):.1f} % "
            f"| {min(shares):.1f} % | {statistics.mean(against):.1f} % "
            f"| {max(row['largest_difference'] for row in some)} |"
        )
    first = rows[0]
    note = f"Measured at commit {first['commit']} on {first['machine']}, {first['date'][:10]}."
    return "\n".join([*lines, "", note])


def saving_percent(rows: Iterable[Record], prior: str) -> float:
    """Mean over pictures and qualities, percent of the optimised file."""
    shares = [row["size_bytes"] / row["jpeg_bytes"] for row in rows if row["prior"] == prior]
    return round(100 - 100 * statistics.mean(shares), 2)


def tiled_dct_ablation(root: pathlib.Path) -> str:
    """BD-rate of `tiled-dct` with a part taken out."""
    rows = read_records(root / ABLATION, CODED_FIELDS | {"variant": str})
    if not rows:
        return NOT_MEASURED
    lines = ["| variant | BD-rate |", "|---|--:|"]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        own = [row for row in rows if row["variant"] == variant]
        lines.append(f"| {VARIANTS.get(variant, variant)} | {against_jpeg(own, root)} |")
    return "\n".join(lines)


def tiled_dct_crossvalidated(root: pathlib.Path) -> str:
    """BD-rate of `tiled-dct` on pictures that its models have not seen."""
    rows = read_records(root / CROSSVALIDATED, CODED_FIELDS | {"effort": str})
    if not rows:
        return NOT_MEASURED
    lines = ["| effort | pictures | BD-rate |", "|---|--:|--:|"]
    for effort in dict.fromkeys(row["effort"] for row in rows):
        own = [row for row in rows if row["effort"] == effort]
        count = len({row["image"] for row in own})
        lines.append(f"| `{effort}` | {count} | {against_jpeg(own, root)} |")
    return "\n".join(lines)


def against_jpeg(rows: Sequence[Record], root: pathlib.Path) -> str:
    """BD-rate of rows, all on the same pictures, against optimised JPEG on these."""
    anchor = current_rows(read_rows(root / ANCHOR))
    names = {row["image"] for row in rows}
    reference = curve([as_record(row) for row in anchor], names)
    percent = bd_rate_percent(reference=reference, candidate=curve(rows, names))
    return f"{percent:+.1f} %".replace("-", "−")


def as_record(row: Row) -> Record:
    """What a curve needs of it."""
    return {key: getattr(row, key) for key in CODED_FIELDS}


def curve(rows: Iterable[Record], names: set[str]) -> Curve:
    """Mean rate and mean PSNR over the pictures, at each quality that all of them have."""
    by_quality: dict[float, dict[str, Record]] = {}
    for row in rows:
        if row["image"] in names:
            by_quality.setdefault(row["quality"], {})[row["image"]] = row
    whole = [found for _, found in sorted(by_quality.items()) if found.keys() == names]
    return Curve(
        rate_bpp=tuple(statistics.fmean(r["rate_bpp"] for r in found.values()) for found in whole),
        quality_db=tuple(statistics.fmean(r["psnr_db"] for r in found.values()) for found in whole),
    )

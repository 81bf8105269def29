"""Tables about our codecs that stand in hand-written pages."""

import pathlib
import statistics
from collections.abc import Iterable, Mapping, Sequence

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Record, read_records
from overtone.evaluate.rate_distortion.curves import Coded, bits_by_picture
from overtone.evaluate.rate_distortion.held_out import read_held_out
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows
from overtone.metrics.bd_rate import Curve, bd_rate_percent

REPACK = pathlib.Path("experiments/jpeg_repack/rows/jpeg_repack.jsonl")
ABLATION = pathlib.Path("experiments/tiled_dct/rows/ablation.jsonl")
CROSSVALIDATED = pathlib.Path("experiments/tiled_dct/rows/crossvalidated.jsonl")
ENTROPY = pathlib.Path("experiments/tiled_dct/rows/entropy.jsonl")
KODAK = pathlib.Path("experiments/kodak/rows")
ANCHOR = KODAK / "jpeg.jsonl"
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

ENTROPY_FIELDS = {
    "image": str,
    "quality": float,
    "stream_bits": int,
    "even_bits": int,
    "static_bits": dict,
    "adaptive_bits": dict,
}
CODERS = {
    "adaptive": "one context a bit, adaptive from the prior, no mixing",
    "static": "one context a bit, the picture's own static probabilities for nothing (a bound)",
}

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
    """`tiled-dct` on pictures that its models have not seen, and what seeing them is worth."""
    rows = read_held_out(root / CROSSVALIDATED)
    if not rows:
        return NOT_MEASURED
    lines = [
        "| effort | pictures | BD-rate against JPEG | bits against AVIF | bits against JPEG "
        "| bits against the shipped tables |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for effort in dict.fromkeys(row.effort for row in rows):
        own = [row for row in rows if row.effort == effort]
        cells = [against_jpeg([as_record(row) for row in own], root)]
        for codec in ("avif", "jpeg", "tiled-dct"):
            others = current_rows(read_rows(root / KODAK / f"{codec}.jsonl"))
            same = [row for row in others if codec != "tiled-dct" or row.effort == effort]
            by_picture = bits_by_picture(same, own)
            cells.append(percent(statistics.fmean(by_picture.values())) if by_picture else "–")
        count = len({row.image for row in own})
        lines.append(f"| `{effort}` | {count} | {' | '.join(cells)} |")
    return "\n".join(lines)


def against_jpeg(rows: Sequence[Record], root: pathlib.Path) -> str:
    """BD-rate of rows, all on the same pictures, against optimised JPEG on these."""
    anchor = current_rows(read_rows(root / ANCHOR))
    names = {row["image"] for row in rows}
    reference = curve([as_record(row) for row in anchor], names)
    return percent(bd_rate_percent(reference=reference, candidate=curve(rows, names)))


def percent(value: float) -> str:
    """With its sign."""
    return f"{value:+.1f} %".replace("-", "−")


def as_record(row: Coded) -> Record:
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


def read_entropy(path: pathlib.Path) -> list[Record]:
    """Rows of what coders need for the same bits."""
    return read_records(path, ENTROPY_FIELDS)


def tiled_dct_entropy(root: pathlib.Path) -> str:
    """Bits of simpler entropy coders against those of the stream, by quality."""
    rows = read_entropy(root / ENTROPY)
    if not rows:
        return NOT_MEASURED
    found = entropy_percent(rows)
    qualities = sorted({row["quality"] for row in rows})
    lines = [
        f"| coder | {' | '.join(f'quality {quality:g}' for quality in qualities)} |",
        "|---|" + "--:|" * len(qualities),
        "| the codec's: contexts mixed, counters and weights adaptive from the prior |"
        + " 0 % |" * len(qualities),
    ]
    for coder, title in CODERS.items():
        cells = [percent(found[coder][f"{quality:g}"]) for quality in qualities]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    count = len({row["image"] for row in rows})
    return "\n".join([*lines, "", f"{count} pictures. Tables: {tables_told(rows)}."])


def entropy_percent(rows: Sequence[Record]) -> dict[str, dict[str, float]]:
    """Of each coder and quality: the mean over pictures of its bits against the stream's."""
    tables = best_tables(rows)
    found: dict[str, dict[str, float]] = {coder: {} for coder in CODERS}
    for coder in CODERS:
        for quality in sorted({row["quality"] for row in rows}):
            changes = [
                coder_bits(row, coder, tables) / row["stream_bits"] - 1
                for row in rows
                if row["quality"] == quality
            ]
            found[coder][f"{quality:g}"] = 100 * statistics.fmean(changes)
    return found


def coder_bits(row: Record, coder: str, tables: Mapping[str, int]) -> float:
    """Bits of a picture with one table of contexts an element."""
    elements = row[f"{coder}_bits"]
    return row["even_bits"] + sum(bits[tables[name]] for name, bits in elements.items())


def best_tables(rows: Iterable[Record]) -> dict[str, int]:
    """Of each element, the table of contexts that costs the adaptive coder least in all."""
    totals: dict[str, list[float]] = {}
    for row in rows:
        for name, bits in row["adaptive_bits"].items():
            before = totals.setdefault(name, [0.0] * len(bits))
            totals[name] = [total + each for total, each in zip(before, bits, strict=True)]
    return {name: costs.index(min(costs)) for name, costs in totals.items()}


def tables_told(rows: Iterable[Record]) -> str:
    """Which table of the format each element has in the simpler coders."""
    return ", ".join(f"{name} {number}" for name, number in best_tables(rows).items())

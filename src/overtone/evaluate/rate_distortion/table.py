"""Rows to curves, summaries and Markdown tables.

python -m overtone.evaluate.rate_distortion.table experiments/kodak/rows            prints the table
python -m overtone.evaluate.rate_distortion.table experiments/kodak/rows --readme README.md
                                                               refreshes it between its markers
"""

import argparse
import dataclasses
import math
import pathlib
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.rows import Row, current_rows, read_rows
from overtone.metrics.bd_rate import Curve, bd_rate_percent, quality_at_rate
from overtone.metrics.psnr import mse_from_psnr_db, psnr_db_from_mse

ANCHOR = "jpeg"
RATES_BPP = (0.1, 0.2, 0.4, 0.8)
Averaging = Literal["psnr", "mse", "ms_ssim"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A codec's line of the table, over the pictures that all of its settings share.

    Attributes:
        label: Codec, with preset and effort where they are not the usual ones.
        num_images: Pictures averaged over.
        psnr_at: Mean PSNR at each of `RATES_BPP`; None outside the measured rates.
        bd_psnr_percent: BD-rate against JPEG, of the mean of each picture's PSNR.
        bd_mse_percent: BD-rate against JPEG, of the PSNR of the mean squared error.
        bd_ms_ssim_percent: BD-rate against JPEG, of the mean MS-SSIM in decibels.
        encode_s: Median over rows.
        decode_s: Median over rows.
        machine: Machine of the newest row.
        date: Date of the newest row.
        commit: Commit of the newest row.
    """

    label: str
    num_images: int
    psnr_at: tuple[float | None, ...]
    bd_psnr_percent: float | None
    bd_mse_percent: float | None
    bd_ms_ssim_percent: float | None
    encode_s: float
    decode_s: float
    machine: str
    date: str
    commit: str

    def to_dict(self) -> dict[str, object]:
        """The line as a mapping that JSON can hold."""
        return dataclasses.asdict(self)


def label_of(row: Row) -> str:
    """Codec, with preset and effort where they are not the usual ones."""
    notes = [row.preset] if row.preset else []
    notes += [f"effort {row.effort}"] if row.effort != "default" else []
    return f"{row.codec} ({', '.join(notes)})" if notes else row.codec


def groups(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by label, the anchor first and then in order of appearance."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(label_of(row), []).append(row)
    return dict(sorted(found.items(), key=lambda item: item[0] != ANCHOR))


def average_curve(rows: Sequence[Row], averaging: Averaging) -> Curve | None:
    """One codec's curve over a set of pictures: a point for each setting that all of them have.

    "psnr" is the mean of each picture's PSNR, "mse" the PSNR of the mean squared error, which is
    what a fixed rate for every picture cannot flatter; "ms_ssim" is the mean in decibels,
    -10 log10(1 - MS-SSIM). The rate of a point is the mean of the pictures' rates.

    Returns:
        The curve; None with fewer than two points. A point that costs more than a better one, as a
        dial at its end can give, is left out.
    """
    images = {row.image for row in rows}
    settings: dict[tuple[object, ...], list[Row]] = {}
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


def _average(rows: Sequence[Row], averaging: Averaging) -> float:
    match averaging:
        case "psnr":
            return statistics.fmean(row.psnr_db for row in rows)
        case "mse":
            return psnr_db_from_mse(statistics.fmean(mse_from_psnr_db(row.psnr_db) for row in rows))
        case "ms_ssim":
            error = 1 - statistics.fmean(row.ms_ssim for row in rows)
            return -10 * math.log10(error) if error > 0 else math.inf


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """A line for every codec, preset and effort among the rows; BD-rates on shared pictures."""
    by_label = groups(rows)
    return [_summary(label, group, by_label.get(ANCHOR, [])) for label, group in by_label.items()]


def _summary(label: str, rows: Sequence[Row], anchor: Sequence[Row]) -> Summary:
    images = {row.image for row in rows}
    anchor = [row for row in anchor if row.image in images]
    newest = max(rows, key=lambda row: row.date)
    curve = average_curve(rows, "psnr")
    return Summary(
        label=label,
        num_images=len(images),
        psnr_at=tuple(curve and quality_at_rate(curve, rate) for rate in RATES_BPP),
        bd_psnr_percent=_bd_rate(anchor, rows, "psnr"),
        bd_mse_percent=_bd_rate(anchor, rows, "mse"),
        bd_ms_ssim_percent=_bd_rate(anchor, rows, "ms_ssim"),
        encode_s=statistics.median(row.encode_s for row in rows),
        decode_s=statistics.median(row.decode_s for row in rows),
        machine=newest.machine,
        date=newest.date[:10],
        commit=newest.commit,
    )


def _bd_rate(anchor: Sequence[Row], rows: Sequence[Row], averaging: Averaging) -> float | None:
    """None where there is no anchor on the same pictures or no shared range."""
    if {row.image for row in anchor} != {row.image for row in rows}:
        return None
    reference, candidate = average_curve(anchor, averaging), average_curve(rows, averaging)
    if reference is None or candidate is None:
        return None
    try:
        return bd_rate_percent(reference=reference, candidate=candidate)
    except ValueError:  # the two share no quality
        return None


def markdown_table(found: Sequence[Summary]) -> str:
    """The table of `README.md`: PSNR at four rates, three BD-rates, two times."""
    head = [
        "codec",
        "images",
        *(f"dB at {rate:g} bpp" for rate in RATES_BPP),
        "BD-rate, mean PSNR",
        "BD-rate, mean MSE",
        "BD-rate, MS-SSIM",
        "encode",
        "decode",
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [
        [
            summary.label,
            str(summary.num_images),
            *(_cell(value, lambda v: f"{v:.2f}") for value in summary.psnr_at),
            _cell(summary.bd_psnr_percent, _percent),
            _cell(summary.bd_mse_percent, _percent),
            _cell(summary.bd_ms_ssim_percent, _percent),
            f"{summary.encode_s:.3g} s",
            f"{1000 * summary.decode_s:.3g} ms",
        ]
        for summary in found
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | None, show: Callable[[float], str]) -> str:
    return "–" if value is None else show(value)


def _percent(value: float) -> str:
    return f"{value:+.1f} %".replace("-", "−") if abs(value) >= 0.05 else "0 %"


def source_sentence(folder: pathlib.Path, found: Sequence[Summary]) -> str:
    """A sentence that says where the numbers of a table come from."""
    machines = ", ".join(sorted({summary.machine for summary in found}))
    newest = max(found, key=lambda summary: summary.date)
    return (
        f"From `{folder.as_posix()}`, measured on {machines}; newest rows {newest.date}, "
        f"commit {newest.commit}. Made by "
        f"`python -m overtone.evaluate.rate_distortion.table {folder.as_posix()}`."
    )


def refreshed(text: str, root: pathlib.Path) -> str:
    """A document with what stands between its `results:` markers made anew.

    A codec that was measured on a part of the suite's pictures only is left out.

    Raises:
        ConfigError: A marker is not closed, or names a folder without rows.
    """

    def block(match: re.Match[str]) -> str:
        folder = pathlib.Path(match["folder"])
        rows = current_rows(read_rows(root / folder))
        if not rows:
            raise ConfigError(f"no rows in {folder}, which a results marker names")
        num_images = len({row.image for row in rows})
        found = [each for each in summaries(rows) if each.num_images == num_images]
        body = f"{markdown_table(found)}\n\n{source_sentence(folder, found)}"
        return f"<!-- results: {folder.as_posix()} -->\n{body}\n<!-- /results -->"

    pattern = r"<!-- results: (?P<folder>\S+) -->.*?<!-- /results -->"
    made, count = re.subn(pattern, block, text, flags=re.DOTALL)
    if count != text.count("<!-- results:"):
        raise ConfigError("a results marker is not closed by <!-- /results -->")
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table of a folder of rows, or refreshes the ones in a document."""
    parser = argparse.ArgumentParser(
        prog="python -m overtone.evaluate.rate_distortion.table",
        description="Tables from measured rows.",
    )
    parser.add_argument("folder", type=pathlib.Path, nargs="?", help="folder of .jsonl files")
    parser.add_argument("--readme", type=pathlib.Path, help="document to refresh in place")
    options = parser.parse_args(arguments)
    if options.readme:
        text = options.readme.read_text("utf-8")
        options.readme.write_text(refreshed(text, options.readme.parent), "utf-8")
    if options.folder:
        rows = current_rows(read_rows(options.folder))
        sys.stdout.write(markdown_table(summaries(rows)) + "\n")
    if not options.folder and not options.readme:
        parser.error("give a folder of results or --readme")


if __name__ == "__main__":
    main()

"""Rows to curves, summaries and Markdown tables.

python -m overtone.evaluate.rate_distortion.table experiments/kodak/rows            prints the table
python -m overtone.evaluate.rate_distortion.table --readme README.md
                                                               refreshes it between its markers

With `--held-out CODEC=FILE`, or `held-out CODEC=FILE` in the marker, a line before that of the
codec has what cross-validation measured: each picture coded with what was learned on others.
"""

import argparse
import dataclasses
import pathlib
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.curves import (
    Coded,
    bd_rate,
    bits_by_picture,
    other_metrics,
    psnr_at_rate,
)
from overtone.evaluate.rate_distortion.held_out import HeldOutRow, read_held_out
from overtone.evaluate.rate_distortion.rows import Row, current_rows, read_rows

ANCHOR = "jpeg"
RIVAL = "avif"
RATES_BPP = (0.1, 0.2, 0.4, 0.8)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A codec's line of the table, over the pictures that all of its settings share.

    Attributes:
        label: Codec, with preset and effort where they are not the usual ones.
        num_images: Pictures averaged over.
        bits_avif_percent: Bits against AVIF at equal PSNR, mean over pictures; see
            `curves.bits_by_picture`.
        bits_jpeg_percent: Likewise against JPEG.
        psnr_at: Mean PSNR at each of the rates asked for; None where none was measured near.
        bd_psnr_percent: BD-rate against JPEG, of the mean of each picture's PSNR.
        bd_mse_percent: BD-rate against JPEG, of the PSNR of the mean squared error.
        bd_ms_ssim_percent: BD-rate against JPEG, of the mean MS-SSIM in decibels.
        encode_s: Median over rows; None where it was not measured.
        decode_s: Likewise.
        machine: Machine of the newest row.
        date: Date of the newest row.
        commit: Commit of the newest row.
        bd_other_percent: BD-rate against JPEG by further metrics of any of the rows, by label.
    """

    label: str
    num_images: int
    bits_avif_percent: float | None
    bits_jpeg_percent: float | None
    psnr_at: tuple[float | None, ...]
    bd_psnr_percent: float | None
    bd_mse_percent: float | None
    bd_ms_ssim_percent: float | None
    encode_s: float | None
    decode_s: float | None
    machine: str
    date: str
    commit: str
    bd_other_percent: Mapping[str, float | None] = dataclasses.field(default_factory=dict)

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


def summaries(
    rows: Sequence[Row],
    held_out: Mapping[str, Sequence[HeldOutRow]] | None = None,
    *,
    rates_bpp: Sequence[float] = RATES_BPP,
) -> list[Summary]:
    """A line for every codec, preset and effort among the rows; differences on shared pictures.

    Args:
        rows: Rows of any number of codecs.
        held_out: By codec; their lines come before the codec's own.
        rates_bpp: At which rates the PSNR is wanted.
    """
    by_label = groups(rows)
    rivals = {name: by_label.get(name, []) for name in (ANCHOR, RIVAL)}
    others = other_metrics(rows)
    found = []
    for label, group in by_label.items():
        clean = (held_out or {}).get(label, [])
        if clean:
            found.append(_summary(f"{label}, cross-validated", clean, rivals, rates_bpp))
        times = {
            "encode_s": statistics.median(row.encode_s for row in group),
            "decode_s": statistics.median(row.decode_s for row in group),
        }
        images = {row.image for row in group}
        anchor = [row for row in rivals[ANCHOR] if row.image in images]
        by_others = {name: bd_rate(anchor, group, key) for key, name in others.items()}
        summary = _summary(label, group, rivals, rates_bpp)
        found.append(dataclasses.replace(summary, bd_other_percent=by_others, **times))
    return found


def _summary(
    label: str,
    rows: Sequence[Row] | Sequence[HeldOutRow],
    rivals: Mapping[str, Sequence[Row]],
    rates_bpp: Sequence[float],
) -> Summary:
    """Without times, which not all rows have."""
    images = {row.image for row in rows}
    anchor, rival = (
        [row for row in rivals[name] if row.image in images] for name in (ANCHOR, RIVAL)
    )
    newest = max(rows, key=lambda row: row.date)
    return Summary(
        label=label,
        num_images=len(images),
        bits_avif_percent=_mean_bits(rival, rows),
        bits_jpeg_percent=_mean_bits(anchor, rows),
        psnr_at=tuple(psnr_at_rate(rows, rate) for rate in rates_bpp),
        bd_psnr_percent=bd_rate(anchor, rows, "psnr"),
        bd_mse_percent=bd_rate(anchor, rows, "mse"),
        bd_ms_ssim_percent=bd_rate(anchor, rows, "ms_ssim"),
        encode_s=None,
        decode_s=None,
        machine=newest.machine,
        date=newest.date[:10],
        commit=newest.commit,
    )


def _mean_bits(anchor: Sequence[Coded], rows: Sequence[Coded]) -> float | None:
    by_picture = bits_by_picture(anchor, rows)
    return None if by_picture is None else statistics.fmean(by_picture.values())


def markdown_table(found: Sequence[Summary], rates_bpp: Sequence[float] = RATES_BPP) -> str:
    """The table of `README.md`: bits by picture, PSNR at some rates, three BD-rates, two times."""
    others = labels_of_others(found)
    head = [
        "codec",
        "images",
        "bits against AVIF",
        "bits against JPEG",
        *(f"dB at {rate:g} bpp" for rate in rates_bpp),
        "BD-rate, mean PSNR",
        "BD-rate, mean MSE",
        "BD-rate, MS-SSIM",
        *(f"BD-rate, {name}" for name in others),
        "encode",
        "decode",
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [
        [
            summary.label,
            str(summary.num_images),
            _cell(summary.bits_avif_percent, _percent),
            _cell(summary.bits_jpeg_percent, _percent),
            *(_cell(value, lambda v: f"{v:.2f}") for value in summary.psnr_at),
            _cell(summary.bd_psnr_percent, _percent),
            _cell(summary.bd_mse_percent, _percent),
            _cell(summary.bd_ms_ssim_percent, _percent),
            *(_cell(summary.bd_other_percent.get(name), _percent) for name in others),
            _cell(summary.encode_s, lambda seconds: f"{seconds:.3g} s"),
            _cell(summary.decode_s, lambda seconds: f"{1000 * seconds:.3g} ms"),
        ]
        for summary in found
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def labels_of_others(found: Sequence[Summary]) -> list[str]:
    """Labels of the further metrics that any of the lines has."""
    return list(dict.fromkeys(name for summary in found for name in summary.bd_other_percent))


def _cell(value: float | None, show: Callable[[float], str]) -> str:
    return "–" if value is None else show(value)


def _percent(value: float) -> str:
    return f"{value:+.1f} %".replace("-", "−") if abs(value) >= 0.05 else "0 %"


def source_sentence(
    folder: pathlib.Path, found: Sequence[Summary], held_out: Mapping[str, str]
) -> str:
    """Where the numbers of a table come from, in a sentence."""
    machines = ", ".join(sorted({summary.machine for summary in found}))
    newest = max(found, key=lambda summary: summary.date)
    sources = [folder.as_posix(), *held_out.values()]
    options = "".join(f" --held-out {codec}={path}" for codec, path in held_out.items())
    return (
        f"From {' and '.join(f'`{source}`' for source in sources)}, measured on {machines}; newest "
        f"rows {newest.date}, commit {newest.commit}. Made by "
        f"`python -m overtone.evaluate.rate_distortion.table {folder.as_posix()}{options}`."
    )


def refreshed(text: str, root: pathlib.Path) -> str:
    """A document with what stands between its `results:` markers made anew.

    A codec that was measured on a part of the suite's pictures only is left out.

    Raises:
        ConfigError: A marker is not closed, or names a folder or file without rows.
    """

    def block(match: re.Match[str]) -> str:
        folder, held_out = pathlib.Path(match["folder"]), held_out_files(match["held"].split())
        rows = current_rows(read_rows(root / folder))
        if not rows:
            raise ConfigError(f"no rows in {folder}, which a results marker names")
        num_images = len({row.image for row in rows})
        every = summaries(rows, held_out_rows(held_out, root))
        found = [each for each in every if each.num_images == num_images]
        body = f"{markdown_table(found)}\n\n{source_sentence(folder, found, held_out)}"
        head = f"<!-- results: {folder.as_posix()}{match['held']} -->"
        return f"{head}\n{body}\n<!-- /results -->"

    pattern = (
        r"<!-- results: (?P<folder>\S+)(?P<held>(?: held-out \S+=\S+)*) -->.*?<!-- /results -->"
    )
    made, count = re.subn(pattern, block, text, flags=re.DOTALL)
    if count != text.count("<!-- results:"):
        raise ConfigError("a results marker is malformed or not closed by <!-- /results -->")
    return made


def held_out_files(words: Iterable[str]) -> dict[str, str]:
    """The file of each codec, from words CODEC=FILE; others are passed over."""
    pairs = [word.partition("=") for word in words]
    return {codec: path for codec, equals, path in pairs if equals}


def held_out_rows(files: Mapping[str, str], root: pathlib.Path) -> dict[str, list[HeldOutRow]]:
    """The rows of each codec.

    Raises:
        ConfigError: A file has none.
    """
    found = {codec: read_held_out(root / path) for codec, path in files.items()}
    for codec, rows in found.items():
        if not rows:
            raise ConfigError(f"no held-out rows of {codec} in {files[codec]}")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table of a folder of rows, or refreshes the ones in a document."""
    parser = argparse.ArgumentParser(
        prog="python -m overtone.evaluate.rate_distortion.table",
        description="Tables from measured rows.",
    )
    parser.add_argument("folder", type=pathlib.Path, nargs="?", help="folder of .jsonl files")
    parser.add_argument("--readme", type=pathlib.Path, help="document to refresh in place")
    parser.add_argument(
        "--held-out",
        action="append",
        default=[],
        metavar="CODEC=FILE",
        help="rows of a codec on pictures that it has not learned from",
    )
    options = parser.parse_args(arguments)
    if options.readme:
        text = options.readme.read_text("utf-8")
        options.readme.write_text(refreshed(text, options.readme.parent), "utf-8")
    if options.folder:
        rows = current_rows(read_rows(options.folder))
        held_out = held_out_rows(held_out_files(options.held_out), pathlib.Path())
        sys.stdout.write(markdown_table(summaries(rows, held_out)) + "\n")
    if not options.folder and not options.readme:
        parser.error("give a folder of results or --readme")


if __name__ == "__main__":
    main()

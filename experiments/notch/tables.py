"""Tables of `notch/measure.py`: what the notch finds and spares, what borders suffer."""

import pathlib
import statistics
from collections.abc import Sequence

from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import Fields, Record, read_records
from overtone.errors import ConfigError

ROWS = pathlib.Path("experiments/notch/rows/notch.jsonl")
FIELDS = {"what": str, "image": str, "commit": str, "machine": str, "date": str}
_TAKEN_OUT = {"is_found": bool, "before_db": (float, None), "after_db": (float, None)}
# By the value of "what".
MORE_FIELDS: dict[str, Fields] = {
    "faint": {"num_found": int, "largest": float},
    "false alarms": {"threshold_db": float, "num_found": int, "psnr_db": (float, None)},
    "sinusoids": _TAKEN_OUT | {"cycles": int, "amplitude": float},
    "lines": _TAKEN_OUT | {"period_px": int, "depth": float},
    "borders": {"domain": str, "frame": float, "inside": float},
}


def faint(root: pathlib.Path) -> str:
    """Pictures with patterns weaker than those that are looked for."""
    rows = _rows(root, "faint")
    if not rows:
        return NOT_MEASURED
    hit = [row for row in rows if row["num_found"]]
    largest = max(row["largest"] for row in rows)
    return (
        f"{len(hit)} of {len(rows)} development pictures have such faint ones, the strongest of "
        f"{largest:.2f} levels."
    )


def false_alarms(root: pathlib.Path) -> str:
    """Pictures that are touched, by threshold."""
    rows = _rows(root, "false alarms")
    if not rows:
        return NOT_MEASURED
    lines = [
        "| threshold | pictures with a pattern | patterns | lowest PSNR to the picture |",
        "|--:|--:|--:|--:|",
    ]
    for threshold_db in sorted({row["threshold_db"] for row in rows}):
        some = [row for row in rows if row["threshold_db"] == threshold_db]
        scores = [row["psnr_db"] for row in some if row["psnr_db"] is not None]
        lines.append(
            f"| {threshold_db:g} dB | {sum(row['num_found'] > 0 for row in some)} of {len(some)} "
            f"| {sum(row['num_found'] for row in some)} "
            f"| {f'{min(scores):.1f} dB' if scores else 'unchanged'} |"
        )
    return _ended(lines, rows)


def sinusoids(root: pathlib.Path) -> str:
    """How many are found, by frequency and amplitude."""
    rows = _rows(root, "sinusoids")
    return _by_strength(rows, "cycles", "cycles per image", "amplitude", "amplitude {:g}")


def dark_lines(root: pathlib.Path) -> str:
    """How many are found, by period and depth."""
    rows = _rows(root, "lines")
    return _by_strength(rows, "period_px", "period, px", "depth", "darker by {:.0%}")


def borders(root: pathlib.Path) -> str:
    """Change of a low-pass near the borders and inside, by transform."""
    rows = _rows(root, "borders")
    if not rows:
        return NOT_MEASURED
    lines = [
        "| transform | change within 8 px of the border | inside | ratio |",
        "|---|--:|--:|--:|",
    ]
    for domain in sorted({row["domain"] for row in rows}):
        some = [row for row in rows if row["domain"] == domain]
        frame, inside = (statistics.fmean(row[key] for row in some) for key in ("frame", "inside"))
        ratio = statistics.fmean(row["frame"] / row["inside"] for row in some)
        lines.append(f"| {domain.upper()} | {frame:.2f} | {inside:.2f} | {ratio:.2f} |")
    return _ended(lines, rows)


def _rows(root: pathlib.Path, what: str) -> list[Record]:
    optional = {f"{field}?": kind for field, kind in MORE_FIELDS[what].items()}
    rows = [row for row in read_records(root / ROWS, FIELDS | optional) if row["what"] == what]
    for row in rows:
        missing = [field for field in MORE_FIELDS[what] if field not in row]
        if missing:
            raise ConfigError(f"{ROWS}: a row of {what} has no {', '.join(missing)}")
    return rows


def _by_strength(rows: Sequence[Record], down: str, title: str, across: str, form: str) -> str:
    """Found of all, and the mean PSNR before and after of those that are found."""
    if not rows:
        return NOT_MEASURED
    strengths = sorted({row[across] for row in rows})
    lines = [
        f"| {title} | " + " | ".join(form.format(each) for each in strengths) + " |",
        "|--:" * (1 + len(strengths)) + "|",
    ]
    for value in sorted({row[down] for row in rows}):
        cells = []
        for strength in strengths:
            some = [row for row in rows if row[down] == value and row[across] == strength]
            hit = [row for row in some if row["is_found"]]
            cell = f"{len(hit)} of {len(some)}"
            if hit:
                before = statistics.fmean(row["before_db"] for row in hit)
                after = statistics.fmean(row["after_db"] for row in hit)
                cell += f", {before:.1f} → {after:.1f} dB"
            cells.append(cell)
        lines.append(f"| {value} | " + " | ".join(cells) + " |")
    return _ended(lines, rows)


def _ended(lines: list[str], rows: Sequence[Record]) -> str:
    first = rows[0]
    note = f"Measured at commit {first['commit']} on {first['machine']}, {first['date'][:10]}."
    return "\n".join([*lines, "", note])

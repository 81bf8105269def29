"""Pictures given the look of another set: the page of what that does to distances."""

import pathlib
from collections.abc import Sequence

from experiments.harness.item import NOT_MEASURED, Item, Step
from experiments.harness.rows import Record, newest_of, read_records

PAGE = "docs/reproduction/adaptation.md"
ROWS = "experiments/adaptation/rows/cifar10.jsonl"
SOURCES = {
    "clean": "as they are",
    "blur": "blurred, radius 0.8 px",
    "cast": "a warm cast",
    "faded": "contrast 0.4",
    "jpeg": "JPEG, quality 10",
    "noise": "noise of 15 levels",
    "half-blur": "half of them blurred, radius 1.2 px",
    "photo32": "other photographs (`photo32`)",
}
MAPS = ("none", "set", "each")
FIELDS = {
    "source": str,
    "match": str,
    "frechet": float,
    "kernel": float,
    "accuracy": (float, None),
    "features": str,
    "count": int,
}


def read(root: pathlib.Path) -> list[Record]:
    """Of rows that measure the same thing the last one counts."""
    return newest_of(read_records(root / ROWS, FIELDS), ("source", "match", "features", "count"))


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; without rows it says so."""
    rows = read(root)
    if not rows:
        return {PAGE: f"{INTRODUCTION}\n\n{NOT_MEASURED}\n"}
    parts = [INTRODUCTION]
    for features in sorted({row["features"] for row in rows}):
        own = [row for row in rows if row["features"] == features]
        count = max(row["count"] for row in own)
        parts += [table_part(features, count, [row for row in own if row["count"] == count])]
    parts.append(reading_part(rows))
    return {PAGE: "\n\n".join(parts) + "\n"}


INTRODUCTION = """# Pictures given the look of another set

This page is written by `python -m experiments adaptation` from the rows in
`experiments/adaptation/rows/`. Test pictures of CIFAR-10 are spoiled, or come from another data
set, and [`overtone edit --match FOLDER`](../guide/edit.md#the-look-of-a-folder) gives them the mean
colour, the spread of the pictures' means and the covariance of the colours at each frequency of a
folder of training pictures: all inputs together as a set, or each picture by itself
(`--match-each`). The distance is to other training pictures that the map has not seen. `color32`
is a classifier of CIFAR-10, which has seen no spoiled picture and is not trained again: its share
of right answers is what such a classifier gains."""


def table_part(features: str, count: int, rows: Sequence[Record]) -> str:
    """A line for each source: distance before, as a set, each alone; right answers."""
    by_key = {(row["source"], row["match"]): row for row in rows}
    lines = []
    for source, label in SOURCES.items():
        found = [by_key.get((source, how)) for how in MAPS]
        if not any(found):
            continue
        distances = [distance(row) for row in found]
        right = [share(row) for row in found]
        lines.append(f"| {label} | {' | '.join(distances)} | {' | '.join(right)} |")
    return (
        f"## {features}, {count:,} pictures a set\n\n"
        "| the pictures | distance | matched as a set | each by itself "
        "| right answers | as a set | each |\n"
        "|:--|--:|--:|--:|--:|--:|--:|\n" + "\n".join(lines) + "\n\n" + note(features)
    )


def note(features: str) -> str:
    """Which distance the table has."""
    if features == "color32":
        return "Fréchet distance; right answers in percent."
    return "Kernel distance times 1,000, without bias by the number of pictures."


def distance(row: Record | None) -> str:
    """The Fréchet distance with features of few numbers, else the kernel distance."""
    if row is None:
        return "–"
    value = row["frechet"] if row["features"] == "color32" else 1000 * row["kernel"]
    return f"{value:.2f}"


def share(row: Record | None) -> str:
    """Right answers in percent; a dash without."""
    return "–" if row is None or row["accuracy"] is None else f"{100 * row['accuracy']:.1f}"


def reading_part(rows: Sequence[Record]) -> str:
    """Where it helps and where it hurts, from the rows."""
    lines = []
    for features in sorted({row["features"] for row in rows}):
        by_key = {(r["source"], r["match"]): r for r in rows if r["features"] == features}
        measure = "frechet" if features == "color32" else "kernel"
        better, worse = [], []
        for source, label in SOURCES.items():
            before, after = by_key.get((source, "none")), by_key.get((source, "set"))
            if before and after:
                (better if after[measure] < before[measure] else worse).append(label)
        lines.append(f"- `{features}`: nearer as a set: {', '.join(better) or 'none'}; farther: "
                     f"{', '.join(worse) or 'none'}.")  # fmt: skip
    return "## Where it helps and where it hurts\n\n" + "\n".join(lines) + "\n\n" + REASONS


REASONS = """What is the same linear change in every picture, a blur, a cast, lost contrast, comes
back, as far as 8 bits have kept it. Noise of one strength is damped as a Wiener filter does it,
with the fine detail. Blocks of strong JPEG are no change of frequencies: they are made stronger
with the detail that is missing. Where only a part of a set is spoiled, one map is a compromise, too
much for one part and too little for the other. Pictures that are as they should be stay almost as
they are. Each picture by itself gets the mean colour and the spectrum of the set whatever it shows,
which takes away what told it from the others and is mostly worse than one map."""


ITEM = Item(
    page=PAGE,
    build=build,
    steps=(
        Step(
            script="adaptation.measure",
            arguments=("{data}/cifar10", "--photo32", "{data}/photo32"),
            needs=("cifar10", "photo32"),
            minutes=4,
        ),
    ),
)

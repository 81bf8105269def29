"""Many pictures by Ray: the page of what two workers gain, and of what is lost by kills."""

import pathlib
import statistics
from collections.abc import Sequence

from experiments.harness.item import NOT_MEASURED, Item, Step, Verdict, no_findings
from experiments.harness.rows import Record, newest_of, read_records

PAGE = "docs/reproduction/scale.md"
ROWS = "experiments/cluster/rows"
PROVENANCE = {"commit": str, "machine": str, "date": str}
SCALING_FIELDS = PROVENANCE | {
    "num_workers": int,
    "num_pictures": int,
    "width": int,
    "height": int,
    "effort": str,
    "seconds": float,
    "start_s": float,
    "photos": str,
    "repeat": int,
    "seed": int,
    "run": str,
}
KILL_FIELDS = PROVENANCE | {
    "killed": str,
    "seed": int,
    "num_pictures": int,
    "num_done_before": int,
    "num_in_flight": int,
    "num_lost": int,
    "num_surplus": int,
    "num_doubled": int,
    "num_differing": int,
    "num_repeated": int,
    "num_repeated_in_vain": int,
}
MIN_RATIO = 1.8
MIN_PICTURES = 1000
MIN_KILLS = 10
FAULTS = ("num_lost", "num_surplus", "num_doubled", "num_differing", "num_repeated_in_vain")
KINDS = {"worker": "a worker", "driver": "the program"}

INTRODUCTION = """# Many pictures by Ray

This page is written by `python -m experiments scale` from the rows in `experiments/cluster/rows/`.
[Many pictures, many machines](../guide/cluster.md) says how the commands are used."""


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    scaling = read_records(root / ROWS / "scaling.jsonl", SCALING_FIELDS)
    kills = read_records(root / ROWS / "kills.jsonl", KILL_FIELDS)
    parts = [INTRODUCTION, scaling_part(scaling), kills_part(kills)]
    return {PAGE: "\n\n".join(parts) + "\n"}


def scaling_part(rows: Sequence[Record]) -> str:
    """One worker against two, of the newest run."""
    title = "## One worker and two"
    if not rows:
        return f"{title}\n\n{NOT_MEASURED}"
    own = [row for row in rows if row["run"] == max(each["run"] for each in rows)]
    first = own[0]
    head = "| workers | runs | seconds, median | least | most | pictures a second | start, s |"
    lines = [head, "|" + "--:|" * (head.count("|") - 1)]
    for count in sorted({row["num_workers"] for row in own}):
        rows_of = [row for row in own if row["num_workers"] == count]
        times = [row["seconds"] for row in rows_of]
        middle = statistics.median(times)
        start_s = statistics.median(row["start_s"] for row in rows_of)
        lines.append(
            f"| {count} | {len(times)} | {middle:.1f} | {min(times):.1f} | {max(times):.1f} "
            f"| {first['num_pictures'] / middle:.1f} | {start_s:.1f} |"
        )
    ratio = ratio_of(own)
    told = "" if ratio is None else f"Two workers are {ratio:.2f} times as fast as one: "
    text = (
        f"`experiments/cluster/scaling.py`: {first['num_pictures']:,} pictures of "
        f"{first['width']}x{first['height']} pixels, cut from the photographs in "
        f"`{first['photos']}`, encoded from files to files with effort {first['effort']} by "
        "workers of one thread each on one machine, in turns. The start of Ray and of its workers "
        "is not in the seconds and stands beside them; the manifest is."
    )
    rule = (
        f"Rule: medians of at least {MIN_PICTURES:,} pictures differ by a factor of at least "
        f"{MIN_RATIO}."
    )
    verdict = f"{told}**{scaling_verdict(own)}**. {rule}"
    return "\n\n".join([title, text, "\n".join(lines), verdict, source_of(own)])


def ratio_of(rows: Sequence[Record]) -> float | None:
    """How many times as fast two workers are as one; None where either is not measured."""
    times = [[row["seconds"] for row in rows if row["num_workers"] == n] for n in (1, 2)]
    if not all(times):
        return None
    one, two = map(statistics.median, times)
    return one / two


def scaling_verdict(rows: Sequence[Record]) -> Verdict:
    """Whether two workers are worth two."""
    ratio = ratio_of(rows)
    if ratio is None or any(row["num_pictures"] < MIN_PICTURES for row in rows):
        return "not measured yet"
    return "holds" if ratio >= MIN_RATIO else "does not hold"


def kills_part(rows: Sequence[Record]) -> str:
    """What is lost, doubled or repeated after kills at random times."""
    title = "## Killed at random times"
    if not rows:
        return f"{title}\n\n{NOT_MEASURED}"
    rows = newest_of(rows, ("killed", "seed", "num_pictures"))
    head = (
        "| killed | times | pictures | done before | lost | doubled | other bytes | files too many "
        "| repeated | of these done before |"
    )
    lines = [head, "|:--|" + "--:|" * (head.count("|") - 2)]
    for kind, words in KINDS.items():
        own = [row for row in rows if row["killed"] == kind]
        if not own:
            continue
        totals = [
            sum(row[name] for row in own)
            for name in ("num_lost", "num_doubled", "num_differing", "num_surplus")
        ]
        before = [row["num_done_before"] for row in own]
        repeated = [row["num_repeated"] for row in own]
        in_vain = sum(row["num_repeated_in_vain"] for row in own)
        lines.append(
            f"| {words} | {len(own)} | {own[0]['num_pictures']} | {min(before)} to {max(before)} "
            f"| {' | '.join(map(str, totals))} | {min(repeated)} to {max(repeated)} | {in_vain} |"
        )
    text = (
        "`experiments/cluster/kills.py`: `overtone encode --cluster local` with two workers, and a "
        "process ended by SIGKILL when a number of pictures that a seed chooses are done and up "
        "to a fifth of a second more has passed: a worker that is at work, whose picture Ray's "
        "cluster then gives to another; or the program itself, after which the same command goes "
        "on. All results are compared with those of an undisturbed run. "
        f"At most {max(row['num_in_flight'] for row in rows)} pictures were in flight."
    )
    rule = (
        f"Rule: in at least {MIN_KILLS} kills of each kind nothing is lost, done twice, left over "
        "or different, and only what was in flight is repeated: holds. Not measured yet with fewer."
    )
    return "\n\n".join(
        [title, text, "\n".join(lines), f"**{kills_verdict(rows)}**. {rule}", source_of(rows)]
    )


def kills_verdict(rows: Sequence[Record]) -> Verdict:
    """Whether kills do no harm."""
    faulty = any(row[name] for row in rows for name in FAULTS) or any(
        row["num_repeated"] > row["num_in_flight"] for row in rows
    )
    if faulty:
        return "does not hold"
    enough = all(sum(row["killed"] == kind for row in rows) >= MIN_KILLS for kind in KINDS)
    return "holds" if enough else "not measured yet"


def source_of(rows: Sequence[Record]) -> str:
    """Where and when the newest of the rows was measured."""
    newest = max(rows, key=lambda row: row["date"])
    return f"Measured at commit {newest['commit']} on {newest['machine']}, {newest['date'][:10]}."


ITEM = Item(
    page=PAGE,
    build=build,
    judge=no_findings,
    steps=(
        Step(script="cluster.scaling", arguments=("--out", f"{ROWS}/scaling.jsonl"), minutes=6),
        Step(script="cluster.kills", arguments=("--out", f"{ROWS}/kills.jsonl"), minutes=8),
    ),
)

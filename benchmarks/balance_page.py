"""docs/reproduction/balance.md from the rows of balance_fashion.py; no number is typed by hand."""

import json
import pathlib
from typing import Any

import numpy as np

PAGE = pathlib.Path("docs/reproduction/balance.md")
FIGURE = pathlib.Path("docs/images/balance-fashion.png")
CONTROL = "repeat"
ARMS = {
    "none": "nothing",
    "repeat": "repetition (control)",
    "augment": "repetition, moved and mirrored (control)",
    "synthetic": "`overtone balance`",
    "half": "half repetition, half `overtone balance`",
}

Row = dict[str, Any]


def write_page(rows_file: pathlib.Path) -> None:
    """Write the page."""
    lines = rows_file.read_text("utf-8").splitlines() if rows_file.exists() else []
    # Of rows that measure the same thing the last one counts.
    rows = list({(r["seed"], r["arm"], r["steps"]): r for r in map(json.loads, lines)}.values())
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    if not rows:
        PAGE.write_text(f"{INTRODUCTION}\n\nNot measured yet.\n", "utf-8")
        return
    parts = [INTRODUCTION, setting_part(rows)]
    for steps in sorted({row["steps"] for row in rows}):
        of_length = [row for row in rows if row["steps"] == steps]
        parts += [
            f"## {steps} steps of the classifier",
            table_part(of_length),
            seeds_part(of_length),
        ]
    if FIGURE.exists():
        parts.append(FIGURE_PART)
    PAGE.write_text("\n\n".join(parts) + "\n", "utf-8")


INTRODUCTION = """# Fill rare classes: does it help a classifier?

This page is written by `python benchmarks/balance_fashion.py --page` from the rows in
`results/balance/`. For each seed three classes of Fashion-MNIST, drawn by lot, keep 60 of their
6,000 training pictures; the other seven keep all. A model is trained on this skewed set and nothing
else, with one shared network and a distribution of latents for each class;
[`overtone balance`](../guide/balance.md) fills the three classes up to 6,000 from it. The same
small classifier (two convolutions, two dense layers) is trained for the same number of steps on
each filling, and judged on the 10,000 real test pictures. The seeds are not those it was developed
on. The longer training of the classifier was added after the shorter one had been judged."""

FIGURE_PART = """## What was drawn

Each pair of rows is a rare class of the first seed: above, pictures that were kept; below, drawn
ones.

![Rare classes: kept above, drawn below](../images/balance-fashion.png)"""


def setting_part(rows: list[Row]) -> str:
    """What the rows have in common."""
    row = rows[0]
    return (
        f"Model `{row['model']}`, preset `{row['preset']}`, {row['core_minutes']:g} core-minutes "
        f"of training; prior `{row['prior']}`, temperature {row['temperature']:g}; "
        f"{len({r['seed'] for r in rows})} seeds."
    )


def table_part(rows: list[Row]) -> str:
    """A line for each arm: means over seeds and the paired difference from the control."""
    lines = []
    for arm, label in ARMS.items():
        of_arm = sorted((r for r in rows if r["arm"] == arm), key=lambda r: r["seed"])
        if not of_arm:
            continue
        gains = gains_over_control(rows, arm)
        wins = f"{np.mean(gains):+.1f} ({sum(gain > 0 for gain in gains)} of {len(gains)})"
        lines.append(
            f"| {label} | {percent(of_arm, 'rare_accuracy')} | "
            f"{wins if arm != CONTROL and gains else '–'} | "
            f"{percent(of_arm, 'common_accuracy')} | {percent(of_arm, 'accuracy')} |"
        )
    return (
        "Accuracy in percent, mean over seeds ± standard deviation. The gain is the "
        "mean difference from repetition on the same seed, in points, and on how many seeds it is "
        "above 0.\n\n"
        "| rare classes filled by | rare classes | gain | other classes | all |\n"
        "|:--|--:|--:|--:|--:|\n" + "\n".join(lines)
    )


def gains_over_control(rows: list[Row], arm: str) -> list[float]:
    """Accuracy on rare classes minus the control's, points, a number for each seed with both."""
    by_seed = {(r["seed"], r["arm"]): 100 * r["rare_accuracy"] for r in rows}
    seeds = sorted({r["seed"] for r in rows})
    pairs = [(by_seed.get((seed, arm)), by_seed.get((seed, CONTROL))) for seed in seeds]
    return [own - control for own, control in pairs if own is not None and control is not None]


def percent(rows: list[Row], key: str) -> str:
    """Mean and standard deviation over rows."""
    values = 100 * np.array([row[key] for row in rows])
    deviation = values.std(ddof=1) if len(values) > 1 else 0.0
    return f"{values.mean():.1f} ± {deviation:.1f}"


def seeds_part(rows: list[Row]) -> str:
    """A line for each seed."""
    arms = [arm for arm in ARMS if any(r["arm"] == arm for r in rows)]
    lines = []
    for seed in sorted({r["seed"] for r in rows}):
        of_seed = {r["arm"]: r for r in rows if r["seed"] == seed}
        rare = ", ".join(map(str, next(iter(of_seed.values()))["rare_classes"]))
        cells = [
            f"{100 * of_seed[arm]['rare_accuracy']:.1f}" if arm in of_seed else "" for arm in arms
        ]
        lines.append(f"| {seed} | {rare} | {' | '.join(cells)} |")
    head = f"| seed | rare classes | {' | '.join(arms)} |\n|--:|:--|{'--:|' * len(arms)}\n"
    return "Each seed: accuracy on the rare classes, percent.\n\n" + head + "\n".join(lines)

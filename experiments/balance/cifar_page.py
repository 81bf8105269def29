"""Rare classes of CIFAR-10: the page of what filling them does for a classifier."""

import pathlib
import statistics
from collections.abc import Sequence

from experiments.balance.arms import ARMS, CONTROL
from experiments.harness.item import NOT_MEASURED, Finding, share_that_does
from experiments.harness.rows import Record, newest_of, read_records

PAGE = "docs/reproduction/balance-cifar10.md"
ROWS = "experiments/balance/rows/cifar10.jsonl"
FIELDS = {
    "seed": int,
    "arm": str,
    "share": float,
    "steps": int,
    "generator": (str, None),
    "num_rare": int,
    "rare_classes": list,
    "rare_accuracy": float,
    "common_accuracy": float,
    "accuracy": float,
}


def read(root: pathlib.Path) -> list[Record]:
    """Of rows that measure the same thing the last one counts."""
    return newest_of(read_records(root / ROWS, FIELDS), ("seed", "arm", "share", "steps"))


INTRODUCTION = """# Fill rare classes of CIFAR-10: does it help a classifier?

This page is written by `python -m experiments balance` from the rows in
`experiments/balance/rows/cifar10.jsonl`. Three classes, drawn by lot, keep 1, 5 or 10 % of their
5,000 training pictures; the other seven keep all. Each arm fills the three up to 5,000 in its own
way; the same small classifier (four convolutions, batch normalisation) is trained on each for the
same number of steps of 128 pictures, about 20 core-seconds, and judged on the 10,000 real test
pictures, a thousand of each class. Every arm but the first two mirrors and moves all pictures of a
batch by up to 4 pixels. The cut is one for all seeds, since each needs a generator of its own; the
seeds are those of the classifier and of what is drawn."""

RULE = (
    "Helps: more right answers on the rare classes than repetition with flips and shifts, by a "
    "point or more in the mean of the seeds and on every seed, and in the mean no fewer of all "
    "classes; with fewer of all it is at the cost of the others."
)


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; without rows it says so."""
    rows = read(root)
    if not rows:
        return {PAGE: f"{INTRODUCTION}\n\n{NOT_MEASURED}\n"}
    parts = [INTRODUCTION, answer_part(rows)]
    parts += [
        table_part(share, [row for row in rows if row["share"] == share])
        for share in sorted({row["share"] for row in rows})
    ]
    return {PAGE: "\n\n".join([*parts, REASONS]) + "\n"}


REASONS = """## Why

What a class of 50 pictures lacks first is variety of what is coarse: with seven other classes in
every light and before every background, the classifier learns to tell the rare ones by the few
brightnesses and colours that they happened to have. The mixtures of `--mix` take that away: they
show the same things in other surroundings. Changes of colour in every picture of a batch do so as
well, and cost the common classes more. Neither adds a new shape. A class of hundreds has
surroundings enough of its own, and there true ones are worth more than mixed ones: colour and light
do tell something of a thing, which mixtures deny. An adjusted loss moves the
line between rare and common classes without knowing the rare ones better: what these gain the
others lose. Half mixtures, half repetition is between the two: the more examples, the fewer
mixtures are best."""


def answer_part(rows: Sequence[Record]) -> str:
    """The gain of each arm over the control, arm by arm and share by share, and the verdict."""
    lines = []
    for arm, described in ARMS.items():
        for share in sorted({row["share"] for row in rows if row["arm"] == arm}):
            gains = gains_over_control(rows, arm, share)
            if arm == CONTROL or not gains:
                continue
            won = f"{sum(gain > 0 for gain in gains)} of {len(gains)} seeds"
            told_gain = f"{100 * share:g} %: {statistics.mean(gains):+.1f} points ({won})"
            of_all = gains_over_control(rows, arm, share, "accuracy")
            lines.append(f"- {described.label}, {told_gain}: **{verdict(gains, of_all)}**.")
    told = "\n".join(lines) or NOT_MEASURED
    drawn = "" if any(ARMS[row["arm"]].drawn for row in rows) else f"\n\n{NO_GENERATOR}"
    return f"## The answer\n\n{RULE}\n\n{told}{drawn}"


NO_GENERATOR = (
    "Pictures drawn by a generator of the cut set (`--arms drawn,drawn-half,drawn-quarter,"
    "mix-drawn --generator RUN`): not measured yet."
)


def verdict(gains: Sequence[float], of_all: Sequence[float]) -> str:
    """By `RULE`, from the gains on the rare classes and on all."""
    if statistics.mean(gains) >= 1 and min(gains) > 0:
        return "helps" if statistics.mean(of_all) >= 0 else "helps at the cost of the others"
    return "hurts" if statistics.mean(gains) <= -1 and max(gains) < 0 else "does not help"


def gains_over_control(
    rows: Sequence[Record], arm: str, share: float, of: str = "rare_accuracy"
) -> list[float]:
    """Right answers minus the control's, points, for each seed that has both; of rare classes."""
    own = {r["seed"]: r for r in rows if (r["arm"], r["share"]) == (arm, share)}
    control = {r["seed"]: r for r in rows if (r["arm"], r["share"]) == (CONTROL, share)}
    return [
        100 * (own[seed][of] - control[seed][of]) for seed in sorted(own.keys() & control.keys())
    ]


def table_part(share: float, rows: Sequence[Record]) -> str:
    """A line for each arm: means over seeds and standard deviations."""
    first = rows[0]
    lines = []
    for arm, described in ARMS.items():
        of_arm = [row for row in rows if row["arm"] == arm]
        if not of_arm:
            continue
        gains = gains_over_control(rows, arm, share)
        gain = f"{statistics.mean(gains):+.1f}" if gains and arm != CONTROL else "–"
        cells = [percent(of_arm, f"{kind}accuracy") for kind in ("rare_", "common_", "")]
        lines.append(
            f"| {described.label} | {cells[0]} | {gain} | {cells[1]} | {cells[2]} | {len(of_arm)} |"
        )
    rare = ", ".join(map(str, first["rare_classes"]))
    return (
        f"## {100 * share:g} %: {first['num_rare']} pictures of each rare class\n\n"
        f"Classes {rare}; {first['steps']} steps. Right answers in percent, mean over seeds ± "
        "standard deviation.\n\n"
        "| rare classes filled by | rare classes | gain | other classes | all | seeds |\n"
        "|:--|--:|--:|--:|--:|--:|\n" + "\n".join(lines)
    )


def percent(rows: Sequence[Record], key: str) -> str:
    """Mean and standard deviation over rows."""
    values = [100 * row[key] for row in rows]
    deviation = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{deviation}"


def findings(root: pathlib.Path) -> Sequence[Finding]:
    """Do pictures of a generator help, alone or beside repeated ones?"""
    rows = read(root)
    told, helps = [], []
    for arm, described in ARMS.items():
        if not described.drawn or described.mixed:
            continue
        for share in sorted({row["share"] for row in rows if row["arm"] == arm}):
            gains = gains_over_control(rows, arm, share)
            if gains:
                won = f"{sum(gain > 0 for gain in gains)} of {len(gains)}"
                told.append(
                    f"{described.label}, {100 * share:g} %: {statistics.mean(gains):+.1f} ({won})"
                )
                of_all = gains_over_control(rows, arm, share, "accuracy")
                helps.append(verdict(gains, of_all) == "helps")
    if not told:
        return ()
    generators = sorted({row["generator"].split()[0] for row in rows if row["generator"]})
    return (
        Finding(
            claim="dfm-rare-classes",
            preset=f"ours (`{'`, `'.join(generators)}`)",
            measured="points of accuracy on rare classes over repetition with flips and shifts "
            "(seeds won): " + "; ".join(told),
            data="CIFAR-10, three classes cut to "
            + ", ".join(f"{100 * share:g}" for share in sorted({row["share"] for row in rows}))
            + " %",
            verdict=share_that_does(sum(helps), len(helps)),
            rule="Of arms with drawn pictures and no mixtures, all help: holds; some: in part; "
            f"otherwise it does not hold. {RULE}",
        ),
    )

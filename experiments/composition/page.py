"""Does composing Fourier layers help to store a picture? The page of the answer."""

import pathlib
import statistics
from collections.abc import Sequence

from experiments.composition.judge import (
    CLEAR,
    SIZES_BYTES,
    Step,
    at_depth,
    by_picture,
    depths_of,
    read_control,
    read_ladder,
    read_long,
    seed_spread,
    steps_of,
)
from experiments.composition.photographs import (
    ANCHORS,
    EFFORTS,
    Curves,
    Efforts,
    curves_of,
    photographs_part,
    photographs_sentence,
)
from experiments.harness.item import NOT_MEASURED, Item
from experiments.harness.item import Step as Run
from experiments.harness.rows import Record
from experiments.thesis_compression.figure import FIGURE, LOSS_BINS_PERCENT

PAGE = "docs/reproduction/composition.md"
MAIN_BYTES = SIZES_BYTES[-1]

INTRODUCTION = """# Does composing Fourier layers help to store a picture?

This page is written by `python -m experiments composition` from the rows in
`experiments/composition/rows/` and `experiments/kodak/rows/`. A Deep Fourier Machine composes
layers of low-frequency sines and cosines; without a hidden layer it is a Fourier series of the
position. The question is what each layer buys, at equal bytes, in a file that is nothing but
weights."""


CONTROL_TEXT = {
    "jpeg": "4:2:0, optimised",
    "tiled-dct": "sparse cosine series, context mixing",
}


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    ladder, long, control = read_ladder(root), read_long(root), read_control(root)
    curves = {name: curves_of(root, name, "default") for name in ANCHORS}
    own: Efforts = {effort: curves_of(root, "dfm", effort) for effort in EFFORTS}
    parts = [
        INTRODUCTION,
        answer_part(ladder, own, curves, long),
        ladder_part(ladder, control),
        *(photographs_part(effort, own[effort], curves) for effort in EFFORTS),
        long_part(long),
    ]
    return {PAGE: "\n\n".join(parts) + "\n"}


def answer_part(
    ladder: Sequence[Record], own: Efforts, curves: Curves, long: Sequence[Record]
) -> str:
    """The plain answer, each sentence from the numbers below."""
    steps = steps_of(ladder, MAIN_BYTES)
    told = [depth_sentence(steps), photographs_sentence(own, curves), long_sentence(long)]
    return "## The answer\n\n" + "\n".join(f"- {sentence}" for sentence in told)


def depth_sentence(steps: Sequence[Step]) -> str:
    """Up to which depth another layer helps."""
    if not steps:
        return f"Depth: {NOT_MEASURED}"
    helps = [step for step in steps if step.verdict == "better"]
    last = 0
    for step in steps:
        if step.verdict != "better":
            break
        last = step.deep
    gains = ", ".join(f"{s.gain_db:+.2f} dB from {s.shallow} to {s.deep}" for s in steps)
    if not helps:
        return f"**Depth does not help** at {MAIN_BYTES} bytes: {gains} hidden layers."
    return (
        f"**Composing helps up to {last} hidden layer{'s' if last != 1 else ''}** in crops of "
        f"128×128 pixels at {MAIN_BYTES} bytes: {gains} hidden layers."
        if last
        else f"**The first hidden layer does not help** at {MAIN_BYTES} bytes: {gains}."
    )


def long_sentence(long: Sequence[Record]) -> str:
    """What an hour does to networks as published."""
    last = {}
    for row in sorted(long, key=lambda row: row["mark_s"]):
        last[row["width"], row["depth"]] = row
    if not last:
        return f"Long fits: {NOT_MEASURED}"
    told = [
        f"{w}×{d} (width × depth) {row['loss_percent']:.3f} % after "
        f"{row['mark_s'] / 60:g} minutes, published {published(w, d)}"
        for (w, d), row in sorted(last.items())
    ]
    return f"**As published, fitted for long**, the loss is: {'; '.join(told)}."


def published(width: int, depth: int) -> str:
    """The bin of figure 5.1."""
    low, high = LOSS_BINS_PERCENT[FIGURE[width, depth][1]]
    return f"{low:g} to {high:g} %"


def ladder_part(rows: Sequence[Record], control: Sequence[Record]) -> str:
    """PSNR at equal bytes by depth, and each layer's gain."""
    title = "## The ladder: hidden layers at equal bytes\n\n"
    if not rows:
        return title + NOT_MEASURED
    pictures = sorted({row["image"] for row in rows})
    head = " | ".join(f"dB at {size} bytes | of them" for size in SIZES_BYTES)
    lines = [
        f"| hidden layers | widths | {head} | spread over seeds, dB |",
        "|--:|:--|" + "--:|--:|" * len(SIZES_BYTES) + "--:|",
    ]
    for depth in depths_of(rows):
        own = [row for row in rows if row["depth"] == depth]
        cells = []
        for size in SIZES_BYTES:
            found = by_picture(at_depth(rows, depth, size))
            mean = f"{statistics.mean(found.values()):.2f}" if found else "–"
            cells += [mean, f"{len(found)} of {len(pictures)}"]
        spread = seed_spread(at_depth(rows, depth, MAIN_BYTES))
        shapes = sorted({(row["octaves"], *row["hidden"]) for row in own})
        widths = "; ".join(shape_text(shape) for shape in shapes)
        cells.append("–" if spread is None else f"{spread:.2f}")
        lines.append(f"| {depth} | {widths} | {' | '.join(cells)} |")
    lines += control_lines(control, len(pictures))
    count = len(pictures)
    seeds = len({row["seed"] for row in rows})
    text = f"""One network for the middle 128×128 pixels of {count} pictures, with the recipe of
the preset `deep` (SOAP, coded integer weights with their rate in the loss) and nothing changed
but the hidden layers, at three qualities and up to {seeds} seeds; every number is that of a
decoded file, and bytes are the whole file. A depth's PSNR at so many bytes is interpolated along
the frontier of all its files of that picture and seed, so each depth has its best width. Inputs
are octaves of the position, from half a period up; without a hidden layer only more of them make
the series larger. The last rows are the largest files within those bytes of codecs that are no
networks: what a sparse linear basis with a good entropy coder makes of the same bytes."""
    return title + text + "\n\n" + "\n".join(lines) + "\n\n" + steps_table(rows)


def control_lines(rows: Sequence[Record], num_pictures: int) -> list[str]:
    """The codecs that are no networks, at the same bytes."""
    lines = []
    for codec in sorted({row["codec"] for row in rows}):
        cells = []
        for size in SIZES_BYTES:
            own = [r for r in rows if r["codec"] == codec and r["target_bytes"] == size]
            mean = f"{statistics.mean(row['psnr_db'] for row in own):.2f}" if own else "–"
            cells += [mean, f"{len(own)} of {num_pictures}"]
        lines.append(f"| none: `{codec}` | {CONTROL_TEXT[codec]} | {' | '.join(cells)} | – |")
    return lines


def shape_text(shape: tuple[int, ...]) -> str:
    """Such as "5-5-5, 3 octaves"."""
    octaves, *hidden = shape
    return f"{'-'.join(map(str, hidden)) or 'series'}, {octaves} octaves"


def steps_table(rows: Sequence[Record]) -> str:
    """Each depth against the next shallower one."""
    lines = [
        "| from, to | bytes | gain, dB | standard error | better on | verdict |",
        "|:--|--:|--:|--:|--:|:--|",
    ]
    lines += [
        f"| {step.shallow} → {step.deep} | {size} | {step.gain_db:+.2f} | {step.error_db:.2f} "
        f"| {step.wins} of {step.num_pictures} | {step.verdict} |"
        for size in SIZES_BYTES
        for step in steps_of(rows, size)
    ]
    rule = (
        f"A step is called better or worse where the mean over pictures is {CLEAR:g} standard "
        "errors from 0."
    )
    return rule + "\n\n" + "\n".join(lines)


def long_part(rows: Sequence[Record]) -> str:
    """Loss against processor time of networks as published."""
    title = "## Networks of figure 5.1, fitted for long\n\n"
    if not rows:
        return title + NOT_MEASURED
    marks = sorted({row["mark_s"] for row in rows})
    cells = sorted({(row["width"], row["depth"]) for row in rows})
    lines = [
        "| width × depth | size, % | published loss, % | "
        + " | ".join(f"{mark / 60:g} min" for mark in marks)
        + " | best PSNR, dB | steps |",
        "|:--|--:|:--|" + "--:|" * len(marks) + "--:|--:|",
    ]
    for width, depth in cells:
        own = {r["mark_s"]: r for r in rows if (r["width"], r["depth"]) == (width, depth)}
        losses = [f"{own[mark]['loss_percent']:.3f}" if mark in own else "–" for mark in marks]
        best = max(row["psnr_db"] for row in own.values())
        lines.append(
            f"| {width}×{depth} | {own[min(own)]['weights_percent']:.2f} "
            f"| {published(width, depth)} | {' | '.join(losses)} | {best:.2f} "
            f"| {own[max(own)]['steps']} |"
        )
    names = ", ".join(sorted({row["image"] for row in rows}))
    text = f"""The recipe as published (preset `thesis`: Adam at a constant 4e-4, float32 weights)
on the middle 400×400 pixels of {names}, one start each; columns are minutes of processor time on
one thread, losses in percent of the squared range, each through a file. At a constant rate the
loss goes up and down on the way, so the last column is not always the least."""
    return title + text + "\n\n" + "\n".join(lines)


ITEM = Item(
    page=PAGE,
    build=build,
    steps=(
        Run(
            script="composition.measure",
            arguments=("{data}/kodak", "--run", "ladder"),
            needs=("kodak",),
            minutes=60,
        ),
        Run(
            script="composition.measure",
            arguments=("{data}/kodak", "--run", "control"),
            needs=("kodak",),
            minutes=1,
        ),
        Run(
            script="kodak.measure",
            arguments=(
                *("{data}/kodak", "--codecs", "dfm", "--effort", "fast"),
                *("--qualities", "30,45,60,75"),
            ),
            needs=("kodak",),
            minutes=10,
        ),
        Run(
            script="composition.measure",
            arguments=("{data}/kodak/kodim15.png", "--run", "long"),
            needs=("kodak",),
            minutes=180,
        ),
    ),
)

"""CIFAR-10: every system, two feature networks, distances above the floor of real pictures."""

import os
import pathlib
import statistics

from experiments.cifar10.judge import (
    FAST,
    FLOOR,
    MAIN,
    Entry,
    Measured,
    counting_entries,
    disagreements,
    judge,
    labels_of,
    read_measured,
)
from experiments.cifar10.kinds import DATA, KINDS, LISTS, System
from experiments.harness.item import NOT_MEASURED, Item, Step

PAGE = "docs/reproduction/cifar10.md"
IMAGES = pathlib.Path("docs/images/cifar10")
REAL = {
    "halves": "two halves of the test pictures",
    FLOOR: "training pictures",
    "jpeg-75": "test pictures as JPEG 75 once more, which the copy is already",
    "blur-0.5": "test pictures, blurred by σ = 0.5 px",
    "blur-1": "test pictures, blurred by σ = 1 px",
}
SYSTEMS: dict[System, str] = {
    "DFM": "Deep Fourier Machine",
    "DCTransformer": "DCTransformer",
    "dictionary": "Spectral dictionary",
}
# What is asked of the best, and what is hoped for.
MUST_SHARE, AIM_SHARE, MUST_SYSTEM_SHARE = 0.14, 0.08, 0.6
LEAST = {"precision": ("must", 0.6), "coverage": ("must", 0.7), "recall": ("aim", 0.25)}

INTRODUCTION = """# CIFAR-10: all systems in colour

This page is written by `python -m experiments cifar10` from the rows in
`experiments/cifar10/rows/`. 10,000 samples of each model are compared with the 10,000 test
pictures, which no model was trained on; precision, recall and coverage are of 5,000 and 5,000 of
them. The best of several ways of drawing (priors, temperature, guidance) was chosen by these very
pictures, and so were settings of our recipes ([log](../log.md)), which flatters them a little.
Trainings are on one thread and differ in length: their core-minutes and the training pictures they
saw stand beside them.

**What these distances are.** All are between pictures of one public copy of CIFAR-10 that is stored
as JPEG of quality 75 with halved chroma, which takes fine detail and edges of colour from the real
pictures and from what is learned of them. They are taken on the features of two networks,
`efficientnet-lite0` (ImageNet) and `color32` (trained here on the training pictures of this very
copy; [both](../design/features.md)). They rank models that were measured the same way, on this
page. They are not the FID of the literature, which uses the Inception network and the original
pictures: no number here can be set beside a published one. What can be compared, with care, is the
share of the autoencoder's distance that a model has left.

**Above the floor**: training pictures have a distance from the test pictures, too, since both are
finite samples. It is subtracted, and what is left is divided by what is left of `vae` sampled from
N(0, I): 0 is as near as real pictures, 1 as far as the autoencoder."""


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; lines without rows are left out."""
    measured = read_measured(root)
    parts = [INTRODUCTION, "## Verdict", verdict_part(measured)]
    for network in (MAIN, FAST):
        parts += [f"## With `{network}`", table_part(measured[network])]
    parts += ["## Do the networks agree?", order_part(measured)]
    parts += ["## Several runs", seeds_part(measured), *pictures_part(root)]
    return {PAGE: "\n\n".join(parts) + "\n"}


def verdict_part(measured: dict[str, Measured]) -> str:
    """What was asked for, and whether it was reached, each a sentence."""
    main = measured[MAIN]
    entries = counting_entries(main)
    shares = {label: main.share(entry) for label, entry in entries.items()}
    told = {label: share for label, share in shares.items() if share is not None}
    lines = []
    ours = [label for label in told if KINDS[label].system != "control"]
    if ours:
        best = min(ours, key=lambda label: told[label])
        lines += best_lines(entries[best], told[best], second(measured, best))
    for system, title in SYSTEMS.items():
        labels = [label for label in labels_of(system) if label in told]
        if labels:
            best = min(labels, key=lambda label: told[label])
            lines.append(
                f"- {title}: its best here, {KINDS[best].title}, is at {told[best]:.3f} of the "
                f"autoencoder's distance{second(measured, best)}; at most "
                f"{MUST_SYSTEM_SHARE:g} was asked for: "
                f"**{reached(told[best] <= MUST_SYSTEM_SHARE)}**."
            )
            lines += own_form(system, told, measured)
    return "\n".join(lines) or NOT_MEASURED


def own_form(system: System, told: dict[str, float], measured: dict[str, Measured]) -> list[str]:
    """How near the form of the system's document comes, which is not its best here."""
    own = labels_of(system, is_published=True) or LISTS
    found = [label for label in own if label in told]
    if not found:
        return []
    best = min(found, key=lambda label: told[label])
    what = "Its lists" if system == "DCTransformer" else "As published"
    return [f"  {what}: {told[best]:.3f}, {KINDS[best].title}{second(measured, best)}."]


def second(measured: dict[str, Measured], label: str) -> str:
    """The same share with the other network, in brackets; "" without rows."""
    entry = counting_entries(measured[FAST]).get(label)
    share = None if entry is None else measured[FAST].share(entry)
    return "" if share is None else f" ({share:.3f} with `{FAST}`)"


def best_lines(entry: Entry, share: float, beside: str) -> list[str]:
    """The nearest generator against what was asked of it."""
    runs = f", mean of {len(entry.rows)} seeds" if len(entry.rows) > 1 else ", one seed"
    lines = [
        f"- The nearest is {KINDS[entry.label].title}{runs}: {share:.3f} of the autoencoder's "
        f"distance above the floor{beside}. At most {MUST_SHARE:g} was asked for: "
        f"**{reached(share <= MUST_SHARE)}**; {AIM_SHARE:g} was hoped for: "
        f"**{reached(share <= AIM_SHARE)}**."
    ]
    for name, (kind, least) in LEAST.items():
        value = entry.mean(name)
        asked = "was asked for" if kind == "must" else "was hoped for"
        lines.append(
            f"- Its {name} is {value:.2f}; at least {least:g} {asked}: "
            f"**{reached(value >= least)}**."
        )
    return lines


def reached(is_so: bool) -> str:
    """In words."""
    return "reached" if is_so else "not reached"


def table_part(measured: Measured) -> str:
    """Real pictures, then every entry by distance."""
    if not measured.entries and not measured.real:
        return NOT_MEASURED
    first = (*measured.real.values(), *(e.rows[0] for e in measured.entries))[0]
    lines = [
        f"Weights {first.weights_hash}. Kernel distances are in thousandths. P, R, C: precision, "
        "recall, coverage. Share: of the autoencoder's distance above the floor. JPEG and blur are "
        "of the very pictures they are compared with, which flatters their P, R and C.",
        "",
        "| model | prior | core-min | parameters | pictures seen | Fréchet | above floor | share "
        "| kernel | P / R / C |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|:--|",
    ]
    for name, title in REAL.items():
        if name in measured.real:
            row = measured.real[name]
            counts = "" if row.num_samples == 10_000 else f" ({row.num_samples:,} each)"
            shown = quality(Entry(name, (row,)))
            distance = row.values["frechet"]
            lines.append(f"| real: {title}{counts} | | | | | {distance:.4g} | | | {shown} |")
    lines += [line_of(measured, entry) for entry in measured.entries]
    return "\n".join(lines)


def draw_of(entry: Entry) -> str:
    """How it was drawn: the prior, and what is not 1."""
    source = entry.rows[0].source
    at = "" if source.temperature in (1, None) else f", temperature {source.temperature:g}"
    at += "" if source.guidance in (1, None) else f", guidance {source.guidance:g}"
    return f"{source.prior or ''}{at}"


def line_of(measured: Measured, entry: Entry) -> str:
    """A line of the table; numbers of several seeds are means."""
    source = entry.rows[0].source
    above, share = measured.above_floor(entry), measured.share(entry)
    counts = [row.source.images_seen for row in entry.rows if row.source.images_seen is not None]
    seen = f"{statistics.mean(counts) / 1e6:.2f} M" if counts else ""
    seeds = f" (mean of {len(entry.rows)})" if len(entry.rows) > 1 else ""
    cells = [
        KINDS[entry.label].title + seeds,
        draw_of(entry),
        f"{source.core_minutes or 0:.0f}",
        f"{(source.num_parameters or 0) / 1e6:.2f} M",
        seen,
        f"{entry.mean('frechet'):.4g}",
        "" if above is None else f"{above:.4g}",
        "" if share is None else f"**{share:.3f}**",
        quality(entry),
    ]
    return f"| {' | '.join(cells)} |"


def quality(entry: Entry) -> str:
    """Cells of the kernel distance and of the shares of pictures."""
    shares = " / ".join(f"{entry.mean(name):.2f}" for name in ("precision", "recall", "coverage"))
    return f"{1e3 * entry.mean('kernel'):.2f} | {shares}"


def order_part(measured: dict[str, Measured]) -> str:
    """Whether both networks put the models in one order."""
    count, others = disagreements(measured)
    if not count:
        return NOT_MEASURED
    told = (
        f"Of {count} pairs of models that both networks have measured, {count - len(others)} are "
    )
    told += "in the same order by Fréchet distance."
    if not others:
        return f"{told} **The order is the same.**"
    pairs = [f"{KINDS[a].title} and {KINDS[b].title}" for a, b in others]
    return f"{told} Not alike:\n\n" + "\n".join(f"- {pair}" for pair in pairs)


def seeds_part(measured: dict[str, Measured]) -> str:
    """Mean and spread over runs that differ in their seed only."""
    lines = [
        f"| {KINDS[entry.label].title} | {draw_of(entry)} | `{network}` | {len(entry.rows)} "
        f"| {entry.mean('frechet'):.4g} | {statistics.stdev(values):.2g} "
        f"| {', '.join(f'{value:.4g}' for value in values)} |"
        for network in (MAIN, FAST)
        for entry in measured[network].entries
        for values in [[row.values["frechet"] for row in entry.rows]]
        if len(values) > 1
    ]
    if not lines:
        return NOT_MEASURED
    head = "| model | prior | features | runs | mean Fréchet | standard deviation | each |"
    return "\n".join([head, "|:--|:--|:--|--:|--:|--:|:--|", *lines])


def pictures_part(root: pathlib.Path) -> list[str]:
    """Grids of samples, the first 64 of seed 0, not chosen."""
    folder = pathlib.PurePath(os.path.relpath(IMAGES, pathlib.PurePath(PAGE).parent)).as_posix()
    shown = [
        f"{kind.title}:\n\n![samples of {label}]({folder}/{DATA}-{label}-0.png)"
        for label, kind in KINDS.items()
        if (root / IMAGES / f"{DATA}-{label}-0.png").exists()
    ]
    return ["## Samples", "The first 64 of seed 0, not chosen.", *shown] if shown else []


def step(*arguments: str, minutes: float) -> Step:
    """A call of the program that measures."""
    paths = ("--runs", "{work}", "--feature-weights", "{weights}")
    return Step(
        script="cifar10.measure",
        arguments=("{data}", *arguments, *paths),
        needs=(DATA,),
        minutes=minutes,
    )


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(step("--floors", minutes=20), step(minutes=600)),
)

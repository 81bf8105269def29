"""The codec `dfm-latent` on photographs: the page of the evidence."""

import importlib.util
import pathlib
import statistics
from collections.abc import Sequence

from experiments.harness.claims import claims
from experiments.harness.item import NOT_MEASURED, Item, Step
from experiments.harness.rows import Record
from experiments.kodak.tables import percent
from experiments.latent import figure
from experiments.latent.judge import (
    EFFORTS,
    HELD_OUT,
    Target,
    anchors,
    prefix_curve,
    standard,
    targets,
)
from experiments.latent.page_ablation import parts_part, sizes_part, trunks_part
from experiments.latent.page_files import (
    Anchors,
    choice_part,
    efforts_part,
    measured_note,
    pictures_part,
)
from experiments.latent.rows import (
    QUALITIES,
    by_quality,
    points_of,
    read_files,
    read_published,
)

PAGE = "docs/reproduction/latent.md"
IMAGES = "docs/images/latent"
RATES, PREFIXES = f"{IMAGES}/rates.svg", f"{IMAGES}/prefixes.svg"

INTRODUCTION = """# The latent machine as a codec of photographs

This page is written by `python -m experiments latent` from the rows in `experiments/latent/rows/`
and `experiments/kodak/rows/`: [the codec `dfm-latent`](../design/dfm-latent.md) on the twelve
Kodak pictures with odd numbers, at five qualities, every file decoded."""


def build(root: pathlib.Path) -> dict[str, str]:
    """The page and its drawings; parts without rows say so."""
    files, published, against = read_files(root), read_published(root), anchors(root)
    is_drawn = any(standard(files, effort) for effort in EFFORTS)
    parts = [
        INTRODUCTION,
        targets_part(targets(files, against)),
        efforts_part(files, published, against, measured_note(files, is_drawn)),
        *(pictures_part(effort, files, against) for effort in EFFORTS),
        choice_part(files),
        trunks_part(files),
        sizes_part(files),
        parts_part(files),
        prefixes_part(files),
        sources_part(),
    ]
    return {PAGE: "\n\n".join(parts) + "\n", **drawings(files, against)}


def drawings(files: Sequence[Record], against: Anchors) -> dict[str, str]:
    """What can be drawn; nothing where matplotlib is missing, so that stored drawings stay."""
    own = {effort: points_of(standard(files, effort)) for effort in EFFORTS}
    if not any(own.values()) or importlib.util.find_spec("matplotlib") is None:
        return {}
    effort = shown_effort(files)
    curves = {
        f"λ {some[0]['rd_weight']:.1g}": prefix_curve(some)
        for quality, some in by_quality(standard(files, effort)).items()
        if quality in QUALITIES
    }
    found = {RATES: figure.rates_svg(own, {k: v for k, v in against.items() if k != HELD_OUT})}
    if any(curves.values()):
        found[PREFIXES] = figure.prefixes_svg(curves)
    return found


def shown_effort(files: Sequence[Record]) -> str:
    """The effort whose prefixes are shown: `default` if it is measured."""
    measured = [effort for effort in EFFORTS if standard(files, effort)]
    return "default" if "default" in measured or not measured else measured[0]


def targets_part(found: Sequence[Target]) -> str:
    """What was asked for, and whether it is so."""
    lines = [
        "| asked for | at most | aim | measured | pictures | |",
        "|:--|--:|--:|--:|--:|:--|",
    ]
    for target in found:
        limit, aim, measured = (
            "–" if value is None else told(value, target.unit)
            for value in (target.limit, target.aim, target.measured)
        )
        cells = [target.text, limit, aim, measured, str(target.num_pictures), target.verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "## What was asked for\n\n" + "\n".join(lines)


def told(value: float, unit: str) -> str:
    """With its unit; changes in percent have a sign."""
    return percent(value) if unit == "%" and value else f"{value:.3g} {unit}"


def prefixes_part(files: Sequence[Record]) -> str:
    """PSNR over the share of the file that has arrived."""
    title = "## The beginning of a file\n\n"
    effort = shown_effort(files)
    rows = [row for row in standard(files, effort) if row["prefixes"]]
    if not rows:
        return title + NOT_MEASURED
    shares = [share for share, _ in prefix_curve(rows)]
    lines = [
        f"| λ | bytes | {' | '.join(f'{100 * share:.0f} %' for share in shares)} |",
        "|--:|--:|" + "--:|" * len(shares),
    ]
    for some in by_quality(rows).values():
        curve = dict(prefix_curve(some))
        cells = [f"{curve[s]:.2f}" if curve.get(s) is not None else "–" for s in shares]
        size = statistics.fmean(row["size_bytes"] for row in some)
        lines.append(f"| {some[0]['rd_weight']:.2g} | {size:.0f} | {' | '.join(cells)} |")
    text = f"""Mean PSNR over pictures, dB, of the first so many percent of the bytes of each file
(`overtone.shorten`), at effort `{effort}`: grids are coded coarse to fine, after the networks."""
    alt = "Mean PSNR against the share of the file received"
    drawing = f"\n\n![{alt}](../images/latent/prefixes.svg)"
    return f"{title}{text}\n\n" + "\n".join(lines) + drawing


def sources_part() -> str:
    """Where the published numbers are from."""
    claim = claims()["cool-chic"]
    setting = claim.setting[0].upper() + claim.setting[1:]
    return f"## Published tables\n\n{claim.system}: {claim.source}. {setting}."


def measure_step(*arguments: str, minutes: float) -> Step:
    """A run of the program that measures."""
    return Step(
        script="latent.measure",
        arguments=("{data}/kodak", *arguments),
        needs=("kodak",),
        minutes=minutes,
    )


ITEM = Item(
    page=PAGE,
    build=build,
    steps=(
        measure_step("--efforts", "fast", minutes=17),
        measure_step("--efforts", "default", minutes=92),
        measure_step("--efforts", "best", minutes=602),
        measure_step("--efforts", "fast", "--variants", "trunks,sizes,parts", minutes=360),
    ),
)

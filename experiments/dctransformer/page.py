"""The page about lists of DCT triples: what they lose, cost and draw."""

import pathlib
from collections.abc import Sequence

from experiments.dctransformer.page_completion import completion_parts
from experiments.dctransformer.places import (
    CEILING,
    LIKELIHOOD,
    PAGE,
    SAMPLES,
    TASKS,
    TRAINING,
    picture,
)
from experiments.harness.claims import claims, figure
from experiments.harness.rows import Record, read_distances, read_records
from experiments.thesis_generation.judge import RESULTS as OTHERS
from experiments.thesis_generation.judge import best, standard, with_reading
from experiments.thesis_generation.page import NAMES, measures
from overtone.evaluate.distribution.rows import DistributionRow

DATA = ("mnist", "fashion-mnist", "photo32", "cifar10")
FLOORS = {"halves": "real: two halves", "other-split": "real: training images"}
BARS = ("order-0", "context models, shipped prior", "context models, after 4000 training images")
LUMA_KEPT_SINCE = "2026-11-27"  # date from which `colorize` returns the luma it was given

LIST_FIELDS = {
    "coder": str,
    "num_images": int,
    "block_size": int,
    "quality": int,
    "bits_per_image": float,
    "bits_per_pixel": float,
    "bits_with_class?": float,
    "nats?": {"channel": float, "position": float, "value": float},
}
TRAINING_FIELDS = {
    "step": int,
    "core_s": float,
    "channel": float,
    "position": float,
    "value": float,
}

INTRODUCTION = f"""# Sparse DCT lists: representation, likelihood, samples

This page is written by `python -m experiments dctransformer` from the rows in
`experiments/dctransformer/rows/` and `experiments/thesis_generation/rows/`. It reproduces
"Generating images with sparse representations" (Nash et al., ICML 2021) at the scale of two
processor cores: the paper's model of LSUN has {figure("dct-fid", "parameters_millions"):g} million
parameters and saw {figure("dct-fid", "elements_billions"):g} billion list elements; the parameters
of ours and what they were given stand below. Its Fréchet distances ({claims()["dct-fid"].text}) are
on other images
and other features and cannot be compared with those here."""


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    parts = [INTRODUCTION]
    for data in DATA:
        parts += [
            f"## {data}",
            ceiling_part(data, root),
            likelihood_part(data, root),
            samples_part(data, root),
        ]
    parts += [*completion_parts(root), *tasks_parts(root), *training_parts(root)]
    return {PAGE: "\n\n".join(parts) + "\n"}


def ceiling_part(data: str, root: pathlib.Path) -> str:
    """Distances of quantised real images."""
    rows = read_distances(root / CEILING / f"{data}.jsonl")
    if not rows:
        return "Ceiling: not measured yet."
    first = rows[0]
    lines = [
        "**Ceiling.** Held-out images against themselves after quantisation; no list, and so no "
        f"model, can be nearer. {first.num_samples} images of {first.reference}, features "
        f"`{first.features}`.",
        "",
        "| representation | PSNR, dB | Fréchet | kernel, 10⁻³ |",
        "|:--|--:|--:|--:|",
    ]
    for row in rows:
        if row.compared == "samples":
            lines.append(f"| {row.source.name} | {psnr(row)} | {distances(row)} |")
        elif row.compared in FLOORS:
            lines.append(f"| {FLOORS[row.compared]} | | {distances(row)} |")
    return "\n".join(lines)


def psnr(row: DistributionRow) -> str:
    """Of the pictures that stand for the reference's."""
    value = row.reconstruction_psnr_db
    return "" if value is None else f"{value:.2f}"


def distances(row: DistributionRow) -> str:
    """Cells of the two distances."""
    return f"{row.values['frechet']:.3f} | {1000 * row.values['kernel']:.2f}"


def likelihood_part(data: str, root: pathlib.Path) -> str:
    """Costs of held-out lists, and what follows for lists of the same kind."""
    rows = read_records(root / LIKELIHOOD / f"{data}.jsonl", LIST_FIELDS)
    if not rows:
        return "Likelihood: not measured yet."
    lines = [
        f"**Likelihood.** Lists of {rows[0]['num_images']} held-out images.",
        "",
        "| coder | core-minutes | blocks | quality | bits an image | bits a pixel "
        "| with its class | nats: channel, position, value |",
        "|:--|--:|--:|--:|--:|--:|--:|:--|",
    ]
    for row in rows:
        with_class = f"{row['bits_with_class']:.1f}" if "bits_with_class" in row else ""
        lines.append(
            f"| {row['coder']} | {row.get('core_minutes') or 0:.0f} | {row['block_size']} "
            f"| {row['quality']} | {row['bits_per_image']:.1f} | {row['bits_per_pixel']:.4f} "
            f"| {with_class} | {nats_of(row)} |"
        )
    return "\n".join([*lines, *likelihood_verdict(rows)])


def likelihood_verdict(rows: list[Record]) -> list[str]:
    """A sentence on the network whose lists the other coders have, too."""
    bars = [row for row in rows if row["coder"] in BARS]
    own = [
        row
        for row in rows
        if row not in bars and bars and row["block_size"] == bars[0]["block_size"]
    ]
    sentences = []
    for row in own:
        cells = [
            f"{row['bits_per_image'] / bar['bits_per_image'] - 1:+.1%} against {bar['coder']}"
            for bar in bars
        ]
        sentences += ["", f"{row['coder']}: {'; '.join(cells)}."]
    return sentences


def nats_of(row: Record) -> str:
    """Nats an image of each field, where there are any."""
    return ", ".join(f"{value:.1f}" for value in row.get("nats", {}).values())


def samples_part(data: str, root: pathlib.Path) -> str:
    """Samples beside those of the other generators."""
    if data == "cifar10":
        return "Samples: beside those of the other systems, on [the page of CIFAR-10](cifar10.md)."
    rows = read_distances(root / SAMPLES / f"{data}.jsonl")
    others = standard(read_distances(root / OTHERS / f"{data}.jsonl"))
    if not rows:
        return "Samples: not measured yet."
    lines = [
        f"**Samples.** {rows[0].num_samples} against {rows[0].num_reference} of "
        f"{rows[0].reference}; of the other generators the best prior.",
        "",
        "| model | core-minutes | parameters | Fréchet | kernel, 10⁻³ | precision | recall |",
        "|:--|--:|--:|--:|--:|--:|--:|",
    ]
    found = [best(others, name) for name in NAMES]
    for row in [*rows, *(row for row in found if row is not None)]:
        source = row.source
        preset = f", preset {source.preset}" if row in rows else f", {source.prior}"
        preset = with_reading(preset, row)
        lines.append(
            f"| `{source.model}`{preset} | {source.core_minutes or 0:.0f} "
            f"| {(source.num_parameters or 0) / 1e6:.2f} M | {measures(row)} |"
        )
    pictures = [picture(row.source.name, root) for row in rows]
    return "\n\n".join(["\n".join(lines), *pictures])


def before_luma(task: str, rows: Sequence[DistributionRow]) -> list[str]:
    """What to know of colours that were drawn when results kept only the model's luma."""
    if task != "colorize" or max(row.date for row in rows) >= LUMA_KEPT_SINCE:
        return []
    return [
        "",
        "These rows are of before `colorize` put the original luma samples back into its results: "
        "their luma is that of the model's quantised levels.",
    ]


def tasks_parts(root: pathlib.Path) -> list[str]:
    """Colours and detail of held-out pictures."""
    parts = []
    for path in sorted((root / TASKS).glob("*.jsonl")):
        rows = read_distances(path)
        if not rows:
            continue
        task = path.stem.rpartition("-")[2]
        lines = [
            f"## {task}",
            "",
            f"{rows[0].num_samples} pictures of {rows[0].reference}, completed by "
            f"`overtone {task}` and compared with the originals: PSNR picture by picture, and the "
            f"distance of all from all, features `{rows[0].features}`. A drawn result is one of "
            "many that fit, so its PSNR is below that of a blurred or gray guess even where it "
            "looks better; the distance tells whether the pictures look like the originals.",
            *before_luma(task, rows),
            "",
            "| result | core-minutes | PSNR, dB | Fréchet | kernel, 10⁻³ |",
            "|:--|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {row.source.name} | {row.source.core_minutes or 0:.0f} | {psnr(row)} "
            f"| {distances(row)} |"
            for row in rows
        ]
        parts.append("\n".join(lines))
        if picture(path.stem, root):
            parts += [
                "Patches of a photograph that is none of the data's: the original, what is given "
                "(as the control shows it), four results; twice on a line.",
                picture(path.stem, root),
            ]
    return parts


def training_parts(root: pathlib.Path) -> list[str]:
    """Nats a triple of each field over the trainings."""
    parts = []
    for path in sorted((root / TRAINING).glob("*.jsonl")):
        rows = read_records(path, TRAINING_FIELDS)
        lines = [
            f"**{path.stem}**",
            "",
            "| step | core-minutes | channel | position | value |",
            "|--:|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {row['step']} | {row['core_s'] / 60:.1f} | {row['channel']:.3f} "
            f"| {row['position']:.3f} | {row['value']:.3f} |"
            for row in rows[:: max(1, len(rows) // 8)]
        ]
        parts.append("\n".join(lines))
    if not parts:
        return []
    return [
        "## Nats a triple over training",
        "Of chunks as trained on, early ones more often.",
        *parts,
    ]

"""docs/reproduction/dctransformer.md from the rows in results/; no number is typed by hand."""

import pathlib
from typing import Any

from dctransformer_likelihood import read_rows

from overtone.evaluate.distribution_rows import DistributionRow, read_distribution_rows

PAGE = pathlib.Path("docs/reproduction/dctransformer.md")
RESULTS = pathlib.Path("results/dctransformer")
CEILING, LIKELIHOOD, SAMPLES = (RESULTS / name for name in ("ceiling", "likelihood", "samples"))
DATA = ("mnist", "fashion-mnist", "photo32")
FLOORS = {"halves": "real: two halves", "other-split": "real: training images"}

INTRODUCTION = """# Sparse DCT lists: representation, likelihood, samples

This page is written by `python benchmarks/reproduce_dctransformer.py --page` from the rows in
`results/dctransformer/`. It reproduces "Generating images with sparse representations" (Nash et
al., ICML 2021) at the scale of two processor cores: the paper's model of LSUN has 448 million
parameters and saw 3·10¹¹ list elements, ours has about four million and sees some 10⁸. Its Fréchet
distances (LSUN bedrooms 6.40, ImageNet 36.51, FFHQ 13.06, as quoted in Dhariwal & Nichol, 2021) are
on other images and other features and cannot be compared with those here."""


def write_page() -> None:
    """Write the page; parts without rows say so."""
    parts = [INTRODUCTION]
    for data in DATA:
        parts += [f"## {data}", ceiling_part(data), likelihood_part(data), samples_part(data)]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n\n".join(parts) + "\n", "utf-8")


def ceiling_part(data: str) -> str:
    """Distances of quantised real images."""
    rows = read_distribution_rows(CEILING / f"{data}.jsonl")
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
            psnr = row.reconstruction_psnr_db or float("nan")
            lines.append(f"| {row.subject.name} | {psnr:.2f} | {distances(row)} |")
        elif row.compared in FLOORS:
            lines.append(f"| {FLOORS[row.compared]} | | {distances(row)} |")
    return "\n".join(lines)


def distances(row: DistributionRow) -> str:
    """Cells of the two distances."""
    return f"{row.values['frechet']:.3f} | {1000 * row.values['kernel']:.2f}"


def likelihood_part(data: str) -> str:
    """Costs of held-out lists."""
    rows = read_rows(LIKELIHOOD / f"{data}.jsonl")
    if not rows:
        return "Likelihood: not measured yet."
    first = rows[0]
    lines = [
        f"**Likelihood.** Lists of {first['num_images']} held-out images.",
        "",
        "| coder | blocks | quality | bits an image | bits a pixel "
        "| nats: channel, position, value |",
        "|:--|--:|--:|--:|--:|:--|",
    ]
    lines += [
        f"| {row['coder']} | {row['block_size']} | {row['quality']} "
        f"| {row['bits_per_image']:.1f} | {row['bits_per_pixel']:.4f} | {nats_of(row)} |"
        for row in rows
    ]
    return "\n".join(lines)


def nats_of(row: dict[str, Any]) -> str:
    """Nats an image of each field, where there are any."""
    return ", ".join(f"{value:.1f}" for value in row.get("nats", {}).values())


def samples_part(data: str) -> str:
    """Distances of samples."""
    rows = read_distribution_rows(SAMPLES / f"{data}.jsonl")
    samples = [row for row in rows if row.compared == "samples"]
    if not samples:
        return "Samples: not measured yet."
    lines = [
        "**Samples.**",
        "",
        "| model | core-minutes | Fréchet | kernel, 10⁻³ | precision | recall |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| `{row.subject.model}` | {row.subject.core_minutes or 0:.0f} | {distances(row)} "
        f"| {row.values['precision']:.3f} | {row.values['recall']:.3f} |"
        for row in samples
    ]
    return "\n".join(lines)

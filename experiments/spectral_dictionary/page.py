"""The page about spectral dictionaries: reconstruction, speed, stability, samples."""

import os
import pathlib
from collections.abc import Sequence

from experiments.dctransformer.page import SAMPLES as DCT_SAMPLES
from experiments.harness.claims import claims
from experiments.harness.item import NOT_MEASURED
from experiments.harness.rows import read_distances, read_records
from experiments.spectral_dictionary.judge import (
    ALIKE_DB,
    FASTER,
    RESULTS,
    STABILITY,
    STABILITY_FIELDS,
    spread_of,
)
from experiments.spectral_dictionary.tables import (
    LABELS,
    reconstruction_part,
    reconstructions,
    run_label,
    speed_part,
    speeds,
    stability_part,
)
from experiments.thesis_generation.judge import DATA, standard
from experiments.thesis_generation.judge import RESULTS as GENERATION
from experiments.thesis_generation.page import FLOORS, NAMES, measures, title_of
from overtone.evaluate.distribution.rows import DistributionRow

PAGE = "docs/reproduction/spectral-dictionary.md"
IMAGES = pathlib.Path("docs/images/dictionary")
TIE_DB = 0.05  # differences that nobody could see

INTRODUCTION = f"""# Spectral dictionaries: the published form, ours, principal components

This page is written by `python -m experiments spectral-dictionary` from the rows in
`experiments/spectral_dictionary/rows/`, `experiments/speed/rows/dictionary.jsonl`,
`experiments/thesis_generation/rows/` and `experiments/dctransformer/rows/`. "Spectral dictionary
learning for generative image modeling" (arXiv:2504.17804) is public in its abstract only
({claims()["dictionary-fid"].text}). What is assumed is named in [the design
notes](../design/spectral-dictionary.md). Its numbers cannot be compared with those here, which are
on other images and other features.

Whatever modulates its atoms, the model is linear in its coefficients, so with K atoms it
reconstructs its training images no better than K principal components, and with a Gaussian prior it
is a Gaussian model of images. All dictionaries here have the K of the control `pca`."""


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    parts = [INTRODUCTION, "## Verdict", verdict_part(root)]
    parts += ["## Reconstruction", reconstruction_part(root)]
    parts += ["## Speed of training", speed_part(root), "## Stability", stability_part(root)]
    for data in DATA:
        parts += [f"## Samples of {data}", samples_part(data, root), *pictures_part(data, root)]
    return {PAGE: "\n\n".join(parts) + "\n"}


def verdict_part(root: pathlib.Path) -> str:
    """Sentences that follow from the rows, each with its numbers."""
    sentences = [reconstruction_verdict(data, root) for data in DATA]
    sentences += [speed_verdict(root), stability_verdict(root)]
    sentences += [samples_verdict(data, root) for data in DATA]
    return "\n".join(f"- {sentence}" for sentence in sentences if sentence) or NOT_MEASURED


def reconstruction_verdict(data: str, root: pathlib.Path) -> str:
    """Ours and the published form against PCA, on held-out images."""
    rows = reconstructions(data, root)
    if not {"pca", "ours"} <= rows.keys():
        return ""
    pca, best = rows["pca"], rows["ours"]
    ahead = best["psnr_db"] - pca["psnr_db"]
    winner = "neither is ahead" if abs(ahead) < TIE_DB else "ours wins" if ahead > 0 else "PCA wins"
    text = (
        f"**Reconstruction of {data}**, K = {best['num_latents']}: {winner}; held-out images "
        f"have {best['psnr_db']:.2f} dB with ours, {pca['psnr_db']:.2f} dB with PCA ({ahead:+.2f})"
    )
    if data == "photo32":
        is_kept = "is kept" if ahead >= -ALIKE_DB else "is missed"
        text += f"; the aim of at most {ALIKE_DB} dB below PCA {is_kept}"
    if "published" in rows:
        behind = rows["published"]["psnr_db"] - pca["psnr_db"]
        text += f". The published form is {behind:+.2f} dB from PCA"
        if "published-solved" in rows:
            gained = rows["published-solved"]["psnr_db"] - pca["psnr_db"]
            text += f", with least squares in the encoder's place {gained:+.2f} dB"
    return text + "."


def speed_verdict(root: pathlib.Path) -> str:
    """How much faster ours reaches the loss at which gradient descent ended."""
    row = next((r for r in speeds(root) if r["name"] == "photo32-ours-0"), None)
    if row is None:
        return ""
    ratios = {base: ratio for base, ratio in row["speedup"].items() if ratio is not None}
    if len(ratios) < len(row["speedup"]):
        return "**Speed** on photo32: ours did not reach the loss at which gradient descent ended."
    slowest = min(ratios.values())
    is_kept = "is kept" if slowest >= FASTER else "is missed"
    numbers = " and ".join(f"{ratio:.0f} times ({LABELS[base]})" for base, ratio in ratios.items())
    return (
        f"**Speed** on photo32: ours reaches the loss at which plain gradient descent ends "
        f"{numbers} faster; the aim of {FASTER:.0f} times {is_kept}."
    )


def samples_verdict(data: str, root: pathlib.Path) -> str:
    """The nearest samples of each kind."""
    rows = sample_rows(data, root)
    found = {
        name: min((r for r in rows if who(r) == name), key=frechet, default=None)
        for name in ("pca", "ours", "published", "vae", "series-generator")
    }
    measured = {name: row for name, row in found.items() if row is not None}
    if not {"pca", "ours"} <= measured.keys():
        return ""
    order = sorted(measured, key=lambda name: frechet(measured[name]))
    numbers = ", ".join(
        f"{name} {frechet(measured[name]):.1f} ({measured[name].source.prior})" for name in order
    )
    nearer = "PCA" if frechet(measured["pca"]) <= frechet(measured["ours"]) else "our dictionary"
    return (
        f"**Samples of {data}**, Fréchet distance of the best prior of each: {numbers}. Between "
        f"PCA and our dictionary, {nearer} is nearer."
    )


def who(row: DistributionRow) -> str:
    """The label of a dictionary's trial, the name of another model."""
    name = row.source.model or row.source.name
    return run_label(row.source.name) if name == "spectral-dictionary" else name


def frechet(row: DistributionRow) -> float:
    """The distance of a row."""
    return row.values["frechet"]


def stability_verdict(root: pathlib.Path) -> str:
    """The published form's spread against the autoencoder's."""
    rows = read_records(root / STABILITY, STABILITY_FIELDS)
    published, vae, ours = (spread_of(rows, label) for label in ("published", "vae", "ours"))
    if published is None or vae is None:
        return ""
    spread, num_failed, num_runs = published
    word = "less" if spread < vae[0] else "more"
    text = (
        f"**Stability**: over {num_runs} seeds the final loss of the published form spreads by "
        f"{spread:.2%} of its mean, that of the autoencoder by {vae[0]:.2%}: {word}; "
        f"{num_failed} of its runs failed"
    )
    if ours is not None:
        text += f". Ours spreads by {ours[0]:.3%}"
    return text + "."


def sample_rows(data: str, root: pathlib.Path) -> list[DistributionRow]:
    """Samples of dictionaries and of the other models, runs of equal length with seed 0."""
    others = standard(read_distances(root / GENERATION / f"{data}.jsonl"))
    lists = read_distances(root / DCT_SAMPLES / f"{data}.jsonl")
    own = read_distances(root / RESULTS / f"{data}.jsonl")
    return [*own, *others, *(row for row in lists if row.compared == "samples")]


def samples_part(data: str, root: pathlib.Path) -> str:
    """Distances, the floors first, then by Fréchet distance."""
    own = read_distances(root / RESULTS / f"{data}.jsonl")
    if not own:
        return NOT_MEASURED
    first = own[0]
    lines = [
        f"{first.num_samples} samples against {first.num_reference} of {first.reference}; features "
        f"`{first.features}`, weights {first.weights_hash}. Kernel distances are in thousandths.",
        "",
        "| model | prior | core-minutes | Fréchet | kernel | precision | recall |",
        "|:--|:--|--:|--:|--:|--:|--:|",
    ]
    floors = {r.compared: r for r in read_distances(root / GENERATION / f"{data}.jsonl")}
    lines += [
        f"| {title} | | | {measures(floors[kind])} |"
        for kind, title in FLOORS.items()
        if kind in floors
    ]
    for row in sorted(sample_rows(data, root), key=frechet):
        name = who(row)
        prior = row.source.prior or ""
        if row.source.temperature not in (1, None):
            prior += f", temperature {row.source.temperature:g}"
        lines.append(
            f"| {LABELS.get(name) or (title_of(row) if name in NAMES else f'`{name}`')} | {prior} "
            f"| {row.source.core_minutes or 0:.1f} | {measures(row)} |"
        )
    return "\n".join(lines)


def pictures_part(data: str, root: pathlib.Path) -> Sequence[str]:
    """Grids of samples, each with its name."""
    folder = pathlib.PurePath(os.path.relpath(IMAGES, pathlib.PurePath(PAGE).parent)).as_posix()
    return [
        f"{title}:\n\n![samples of {data}-{label}-0]({folder}/{data}-{label}-0.png)"
        for label, title in LABELS.items()
        if (root / IMAGES / f"{data}-{label}-0.png").exists()
    ]

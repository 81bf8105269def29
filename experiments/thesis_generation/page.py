"""Generation: the thesis's presets, ours, the variational autoencoder and the controls."""

import os
import pathlib
import statistics
from collections.abc import Iterable, Mapping, Sequence

from experiments.harness.item import NOT_MEASURED, Item, Step, trials_step
from experiments.thesis_generation.judge import (
    DATA,
    PUBLISHED_PRIORS,
    best,
    judge,
    read_generation,
    runs_by_draw,
    standard,
    with_reading,
)
from overtone.evaluate.distribution.rows import DistributionRow

PAGE = "docs/reproduction/dfm-generation.md"
IMAGES = pathlib.Path("docs/images/generation")
NAMES = {
    "series-generator": "ours (`series-generator`)",
    "fourier-generator": "thesis (`fourier-generator`)",
    "vae": "`vae`",
    "pca": "`pca`",
}
FLOORS = {
    "halves": "real: two halves",
    "other-split": "real: training images",
    "jpeg-75": "real through JPEG 75",
}


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    rows = read_generation(root)
    parts = [INTRODUCTION, verdict_part(rows)]
    for data in DATA:
        parts += [f"## {data}", table_part(rows[data]), *pictures_part(rows[data], root)]
    parts += ["## Several runs", seeds_part(rows)]
    return {PAGE: "\n\n".join(parts) + "\n"}


INTRODUCTION = """# Generation with Fourier machines: the thesis, ours, a variational autoencoder

This page is written by `python -m experiments dfm-generation` from the rows in
`experiments/thesis_generation/rows/`. Every model is trained by the same loop for the same
processor time on one thread (one of ours on fashion-mnist for three times that, too), but not all
on the same machine: the thesis's presets on mnist are from a faster one than the rest there (dates
and steps in the rows tell). What is fitted to the latents afterwards is not counted, and is the
same for all. Samples are compared with the test split, which no model has seen, on equal counts.
Gray images are measured on the features of `gray28`, colour on those of `efficientnet-lite0`:
distances of different feature networks, counts or data cannot be compared, neither with each other
nor with published ones, which use the Inception network.

`vae` is the convolutional variational autoencoder with a cross-entropy likelihood, as in the table
that the thesis quotes (Dai & Wipf, 2019), sampled from N(0, I) as there, and from priors fitted as
ours are. The thesis's presets follow the published text and program; those of CIFAR-10 were made
for 194,000 steps of 512 images on four accelerators, and get the same minutes as the others here.
They are sampled from N(0, σ² I), with the best of several σ as the thesis has it: `temperature` is
σ over the root mean square of the latents. It goes from 0.5 to 1 here; where 1 is the best, as on
mnist, a wider sweep may be kinder, as it was on [CIFAR-10](cifar10.md). `pca` trains nothing.

The thesis can be read in several ways, and its best reading counts. For gray images its latents
learn at a rate "10^6 times smaller" than the decoder's. To the letter (preset `thesis-mnist`) they
do not move, the decoder learns to decode random codes, and all samples are alike;
`thesis-mnist-learned` is the same network with latents that learn. For colour the settings of the
text (`thesis-cifar10-text`) differ from those of the program (`thesis-cifar10`). And λ, the weight
of the squared latents, stands beside a mean over pixels and images in the text and beside a sum in
the program: a factor of 784 for 28x28 gray pixels, of 1,024 for 32x32. All runs here have the sum;
on CIFAR-10, where both were run, the sum did better by `efficientnet-lite0`
([its page](cifar10.md)). Of fashion-mnist only the letter was run, of photo32 only the program's
settings: other readings may be nearer there."""


def verdict_part(rows: dict[str, list[DistributionRow]]) -> str:
    """Ours against the autoencoder, data set by data set."""
    lines = []
    for data in DATA:
        samples = standard(rows[data])
        ours = best(samples, "series-generator")
        prior = best(samples, "vae", "normal")
        fitted = best(samples, "vae", but="normal")
        published = PUBLISHED_PRIORS["fourier-generator"]
        thesis = best(samples, "fourier-generator", published)
        thesis_fitted = best(samples, "fourier-generator", but=published)
        if not (ours and prior):
            continue
        cells = [data, number(ours)]
        cells += [against(ours, other) for other in (prior, fitted, thesis, thesis_fitted)]
        lines.append("| " + " | ".join(cells) + " |")
    if not lines:
        return NOT_MEASURED
    head = (
        "| data | ours | `vae`, N(0, I) | `vae`, fitted prior "
        "| thesis, N(0, σ² I) | thesis, fitted prior |"
    )
    return "\n".join(
        [
            "## Verdict",
            "",
            "Fréchet distance of the best prior of each, of the thesis also of the best of the "
            "readings that were run, all of the runs with seed 0; in brackets how far ours is "
            "below.",
            "",
            head,
            "|:--|--:|--:|--:|--:|--:|",
            *lines,
        ]
    )


def against(ours: DistributionRow, other: DistributionRow | None) -> str:
    """The other's distance, and ours relative to it."""
    if other is None:
        return "not run"
    change = ours.values["frechet"] / other.values["frechet"] - 1
    return f"{number(other)} ({change:+.0%})"


def number(row: DistributionRow) -> str:
    """A Fréchet distance."""
    return f"{row.values['frechet']:.2f}"


def table_part(rows: Sequence[DistributionRow]) -> str:
    """All measurements on one data set, the floors first."""
    if not rows:
        return NOT_MEASURED
    first = rows[0]
    lines = [
        f"{first.num_samples} samples against {first.num_reference} of {first.reference}; features "
        f"`{first.features}`, weights {first.weights_hash}. Kernel distances are in thousandths.",
        "",
        "| model | prior | core-minutes | parameters | Fréchet | kernel | precision | recall "
        "| reconstruction, dB |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    floors = {row.compared: row for row in rows if row.compared != "samples"}
    for compared, title in FLOORS.items():
        if compared in floors:
            row = floors[compared]
            counts = "" if row.num_samples == first.num_samples else f" of {row.num_samples}"
            lines.append(f"| {title}{counts} | | | | {measures(row)} | |")
    samples = [row for row in rows if row.compared == "samples"]
    for row in sorted(samples, key=lambda row: (order(row), row.values["frechet"])):
        if not row.source.name.endswith(("-0", "-long")):
            continue
        source = row.source
        at = "" if source.temperature in (1, None) else f", temperature {source.temperature:g}"
        minutes = f"{source.core_minutes or 0:.0f}"
        parameters = f"{(source.num_parameters or 0) / 1e6:.2f} M"
        psnr = "" if row.reconstruction_psnr_db is None else f"{row.reconstruction_psnr_db:.2f}"
        lines.append(
            f"| {title_of(row)} | {source.prior}{at} | {minutes} "
            f"| {parameters} | {measures(row)} | {psnr} |"
        )
    return "\n".join(lines)


def title_of(row: DistributionRow) -> str:
    """What tables call the model of a row."""
    return with_reading(NAMES.get(row.source.model or "", row.source.name), row)


def order(row: DistributionRow) -> tuple[int, str]:
    """Ours, the thesis reading by reading, the baseline, the controls."""
    names = [*NAMES]
    place = names.index(row.source.model) if row.source.model in names else len(names)
    return place, title_of(row)


def measures(row: DistributionRow) -> str:
    """Cells of the distances, precision and recall."""
    values, errors = row.values, row.errors
    kernel = f"{1e3 * values['kernel']:.2f} ± {1e3 * errors['kernel']:.2f}"
    return (
        f"{values['frechet']:.2f} | {kernel} | {values['precision']:.3f} | {values['recall']:.3f}"
    )


def pictures_part(rows: Iterable[DistributionRow], root: pathlib.Path) -> list[str]:
    """Grids of samples, each with its name."""
    names = dict.fromkeys(row.source.name for row in rows if row.compared == "samples")
    folder = pathlib.PurePath(os.path.relpath(IMAGES, pathlib.PurePath(PAGE).parent)).as_posix()
    return [
        f"{name}:\n\n![samples of {name}]({folder}/{name}.png)"
        for name in names
        if (root / IMAGES / f"{name}.png").exists()
    ]


def seeds_part(rows: Mapping[str, Sequence[DistributionRow]]) -> str:
    """Mean and spread of the Fréchet distance over runs that differ in their seed only."""
    lines = []
    for data, of_data in rows.items():
        for model, title in NAMES.items():
            for (preset, prior, temperature), runs in runs_by_draw(of_data, model).items():
                if len(runs) > 1:
                    at = "" if temperature in (1, None) else f", temperature {temperature:g}"
                    values = [*runs.values()]
                    lines.append(
                        f"| {data} | {title} | {preset} | {prior}{at} | {len(values)} "
                        f"| {statistics.mean(values):.2f} | {statistics.stdev(values):.2f} |"
                    )
    if not lines:
        return NOT_MEASURED
    head = [
        "Runs that differ in their seed only; of the other models and data there is one run each.",
        "",
        "| data | model | preset | prior | runs | mean Fréchet | standard deviation |",
        "|:--|:--|:--|:--|--:|--:|--:|",
    ]
    return "\n".join([*head, *lines])


def run_step(data: str, minutes: float) -> Step:
    """All trials on one data set."""
    return trials_step("thesis_generation.measure", "--run", data, needs=(data,), minutes=minutes)


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(run_step("mnist", 80), run_step("fashion-mnist", 230), run_step("photo32", 80)),
)

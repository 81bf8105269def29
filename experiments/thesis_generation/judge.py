"""What the rows of generation say about the thesis's claims."""

import pathlib
import statistics
from collections.abc import Iterable, Sequence

from experiments.harness.item import Finding, share_that_does
from experiments.harness.published import MARGIN
from experiments.harness.rows import read_distances
from overtone.evaluate.distribution.rows import DistributionRow

DATA = ("mnist", "fashion-mnist", "photo32")
RESULTS = pathlib.Path("experiments/thesis_generation/rows")

# Priors that documents sample from; with others their models are not judged as published.
PUBLISHED_PRIORS = {"fourier-generator": "isotropic"}
STEADY = 0.2  # a spread over runs of at most that share of the mean
# How each preset reads the thesis.
PRESET_READINGS = {
    "thesis-mnist": "latents at a millionth of the decoder's rate, to the letter",
    "thesis-mnist-learned": "latents that learn",
    "thesis-cifar10": "the program's settings",
    "thesis-cifar10-text": "the text's settings",
}

MODELS = (
    ("fourier-generator", "as published (`fourier-generator`)"),
    ("series-generator", "ours (`series-generator`)"),
)
# What of the thesis can be read in two ways, and which of them was measured.
READINGS = {
    "fourier-generator": "λ weighs the latents against the sum of squared errors over pixels and "
    "images, as in the program; with the mean of the text they would weigh 784 (28×28, gray) or "
    "1,024 (32×32) times as much, which was not run",
}


def read_generation(root: pathlib.Path) -> dict[str, list[DistributionRow]]:
    """Rows of each data set."""
    return {data: read_distances(root / RESULTS / f"{data}.jsonl") for data in DATA}


def standard(rows: Iterable[DistributionRow]) -> list[DistributionRow]:
    """Samples of the runs of equal length with seed 0."""
    return [row for row in rows if row.compared == "samples" and row.source.name.endswith("-0")]


def best(
    rows: Iterable[DistributionRow], model: str, prior: str | None = None, but: str | None = None
) -> DistributionRow | None:
    """The smallest Fréchet distance of a model, of one prior or of all but one."""
    found = [
        row
        for row in rows
        if row.source.model == model
        and prior in (None, row.source.prior)
        and row.source.prior != but
    ]
    return min(found, key=lambda row: row.values["frechet"], default=None)


def judge(root: pathlib.Path) -> Sequence[Finding]:
    """Better than the autoencoder, stable; CIFAR-10 is judged beside its rows."""
    rows = read_generation(root)
    samples = {data: standard(rows[data]) for data in DATA}
    findings = [beats_vae(samples, model, preset) for model, preset in MODELS]
    return (*findings, *(stable(rows, model, preset) for model, preset in MODELS))


def found_files(root: pathlib.Path) -> list[pathlib.Path]:
    """All files of rows, also those of data sets that no page shows."""
    return sorted((root / RESULTS).glob("*.jsonl"))


def beats_vae(samples: dict[str, list[DistributionRow]], model: str, preset: str) -> Finding:
    """A model's best prior against the autoencoder's N(0, I), data set by data set."""
    told, outcomes, sets = [], [], []
    published = PUBLISHED_PRIORS.get(model)
    for data, rows in samples.items():
        own, other = best(rows, model, published), best(rows, "vae", "normal")
        if own and other:
            change = own.values["frechet"] / other.values["frechet"] - 1
            told.append(
                f"{data} {own.values['frechet']:.2f}{other_reading(rows, own)} against "
                f"{other.values['frechet']:.2f} ({100 * change:+.0f} %){fitted_prior(rows, own)}"
            )
            outcomes.append(change)
            sets.append(f"{data} (`{own.features}`)")
    wins = sum(change <= -MARGIN for change in outcomes)
    reading = f"; {READINGS[model]}" if told and model in READINGS else ""
    return Finding(
        claim="dfm-beats-vae",
        preset=preset,
        measured="Fréchet distance: " + "; ".join(told) + reading if told else "",
        data=", ".join(sets) or "none",
        verdict=share_that_does(wins, len(outcomes)),
        rule=f"Fréchet distance at least {100 * MARGIN:.0f} % below that of `vae` sampled from "
        "N(0, I), trained for the same time, on every data set measured: holds; on some: in "
        "part; on none: does not hold. What is as published is sampled from the prior that is "
        "published, N(0, σ² I) with the best of several σ; ours from its best one. Where a "
        "document can be read in two ways, the smaller distance counts. Runs with seed 0. CIFAR-10 "
        "has lines of its own.",
    )


def with_reading(title: str, row: DistributionRow) -> str:
    """A title, and how the thesis was read if the row is of one of its presets."""
    reading = PRESET_READINGS.get(row.source.preset or "")
    return f"{title}, {reading}" if reading else title


def other_reading(rows: Iterable[DistributionRow], own: DistributionRow) -> str:
    """Which reading of the thesis a row is of, and the distance in the other; "" with only one."""
    others = [row for row in rows if row.source.preset != own.source.preset]
    other = best(others, own.source.model or "", own.source.prior)
    if other is None or own.source.preset not in PRESET_READINGS:
        return ""
    readings = [PRESET_READINGS[row.source.preset or ""] for row in (own, other)]
    return f" with {readings[0]} ({other.values['frechet']:.2f} with {readings[1]})"


def fitted_prior(rows: Iterable[DistributionRow], own: DistributionRow) -> str:
    """The distance with the best prior that is not published; "" where all priors are ours."""
    model = own.source.model or ""
    published = PUBLISHED_PRIORS.get(model)
    if published is None:
        return ""
    other = best(rows, model, but=published)
    return f" [{other.values['frechet']:.2f} with a {other.source.prior} prior]" if other else ""


def stable(rows: dict[str, list[DistributionRow]], model: str, preset: str) -> Finding:
    """The spread of the distance over runs, relative to its mean; the autoencoder's beside it."""
    told, outcomes, sets = [], [], []
    for data, of_data in rows.items():
        own, other = spread(of_data, model), spread(of_data, "vae")
        if own:
            told.append(f"{100 * own[0]:.0f} % on {data} ({own[1]} runs)")
            told += [f"`vae` {100 * other[0]:.0f} % ({other[1]} runs)"] if other else []
            outcomes.append(own[0] <= STEADY)
            sets.append(data)
    reading = f"; {READINGS[model]}" if model in READINGS else ""
    return Finding(
        claim="dfm-stable",
        preset=preset,
        measured="generation: standard deviation of the Fréchet distance over its mean: "
        + ", ".join(told)
        + reading
        if told
        else "generation: no data set has two runs that differ in their seed only",
        data=", ".join(sets) or "none",
        verdict=share_that_does(sum(outcomes), len(outcomes)),
        rule="Standard deviation of the Fréchet distance over runs that differ in their seed only, "
        "all sampled with the prior and temperature that are best on average, at most "
        f"{100 * STEADY:.0f} % of the mean, on every data set with several runs: holds; on some: "
        "in part; on none: does not hold. With one run of each it is not measured.",
    )


Draw = tuple[str | None, str | None, float | None]  # preset, prior, temperature


def runs_by_draw(rows: Iterable[DistributionRow], model: str) -> dict[Draw, dict[str, float]]:
    """Fréchet distance of each run of a model, by how it was trained and sampled.

    A run is the name of what was trained, which ends in its seed: several draws from one run, at
    other temperatures or with other seeds of the samples, are not several runs.
    """
    groups: dict[Draw, dict[str, float]] = {}
    for row in rows:
        own = row.source
        if row.compared == "samples" and own.model == model and own.name[-1:].isdigit():
            runs = groups.setdefault((own.preset, own.prior, own.temperature), {})
            runs[own.name] = row.values["frechet"]
    return groups


def spread(rows: Iterable[DistributionRow], model: str) -> tuple[float, int] | None:
    """Of the draw with the smallest mean: standard deviation over mean, number of runs."""
    several = [list(runs.values()) for runs in runs_by_draw(rows, model).values() if len(runs) > 1]
    if not several:
        return None
    values = min(several, key=statistics.mean)
    return statistics.stdev(values) / statistics.mean(values), len(values)

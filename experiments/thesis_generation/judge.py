"""What the rows of generation say about the thesis's claims."""

import pathlib
import statistics
from collections.abc import Iterable, Sequence

from experiments.harness.item import Finding, share_that_does
from experiments.harness.published import MARGIN, against_published
from experiments.harness.rows import read_distances
from overtone.evaluate.distribution.rows import DistributionRow

DATA = ("mnist", "fashion-mnist", "photo32")
RESULTS = pathlib.Path("experiments/thesis_generation/rows")


STEADY = 0.2  # a spread over seeds of at most that share of the mean

MODELS = (
    ("fourier-generator", "as published (`fourier-generator`)"),
    ("series-generator", "ours (`series-generator`)"),
)


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
    """Better than the autoencoder, the published distance, stable."""
    rows = read_generation(root)
    samples = {data: standard(rows[data]) for data in DATA}
    findings = [beats_vae(samples, model, preset) for model, preset in MODELS]
    everything = [row for path in found_files(root) for row in read_distances(path)]
    for model, preset in MODELS[:1]:
        own = [row for row in everything if row.source.model == model]
        findings.append(against_published("dfm-fid", preset, own, {"cifar": "fid"}))
    return (*findings, *(stable(rows, model, preset) for model, preset in MODELS))


def found_files(root: pathlib.Path) -> list[pathlib.Path]:
    """All files of rows, also those of data sets that no page shows."""
    return sorted((root / RESULTS).glob("*.jsonl"))


def beats_vae(samples: dict[str, list[DistributionRow]], model: str, preset: str) -> Finding:
    """A model's best prior against the autoencoder's N(0, I), data set by data set."""
    told, outcomes, sets = [], [], []
    for data, rows in samples.items():
        own, other = best(rows, model), best(rows, "vae", "normal")
        if own and other:
            change = own.values["frechet"] / other.values["frechet"] - 1
            told.append(
                f"{data} {own.values['frechet']:.2f} against {other.values['frechet']:.2f} "
                f"({100 * change:+.0f} %)"
            )
            outcomes.append(change)
            sets.append(f"{data} (`{own.features}`)")
    wins = sum(change <= -MARGIN for change in outcomes)
    return Finding(
        claim="dfm-beats-vae",
        preset=preset,
        measured="Fréchet distance: " + "; ".join(told) if told else "",
        data=", ".join(sets) or "MNIST; photo32 for CIFAR-10, which is not here",
        verdict=share_that_does(wins, len(outcomes)),
        rule=f"Fréchet distance at least {100 * MARGIN:.0f} % below that of `vae` sampled from "
        "N(0, I), trained for the same time, on every data set measured: holds; on some: in "
        "part; on none: does not hold. photo32 stands for CIFAR-10, which is not among our data.",
    )


def stable(rows: dict[str, list[DistributionRow]], model: str, preset: str) -> Finding:
    """The spread of the distance over seeds, relative to its mean; the autoencoder's beside it."""
    told, outcomes, sets = [], [], []
    for data, of_data in rows.items():
        own, other = spread(of_data, model), spread(of_data, "vae")
        if own:
            told.append(f"{100 * own[0]:.0f} % on {data} ({own[1]} seeds)")
            told += [f"`vae` {100 * other[0]:.0f} % ({other[1]} seeds)"] if other else []
            outcomes.append(own[0] <= STEADY)
            sets.append(data)
    return Finding(
        claim="dfm-stable",
        preset=preset,
        measured="generation: standard deviation of the Fréchet distance over its mean: "
        + ", ".join(told)
        if told
        else "generation: one seed or none",
        data=", ".join(sets) or "none",
        verdict=share_that_does(sum(outcomes), len(outcomes)),
        rule="Standard deviation over seeds of the Fréchet distance, with the prior that is best "
        f"on average, at most {100 * STEADY:.0f} % of the mean, on every data set with several "
        "seeds: holds; on some: in part; on none: does not hold.",
    )


def spread(rows: Iterable[DistributionRow], model: str) -> tuple[float, int] | None:
    """Of the prior with the smallest mean: standard deviation over mean, number of seeds."""
    groups: dict[str | None, list[float]] = {}
    for row in rows:
        is_seed = row.compared == "samples" and row.source.name[-1:].isdigit()
        if is_seed and row.source.model == model:
            groups.setdefault(row.source.prior, []).append(row.values["frechet"])
    several = [values for values in groups.values() if len(values) > 1]
    if not several:
        return None
    values = min(several, key=statistics.mean)
    return statistics.stdev(values) / statistics.mean(values), len(values)

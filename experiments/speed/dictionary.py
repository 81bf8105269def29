"""Training a spectral dictionary: ours against plain gradient descent on the published form.

    python -m experiments.speed.dictionary DATA --run photo32 --core-minutes 20

All train in this one run by the same loop, on one thread each, one after the other: the published
form for `--core-minutes`, with and without its STFT term; ours as long as its preset says; and the
published form of the atoms by projection. Loss is the mean squared error of reconstructions of the
training images in [-1, 1]; it is measured exactly for the finished models, and the log has it
against processor time (batch means for gradient descent, exact for projections). The time of
projections includes summing up the second moments. Rows say when each reached the losses at which
the two descents ended, and what it ends at in the published loss, with the STFT term, which
projections do not see.
"""

import argparse
import json
import pathlib
import sys
from typing import Any

from experiments.harness.records import append_record
from experiments.harness.trials import Trial, add_arguments, train_trial
from experiments.spectral_dictionary.trials import (
    mean_squared_error,
    ours,
    projected_signal,
    published,
    published_loss,
    squared_only,
)
from overtone.data import ImageSet, load_images
from overtone.evaluate.provenance import provenance
from overtone.models.spectral_dictionary.model import SpectralDictionary
from overtone.models.store import load_model
from overtone.training.log import LOG_FILE, read_log

STFT_WEIGHT = 0.1  # of the published presets
NUM_POINTS = 40  # of a curve kept in a row
OUT = pathlib.Path("experiments/speed/rows/dictionary.jsonl")


def main() -> None:
    """Parse, train, print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="rows are added here")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("the folder of the data sets is needed")
    rows = []
    for data in arguments.run or ["photo32"]:
        baselines = [published(data), squared_only(data)]
        trials = [*baselines, ours(data), projected_signal(data)]
        for trial in trials:
            if not train_trial(trial, arguments):
                sys.exit("stopped; the same command goes on")
        images = load_images(str(arguments.data / data), split="train")
        rows += compare(trials, baselines, arguments.runs, images)
    print(f"{'run':>32} {'core-s':>8} {'loss':>9} {'published':>10}  times faster than")
    for row in rows:
        append_record(arguments.out, row)
        print(
            f"{row['name']:>32} {row['core_s']:8.1f} {row['mean_squared_error']:9.5f} "
            f"{row['published_loss']:10.5f}  {ratios(row)}"
        )
    print(json.dumps({row["name"]: row["speedup"] for row in rows}))


def ratios(row: dict[str, Any]) -> str:
    """How much faster the run reached the loss at which each baseline ended."""
    return ", ".join(
        f"{name} {'never' if ratio is None else f'{ratio:.1f}'}"
        for name, ratio in row["speedup"].items()
    )


def compare(
    trials: list[Trial], baselines: list[Trial], runs: pathlib.Path, images: ImageSet
) -> list[dict[str, Any]]:
    """A row a trial: its losses, and its time to the loss at which each baseline ended."""
    models, curves, errors = {}, {}, {}
    for trial in trials:
        name, model = trial.name, load_model(runs / trial.name)
        assert isinstance(model, SpectralDictionary)
        models[name], curve = model, curve_of(runs / name)
        errors[name] = mean_squared_error(model, images)
        curves[name] = [*curve[:-1], (curve[-1][0], errors[name])]
    reached = {
        name: {base.label: time_to(errors[base.name], curve) for base in baselines}
        for name, curve in curves.items()
    }
    rows = []
    for name, model in models.items():
        speedup = {}
        for base in baselines:
            slow, fast = reached[base.name][base.label], reached[name][base.label]
            speedup[base.label] = None if slow is None or fast is None else slow / fast
        curve = curves[name]
        rows.append(
            {
                "suite": "dictionary",
                "data": images.name,
                "name": name,
                "num_atoms": model.latent_dim,
                "num_threads": 1,
                "core_s": curve[-1][0],
                "mean_squared_error": errors[name],
                "published_loss": published_loss(model, images, STFT_WEIGHT),
                "core_s_to_loss": reached[name],
                "speedup": speedup,
                "curve": curve[:: max(1, len(curve) // NUM_POINTS)],
                **provenance(),
            }
        )
    return rows


def time_to(loss: float, curve: list[tuple[float, float]]) -> float | None:
    """Processor time, seconds, at the first point at or below a loss; None if there is none."""
    return next((seconds for seconds, found in curve if found <= loss), None)


def curve_of(folder: pathlib.Path) -> list[tuple[float, float]]:
    """Processor time, seconds, and mean squared error at each line of the log."""
    rows = read_log(folder / LOG_FILE)
    return [(r["core_s"], r["mean_squared_error"]) for r in rows if r["kind"] == "train"]


if __name__ == "__main__":
    main()

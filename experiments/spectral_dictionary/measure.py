"""Spectral dictionaries: the published form, with solving, ours, and the control, at equal K.

    python -m experiments.spectral_dictionary.measure DATA --run photo32 --feature-weights WEIGHTS
    python -m experiments.spectral_dictionary.measure DATA --stability
    python -m experiments.spectral_dictionary.measure --page

DATA is a folder with `mnist`, `fashion-mnist` and `photo32`. A trial is a run of `overtone train`
under `--runs`, which goes on where it was stopped and is shared with `speed/dictionary.py`, and
then rows of experiments/spectral_dictionary/rows/; what is there is skipped. Every trial has one
thread. Rows of the other models on the page are those of experiments/thesis_generation/rows/ and
experiments/dctransformer/rows/samples/.
"""

import argparse
import dataclasses
import sys
from typing import Any

from experiments.harness.rebuild import rebuild
from experiments.harness.records import append_record
from experiments.harness.rows import read_records
from experiments.harness.trials import (
    Trial,
    TrialOutput,
    add_arguments,
    measure_all,
    missing_draws,
    train_trial,
)
from experiments.spectral_dictionary.judge import RESULTS, STABILITY, STABILITY_FIELDS
from experiments.spectral_dictionary.page import IMAGES
from experiments.spectral_dictionary.tables import RECONSTRUCTION, RECONSTRUCTION_FIELDS
from experiments.spectral_dictionary.trials import (
    make_solved,
    ours,
    plane_waves,
    principal_components,
    projected_signal,
    published,
    reconstruction_row,
    solved,
)
from overtone.data import load_images
from overtone.errors import TrainError
from overtone.evaluate.provenance import provenance
from overtone.training.log import LOG_FILE, read_log
from overtone.training.run import train

OUTPUT = TrialOutput(
    RESULTS, IMAGES, with_floors=False
)  # experiments/thesis_generation/rows/ has the floors
SEEDS = range(10)
STABLE = {"published": published, "ours": ours}
LAST_STEPS = 100  # whose mean is the final loss


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--no-samples", action="store_true", help="only train and reconstruct")
    parser.add_argument("--stability", action="store_true", help="ten seeds of short runs")
    parser.add_argument("--short-minutes", type=float, default=0.5, help="core-minutes of these")
    arguments = parser.parse_args()
    if (arguments.run or arguments.stability) and arguments.data is None:
        parser.error("--run and --stability need the folder of the data sets")
    for data in arguments.run or []:
        run_all(data, arguments)
    if arguments.stability:
        measure_stability(arguments)
    if arguments.page:
        rebuild(["spectral-dictionary"])


def run_all(data: str, arguments: argparse.Namespace) -> None:
    """Every trial of a data set, the quick ones first."""
    source = str(arguments.data / data)
    training, held_out = (load_images(source, split=split) for split in ("train", "test"))
    done = {row["name"] for row in read_records(RECONSTRUCTION, RECONSTRUCTION_FIELDS)}
    makers = (principal_components, ours, plane_waves, projected_signal, published)
    for trial in (make(data) for make in makers):
        if arguments.only not in trial.name:
            continue
        measured = [trial, solved(trial)] if trial.label == "published" else [trial]
        to_draw = [
            each
            for each in measured
            if trial.model != "pca" and not arguments.no_samples and missing_draws(each, OUTPUT)
        ]
        to_reconstruct = [each for each in measured if each.name not in done]
        if not to_draw and not to_reconstruct:
            print(f"{trial.name}: all rows are there", flush=True)
            continue
        if not train_trial(trial, arguments):
            sys.exit("stopped; the same command goes on")
        if len(measured) > 1:
            make_solved(trial, arguments.runs, training)
        for each in to_reconstruct:
            print(f"{each.name}: reconstructing", flush=True)
            append_record(
                RECONSTRUCTION, reconstruction_row(each, arguments.runs, training, held_out)
            )
        for each in to_draw:
            measure_all(each, arguments, OUTPUT)


def measure_stability(arguments: argparse.Namespace) -> None:
    """Short runs of ten seeds on fashion-mnist, and the loss each ends at."""
    data = "fashion-mnist"
    done = {(row["label"], row["seed"]) for row in read_records(STABILITY, STABILITY_FIELDS)}
    vae = Trial(data, "vae", data, (("normal", 1.0),), label="vae")
    for trial in (vae, *(make(data) for make in STABLE.values())):
        for seed in SEEDS:
            if (trial.label, seed) not in done and arguments.only in trial.label:
                row = short_run(dataclasses.replace(trial, seed=seed), arguments)
                print(row["label"], seed, row["loss"], flush=True)
                append_record(STABILITY, row)


def short_run(trial: Trial, arguments: argparse.Namespace) -> dict[str, Any]:
    """The losses a seed ends at; a run that failed says why and has none."""
    folder = arguments.runs / f"stability-{trial.name}"
    settings = ["network.prior.fitted=[]", "network.prior.default=normal", "train.sample_every=0"]
    settings += [f"train.seed={trial.seed}", "train.num_threads=1", *trial.changes]
    if not trial.has_own_length:
        settings.append(f"train.core_minutes={arguments.short_minutes}")
    arguments.runs.mkdir(parents=True, exist_ok=True)
    failure, source = None, str(arguments.data / trial.data)
    is_going_on = (folder / "run.json").exists()
    try:
        if is_going_on:
            result = train(out=folder, resume=True)
        else:
            result = train(trial.model, source, out=folder, preset=trial.preset, settings=settings)
        if result.status == "stopped":
            sys.exit("stopped; the same command goes on")
    except TrainError as error:
        failure = str(error)
    rows = read_log(folder / LOG_FILE)
    ends = [row for row in rows if row["kind"] == "train"]
    last = [row["loss"] for row in ends if row["step"] > ends[-1]["step"] - LAST_STEPS]
    held_out = [row["loss"] for row in rows if row["kind"] == "held-out"]
    return {
        "data": trial.data,
        "label": trial.label,
        "model": trial.model,
        "preset": trial.preset,
        "seed": trial.seed,
        "core_s": ends[-1]["core_s"],
        "steps": ends[-1]["step"],
        "loss": None if failure else sum(last) / len(last),
        "held_out_loss": None if failure or not held_out else held_out[-1],
        "failure": failure,
        **provenance(),
    }


if __name__ == "__main__":
    main()

"""Trials that scripts share: a run of `overtone train`, measurements of its samples, a grid."""

import argparse
import dataclasses
import pathlib

import numpy as np

from overtone.bitstream.container import Metadata
from overtone.cli.progress import training_bar
from overtone.data import load_images
from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples
from overtone.evaluate.distribution.rows import (
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.evaluate.distribution.sample_source import draw, with_reconstruction
from overtone.imaging.image import Picture, picture_to_bytes, to_grid
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.models.store import MODEL_FILE
from overtone.shapes import UInt8
from overtone.training.run import train

NUM_SHOWN = 40  # samples in a grid, of the first prior measured
# The thesis draws from N(0, σ² I) with the σ that does best: these are σ over the root mean square
# of the latents, up to where samples only get worse.
SIGMA_RATIOS = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.5, 6.4, 9.0, 13.0, 0.7, 0.5)


@dataclasses.dataclass(frozen=True)
class TrialOutput:
    """Where a script keeps what it finds.

    Attributes:
        results: Folder of the rows, a file for each data set.
        images: Folder of the grids.
        with_floors: Whether real images are measured as well.
    """

    results: pathlib.Path
    images: pathlib.Path
    with_floors: bool = True


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run and what is measured of it.

    Attributes:
        data: Folder of the data.
        model: In the table of models.
        preset: Of the model.
        draws: Prior and temperature of each measurement; the first is the recipe's own.
        seed: Of training and samples.
        is_long: Trained for three times the time of the others.
        label: In the name of its run; the model's name by default.
        changes: Of the preset, besides what every trial changes.
        has_own_length: Trained as long as the preset says, not for the time of the others.
    """

    data: str
    model: str
    preset: str
    draws: tuple[tuple[str, float], ...]
    seed: int = 0
    is_long: bool = False
    label: str = ""
    changes: tuple[str, ...] = ()
    has_own_length: bool = False

    @property
    def name(self) -> str:
        """Of its run."""
        return f"{self.data}-{self.label or self.model}-{'long' if self.is_long else self.seed}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What every script that runs trials is told."""
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="folder of the data sets")
    parser.add_argument("--run", choices=["mnist", "fashion-mnist", "photo32"], action="append")
    parser.add_argument("--only", default="", help="trials whose name contains this")
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs"))
    parser.add_argument("--core-minutes", type=float, default=20.0, help="training of each")
    parser.add_argument("--feature-weights", help="file of efficientnet-lite0, for photo32")
    parser.add_argument("--cache", type=pathlib.Path, help="folder for features of real images")
    parser.add_argument("--page", action="store_true", help="write the page from the rows")


def run_trial(trial: Trial, arguments: argparse.Namespace, output: TrialOutput) -> bool:
    """Train, measure and draw what is not there yet; False if a signal stopped it."""
    if not missing_draws(trial, output):
        print(f"{trial.name}: all rows are there", flush=True)
        return True
    if not train_trial(trial, arguments):
        return False
    measure_all(trial, arguments, output)
    return True


def missing_draws(trial: Trial, output: TrialOutput) -> list[tuple[str, float]]:
    """Priors and temperatures of which there is no row yet."""
    done = {
        (row.source.name, row.source.prior, row.source.temperature)
        for row in read_distribution_rows(output.results / f"{trial.data}.jsonl")
    }
    return [draw for draw in trial.draws if (trial.name, *draw) not in done]


def train_trial(trial: Trial, arguments: argparse.Namespace) -> bool:
    """Train, or go on, unless it is done; False if a signal stopped it."""
    minutes = arguments.core_minutes * (3 if trial.is_long else 1)
    source, settings = str(arguments.data / trial.data), settings_of(trial, minutes)
    return train_run(arguments.runs / trial.name, trial.model, source, trial.preset, settings)


def train_run(
    folder: pathlib.Path, model: str, source: str, preset: str, settings: tuple[str, ...]
) -> bool:
    """Train, or go on where the folder has a run, unless it is done; False if stopped."""
    if (folder / MODEL_FILE).exists():
        return True
    is_going_on = (folder / "run.json").exists()
    folder.parent.mkdir(parents=True, exist_ok=True)
    print(f"{folder.name}: training", flush=True)
    with training_bar() as progress:
        result = train(
            None if is_going_on else model,
            None if is_going_on else source,
            out=folder,
            preset=None if is_going_on else preset,
            settings=() if is_going_on else settings,
            resume=is_going_on,
            progress=progress,
        )
    return result.status != "stopped"


def settings_of(trial: Trial, minutes: float) -> tuple[str, ...]:
    """What a trial changes of its preset."""
    kinds = ", ".join(f'"{kind}"' for kind in sorted({k for k, _ in trial.draws} - {"normal"}))
    settings = [f"network.prior.fitted=[{kinds}]", f"train.seed={trial.seed}"]
    if trial.draws[0][0] != "normal":
        settings.append(f"network.prior.default={trial.draws[0][0]}")
    if not trial.has_own_length:
        settings += ["train.num_threads=1", f"train.core_minutes={minutes}"]
    return (*settings, *trial.changes)


def measure_all(trial: Trial, arguments: argparse.Namespace, output: TrialOutput) -> None:
    """A row for each prior that has none yet, and a grid of samples."""
    folder = arguments.runs / trial.name
    path = output.results / f"{trial.data}.jsonl"
    reference_set = reference_set_of(str(arguments.data / trial.data), arguments)
    for prior, temperature in missing_draws(trial, output):
        print(f"{trial.name}: measuring {prior}, temperature {temperature}", flush=True)
        drawn = draw(
            str(folder),
            len(reference_set.images),
            seed=trial.seed,
            prior=prior,
            temperature=temperature,
        )
        # The floors are the same for all samples of a set of data.
        with_floors = output.with_floors and not has_floors(path)
        rows = measure_samples(
            drawn.images, reference_set, source=drawn.source, with_floors=with_floors
        )
        rows[0] = with_reconstruction(rows[0], drawn.model, reference_set.images, seed=trial.seed)
        if (prior, temperature) == trial.draws[0] and trial.seed == 0:
            write_grid(output.images / f"{trial.name}.png", drawn.images[:NUM_SHOWN])
        append_distribution_rows(path, rows)


def write_grid(
    path: pathlib.Path, images: UInt8[np.ndarray, "n h w c"], num_columns: int = 10
) -> None:
    """Pictures of one size side by side, as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = to_grid(images, num_columns=num_columns, margin_px=2)
    path.write_bytes(picture_to_bytes(Picture(grid, Metadata()), ".png"))


def reference_set_of(source: str, arguments: argparse.Namespace) -> ReferenceSet:
    """The held-out images as the reference; as many of the training set as the other split."""
    reference, others = load_images(source, split="test"), load_images(source, split="train")
    is_gray = reference.images.shape[3] == 1
    name = "gray28" if is_gray else "efficientnet-lite0"
    network = get_feature_network(name, None if is_gray else arguments.feature_weights)
    return ReferenceSet(
        network=network, images=reference, other_split=others, cache=arguments.cache
    )


def has_floors(path: pathlib.Path) -> bool:
    """Whether real images have been measured for this file."""
    return any(row.compared != "samples" for row in read_distribution_rows(path))

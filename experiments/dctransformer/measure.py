"""The DCTransformer: what its representation loses, what its lists cost, what it draws.

    python -m experiments.dctransformer.measure DATA --ceiling fashion-mnist
    python -m experiments.dctransformer.measure DATA --run likelihood --core-minutes 240
    python -m experiments.dctransformer.measure DATA --run draw-mnist draw-fashion-mnist
    python -m experiments.dctransformer.measure DATA --run colorize upscale --feature-weights FILE
    python -m experiments.dctransformer.measure --page

DATA is a folder with `mnist`, `fashion-mnist`, `photo32`, `cifar10`. `--ceiling` compares held-out
images with themselves after quantisation, for each block size and quality. `--baselines` codes
held-out lists without a network. `--run` trains a preset under `--runs` (it goes on where it was
stopped) and measures it: what held-out lists cost, the distance of samples, or how near colours and
detail come to those of held-out pictures. Rows go to experiments/dctransformer/rows/; what is there
is skipped. `--page` writes the page docs/reproduction/dctransformer.md.
"""

import argparse
import dataclasses
import pathlib
import sys
from typing import Any

from experiments.dctransformer.likelihood import (
    OTHER_QUALITIES,
    baseline_rows,
    likelihood_name,
    model_row,
    nats_rows,
    read_rows,
    replace_rows,
    write_rows,
)
from experiments.dctransformer.places import (
    CEILING,
    IMAGES,
    LIKELIHOOD,
    SAMPLES,
    TRAINING,
)
from experiments.dctransformer.tasks import measure_task, missing_of_task, paired_rows
from experiments.harness.rebuild import rebuild
from experiments.harness.trials import NUM_SHOWN, reference_set_of, train_run, write_grid
from overtone.cli.progress import progress_bar
from overtone.evaluate.distribution.measure import measure_samples
from overtone.evaluate.distribution.rows import (
    SampleSource,
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.evaluate.distribution.sample_source import draw
from overtone.transform.levels import Sampling, from_levels, to_levels
from overtone.transform.quant import q_table

QUALITIES = (20, 35, 50, 75, 90)
BLOCK_SIZES = (4, 8)
NUM_SAMPLES = 10_000
DATA = ("mnist", "fashion-mnist", "photo32", "cifar10")


@dataclasses.dataclass(frozen=True)
class DctTrial:
    """One run and what is measured of it.

    Attributes:
        data: Folder of the data.
        preset: Of the model.
        measures: Of "likelihood", "samples", "colorize", "upscale".
    """

    data: str
    preset: str
    measures: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of its run."""
        return f"{self.data}-dct-transformer-{self.preset}"


TRIALS = {
    "likelihood": DctTrial("fashion-mnist", "fashion-mnist", ("likelihood",)),
    "draw-mnist": DctTrial("mnist", "mnist-b4", ("likelihood", "samples")),
    "draw-fashion-mnist": DctTrial("fashion-mnist", "fashion-mnist-b4", ("likelihood", "samples")),
    # experiments/cifar10 draws and measures their samples, beside those of the other systems.
    "cifar10-b4": DctTrial("cifar10", "cifar10-b4", ("likelihood",)),
    "cifar10-b8": DctTrial("cifar10", "cifar10-b8", ("likelihood",)),
    "draw-photo32": DctTrial("photo32", "photo32-b4", ("likelihood", "samples")),
    "colorize": DctTrial("photo32", "photo32-colorize", ("colorize",)),
    "upscale": DctTrial("photo32", "photo32-upscale", ("upscale",)),
}


def main() -> None:
    """Parses the command line and does what is asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="folder of the data sets")
    parser.add_argument("--ceiling", choices=DATA, nargs="+", default=[])
    parser.add_argument("--baselines", choices=DATA, nargs="+", default=[])
    parser.add_argument("--run", choices=sorted(TRIALS), nargs="+", default=[])
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs"))
    parser.add_argument("--core-minutes", type=float, default=20.0, help="training of each")
    parser.add_argument("--num-threads", type=int, default=1)
    parser.add_argument("--num-samples", type=int, default=NUM_SAMPLES)
    parser.add_argument("--feature-weights", help="file of efficientnet-lite0, for colour")
    parser.add_argument("--cache", type=pathlib.Path, help="folder for features of real images")
    parser.add_argument("--page", action="store_true", help="write the page from the rows")
    arguments = parser.parse_args()
    if (arguments.ceiling or arguments.baselines or arguments.run) and arguments.data is None:
        parser.error("the folder of the data sets is needed")
    for data in arguments.ceiling:
        ceiling(data, arguments)
    for data in arguments.baselines:
        path = LIKELIHOOD / f"{data}.jsonl"
        done = {row["coder"] for row in read_rows(path)}
        for row in baseline_rows(arguments.data / data, data, done):
            write_rows(path, [row])
    for name in arguments.run:
        if not run(TRIALS[name], arguments):
            sys.exit("stopped; the same command goes on")
    if arguments.page:
        rebuild(["dctransformer"])


def ceiling(data: str, arguments: argparse.Namespace) -> None:
    """Held-out images against themselves after quantisation: no model can be nearer."""
    path = CEILING / f"{data}.jsonl"
    done = {row.source.name for row in read_distribution_rows(path)}
    reference_set = reference_set_of(str(arguments.data / data), arguments)
    images = reference_set.images.images
    _, height, width, channels = images.shape
    qualities = (OTHER_QUALITIES[data],) if data in OTHER_QUALITIES else QUALITIES
    for size in BLOCK_SIZES:
        for quality in qualities:
            name = f"blocks of {size}, quality {quality}"
            if name in done:
                continue
            tables = [q_table(size, quality, is_chroma=c > 0) for c in range(channels)]
            sampling = Sampling(height, width, channels, block_size=size)
            again = from_levels(to_levels(images, tables, size), tables, sampling)
            rows = paired_rows(again, reference_set, SampleSource(name=name), with_floors=not done)
            append_distribution_rows(path, rows)
            done.add(name)
            print(f"{data}, {name}: {rows[0].values['frechet']:.3f}", flush=True)


def run(trial: DctTrial, arguments: argparse.Namespace) -> bool:
    """Train, then measure what is asked and not there; False if a signal stopped it."""
    missing = [measured for measured in trial.measures if not is_there(measured, trial)]
    if not missing:
        print(f"{trial.name}: all rows are there", flush=True)
        return True
    folder = arguments.runs / trial.name
    source = str(arguments.data / trial.data)
    settings = (
        f"train.core_minutes={arguments.core_minutes}",
        f"train.num_threads={arguments.num_threads}",
    )
    if not train_run(folder, "dct-transformer", source, trial.preset, settings):
        return False
    write_training(TRAINING / f"{trial.name}.jsonl", nats_rows(folder))
    for measured in missing:
        print(f"{trial.name}: {measured}", flush=True)
        if measured == "likelihood":
            likelihood(trial, folder, arguments)
        elif measured == "samples":
            samples(trial, folder, arguments)
        else:
            measure_task(measured, folder, reference_set_of(source, arguments))
    return True


def is_there(measured: str, trial: DctTrial) -> bool:
    """Whether all rows of a measurement are."""
    if measured == "likelihood":
        rows = read_rows(LIKELIHOOD / f"{trial.data}.jsonl")
        return any(row["coder"] == likelihood_name(trial.preset) for row in rows)
    if measured == "samples":
        rows = read_distribution_rows(SAMPLES / f"{trial.data}.jsonl")
        return any(row.source.name == trial.name for row in rows)
    return not missing_of_task(measured, trial.name)


def write_training(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """The rows of a run, unless they are there: these name the commit that trained it."""
    known = {(row["step"], row["core_s"]) for row in read_rows(path)}
    if (rows[-1]["step"], rows[-1]["core_s"]) not in known:
        replace_rows(path, rows)


def likelihood(trial: DctTrial, folder: pathlib.Path, arguments: argparse.Namespace) -> None:
    """The row of the trained network."""
    row = model_row(folder, arguments.data / trial.data, trial.data)
    write_rows(LIKELIHOOD / f"{trial.data}.jsonl", [row])


def samples(trial: DctTrial, folder: pathlib.Path, arguments: argparse.Namespace) -> None:
    """The row of its samples, and a grid of them."""
    path = SAMPLES / f"{trial.data}.jsonl"
    reference_set = reference_set_of(str(arguments.data / trial.data), arguments)
    count = min(arguments.num_samples, len(reference_set.images))
    with progress_bar(f"{trial.name}: drawing") as progress:
        drawn = draw(str(folder), count, seed=0, progress=progress)
    write_grid(IMAGES / f"{trial.name}.png", drawn.images[:NUM_SHOWN])
    # What real images score is among the rows of the other generators, on equal counts.
    append_distribution_rows(
        path, measure_samples(drawn.images, reference_set, source=drawn.source, with_floors=False)
    )


if __name__ == "__main__":
    main()

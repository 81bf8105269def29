"""The thesis's generator, ours, the variational autoencoder and the controls at equal cost.

    python benchmarks/reproduce_generation.py DATA --run mnist --core-minutes 20
    python benchmarks/reproduce_generation.py DATA --run photo32 --feature-weights WEIGHTS
    python benchmarks/reproduce_generation.py --page

DATA is a folder with `mnist`, `fashion-mnist` and `photo32`. Each trial is a run of `overtone
train` under `--runs`, which goes on where it was stopped, and then some measurements, which are
rows of results/generation/; what is there is skipped. Every trial has one thread, so that as many
as there are processors can run side by side: `--only vae` in one process, `--only series` in
another.
"""

import argparse
import dataclasses
import pathlib
import sys

from overtone.bitstream.container import Metadata
from overtone.cli.progress import progress_bar
from overtone.data import load_images
from overtone.evaluate.distribution import Ruler, measure
from overtone.evaluate.distribution_rows import (
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.evaluate.subjects import draw, with_reconstruction
from overtone.image import Picture, picture_to_bytes, to_grid
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.models.store import MODEL_FILE
from overtone.reproduction.dfm_generation import IMAGES
from overtone.reproduction.generation_claims import RESULTS
from overtone.reproduction.rebuild import rebuild
from overtone.training.run import train

NUM_SHOWN = 40  # samples in a grid, of the first prior measured


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
    """

    data: str
    model: str
    preset: str
    draws: tuple[tuple[str, float], ...]
    seed: int = 0
    is_long: bool = False

    @property
    def name(self) -> str:
        """Of its run."""
        return f"{self.data}-{self.model}-{'long' if self.is_long else self.seed}"


def trials_of(data: str) -> list[Trial]:
    """All trials on one data set, the quick ones first."""
    thesis = "thesis-cifar10" if data == "photo32" else "thesis-mnist"
    # The thesis draws from N(0, s² I) with the s that does best; here s is a multiple of the
    # latents' root mean square.
    sweep = tuple(("isotropic", t) for t in (1.0, 0.85, 0.7, 0.5))
    ours = (("flow", 1.0), ("mixture", 1.0), ("gaussian", 1.0))
    vae = (("normal", 1.0), ("flow", 1.0), ("mixture", 1.0))
    seeds = range(3) if data == "fashion-mnist" else range(1)
    return [
        Trial(data, "pca", data, (("gaussian", 1.0), ("mixture", 1.0))),
        *(Trial(data, "series-generator", data, ours, seed) for seed in seeds),
        *(Trial(data, "vae", data, vae, seed) for seed in seeds),
        Trial(data, "fourier-generator", thesis, (*sweep, ("mixture", 1.0))),
        *([Trial(data, "series-generator", data, ours, 0, True)] if len(seeds) == 3 else []),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Generation at equal cost.")
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="folder of the data sets")
    parser.add_argument("--run", choices=["mnist", "fashion-mnist", "photo32"], action="append")
    parser.add_argument("--only", default="", help="trials whose name contains this")
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs"))
    parser.add_argument("--core-minutes", type=float, default=20.0, help="training of each")
    parser.add_argument("--feature-weights", help="file of efficientnet-lite0, for photo32")
    parser.add_argument("--cache", type=pathlib.Path, help="folder for features of real images")
    parser.add_argument("--page", action="store_true", help="write the page from the rows")
    arguments = parser.parse_args()
    if arguments.run and arguments.data is None:
        parser.error("--run needs the folder of the data sets")
    for data in arguments.run or []:
        for trial in trials_of(data):
            if arguments.only in trial.name and not run(trial, arguments):
                sys.exit("stopped; the same command goes on")
    if arguments.page:
        rebuild(["dfm-generation"])


def run(trial: Trial, arguments: argparse.Namespace) -> bool:
    """Train, measure and draw what is not there yet; False if a signal stopped it."""
    folder = arguments.runs / trial.name
    source = str(arguments.data / trial.data)
    if not (folder / MODEL_FILE).exists():
        is_going_on = (folder / "run.json").exists()
        minutes = arguments.core_minutes * (3 if trial.is_long else 1)
        settings = settings_of(trial, minutes)
        print(f"{trial.name}: training", flush=True)
        with progress_bar(trial.name) as progress:
            result = train(
                None if is_going_on else trial.model,
                None if is_going_on else source,
                out=folder,
                preset=None if is_going_on else trial.preset,
                settings=() if is_going_on else settings,
                resume=is_going_on,
                progress=progress,
            )
        if result.status == "stopped":
            return False
    measure_all(trial, folder, source, arguments)
    return True


def settings_of(trial: Trial, minutes: float) -> tuple[str, ...]:
    """What a trial changes of its preset."""
    kinds = ", ".join(f'"{kind}"' for kind in sorted({k for k, _ in trial.draws} - {"normal"}))
    settings = [f"network.prior.fitted=[{kinds}]", f"train.seed={trial.seed}"]
    if trial.draws[0][0] != "normal":
        settings.append(f"network.prior.default={trial.draws[0][0]}")
    if trial.model != "pca":
        settings += ["train.num_threads=1", f"train.core_minutes={minutes}"]
    if trial.model == "fourier-generator":
        # That its samples are all alike is a result, not a reason to stop.
        settings.append("train.sample_every=0")
    return tuple(settings)


def measure_all(
    trial: Trial, folder: pathlib.Path, source: str, arguments: argparse.Namespace
) -> None:
    """A row for each prior that has none yet, and a grid of samples."""
    path = RESULTS / f"{trial.data}.jsonl"
    done = {
        (r.subject.name, r.subject.prior, r.subject.temperature)
        for r in read_distribution_rows(path)
    }
    ruler = None
    for number, (prior, temperature) in enumerate(trial.draws):
        if (trial.name, prior, temperature) in done:
            continue
        ruler = ruler or ruler_of(source, arguments)
        print(f"{trial.name}: measuring {prior}, temperature {temperature}", flush=True)
        drawn = draw(
            str(folder),
            len(ruler.reference),
            seed=trial.seed,
            prior=prior,
            temperature=temperature,
        )
        # The floors are the same for all samples of a set of data.
        rows = measure(drawn.images, ruler, subject=drawn.subject, with_floors=not has_floors(path))
        rows[0] = with_reconstruction(rows[0], drawn.model, ruler.reference, seed=trial.seed)
        if number == 0 and trial.seed == 0:
            IMAGES.mkdir(parents=True, exist_ok=True)
            grid = to_grid(drawn.images[:NUM_SHOWN], num_columns=10, margin_px=2)
            path_of_grid = IMAGES / f"{trial.name}.png"
            path_of_grid.write_bytes(picture_to_bytes(Picture(grid, Metadata()), ".png"))
        append_distribution_rows(path, rows)


def ruler_of(source: str, arguments: argparse.Namespace) -> Ruler:
    """The held-out images as the reference; as many of the training set as the other split."""
    reference, others = load_images(source, split="test"), load_images(source, split="train")
    is_gray = reference.images.shape[3] == 1
    name = "gray28" if is_gray else "efficientnet-lite0"
    network = get_feature_network(name, None if is_gray else arguments.feature_weights)
    return Ruler(network=network, reference=reference, other_split=others, cache=arguments.cache)


def has_floors(path: pathlib.Path) -> bool:
    """Whether real images have been measured for this file."""
    return any(row.compared != "samples" for row in read_distribution_rows(path))


if __name__ == "__main__":
    main()

"""All systems on CIFAR-10, measured with two feature networks.

    python -m experiments.cifar10.measure DATA --runs runs --feature-weights WEIGHTS --cache CACHE
    python -m experiments.cifar10.measure DATA --only vae --train-only
    python -m experiments.cifar10.measure DATA --floors
    python -m experiments.cifar10.measure --page

DATA is a folder with `cifar10` (train/CLASS, test/CLASS). A trial is a run of `overtone train`,
runs/cifar10-<label>-<seed>, which goes on where it was stopped; one that is finished there already
is measured as it is, and with `--measure-only` nothing is trained. Rows go to
experiments/cifar10/rows/, a file for each feature network; what is there is skipped. The small
network measures every way of drawing, the large one all of the autoencoder's and of the others'
(σ of a sweep, priors, guidance) the one that is best by the small one.
"""

import argparse
import dataclasses
import pathlib
import sys

import numpy as np
from PIL import Image, ImageFilter

from experiments.cifar10.judge import FAST, NETWORKS, RESULTS
from experiments.cifar10.kinds import DATA, KINDS, PLAIN, Draw, Kind
from experiments.cifar10.page import IMAGES
from experiments.harness.rebuild import rebuild
from experiments.harness.trials import train_run, write_grid
from overtone.data import ImageSet, load_images
from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples
from overtone.evaluate.distribution.rows import (
    DistributionRow,
    SampleSource,
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.evaluate.distribution.sample_source import (
    Conditioning,
    Drawn,
    draw,
    with_reconstruction,
)
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.models.store import MODEL_FILE
from overtone.shapes import UInt8

NUM_NEAREST = 5000  # of each set, for precision, recall and coverage
NUM_SHOWN = 64
BLURS = (0.5, 1.0)  # σ in pixels


def main() -> None:
    arguments = parse()
    if arguments.data is not None:
        source = str(arguments.data / DATA)
        if arguments.floors:
            measure_floors(source, arguments)
        else:
            for trial in trials():
                if arguments.only in trial.name and not run(trial, source, arguments):
                    sys.exit("stopped; the same command goes on")
    if arguments.page:
        rebuild(["cifar10"])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="folder with cifar10")
    parser.add_argument("--only", default="", help="trials whose name contains this")
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs"))
    parser.add_argument("--floors", action="store_true", help="measure real pictures only")
    parser.add_argument("--train-only", action="store_true", help="do not measure")
    parser.add_argument("--measure-only", action="store_true", help="measure finished runs only")
    parser.add_argument("--features", choices=NETWORKS, help="with this network only")
    parser.add_argument("--feature-weights", help="file of efficientnet-lite0")
    parser.add_argument("--cache", type=pathlib.Path, help="folder for features of real images")
    parser.add_argument("--page", action="store_true", help="write the page from the rows")
    arguments = parser.parse_args()
    if arguments.data is None and not arguments.page:
        parser.error("the folder of the data sets is needed to measure")
    return arguments


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run of a kind."""

    label: str
    seed: int

    @property
    def kind(self) -> Kind:
        """What it is a run of."""
        return KINDS[self.label]

    @property
    def name(self) -> str:
        """Of its folder and in its rows."""
        return f"{DATA}-{self.label}-{self.seed}"


def trials() -> list[Trial]:
    """Every run, in the order of the kinds."""
    return [Trial(label, seed) for label, kind in KINDS.items() for seed in range(kind.num_seeds)]


def run(trial: Trial, source: str, arguments: argparse.Namespace) -> bool:
    """Trains and measures what is not there yet; False if a signal stopped it."""
    folder = arguments.runs / trial.name
    if arguments.measure_only and not (folder / MODEL_FILE).exists():
        print(f"{trial.name}: no finished run in {folder}", flush=True)
        return True
    kind = trial.kind
    settings = (f"train.seed={trial.seed}", "train.num_threads=1", *kind.changes)
    if not train_run(folder, kind.model, source, kind.preset, settings):
        return False
    if not arguments.train_only:
        measure(trial, source, arguments)
    return True


def measure(trial: Trial, source: str, arguments: argparse.Namespace) -> None:
    """Rows of the draws that have none, with each network, and a grid of samples."""
    reference, drawn = None, {}
    for name in networks(arguments):
        wanted = missing(trial, name)
        if not wanted:
            print(f"{trial.name}: all rows with {name} are there", flush=True)
            continue
        reference = reference or load_images(source, split="test")
        against = reference_set(name, reference, None, arguments)
        for each in wanted:
            print(f"{trial.name}: measuring {tuple(each)} with {name}", flush=True)
            if each not in drawn:
                drawn[each] = draw_from(trial, each, len(reference), arguments.runs)
            append_distribution_rows(path_of(name), [row_of(trial, drawn[each], against)])


def networks(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The feature networks to measure with, the fast one first."""
    return (arguments.features,) if arguments.features else NETWORKS


def path_of(network: str) -> pathlib.Path:
    """The file of rows that were measured with a network."""
    return RESULTS / f"{network}.jsonl"


def missing(trial: Trial, network: str) -> list[Draw]:
    """Draws of a run that a network is to measure and has not."""
    rows, kind = rows_of(trial, network), trial.kind
    draws = (*kind.draws, *kind.asides) if network == FAST else counting(trial)
    return [each for each in draws if not any(is_of(row, each) for row in rows)]


def rows_of(trial: Trial, network: str) -> list[DistributionRow]:
    """The rows of a run."""
    return [
        row
        for row in read_distribution_rows(path_of(network))
        if row.compared == "samples" and row.source.name == trial.name
    ]


def is_of(row: DistributionRow, drawn: Draw) -> bool:
    """Whether a row is of a draw; without a name it is of the model's own prior."""
    same = drawn.prior is None or row.source.prior == drawn.prior
    return same and (row.source.temperature, row.source.guidance) == drawn[1:]


def counting(trial: Trial) -> tuple[Draw, ...]:
    """The draws that the slow network measures; none while the fast one has not chosen."""
    draws = trial.kind.draws
    if len(draws) == 1 or draws[0].prior == PLAIN:
        return draws
    rows = rows_of(trial, FAST)
    found = [(row.values["frechet"], each) for each in draws for row in rows if is_of(row, each)]
    return (min(found)[1],) if len(found) == len(draws) else ()


def draw_from(trial: Trial, drawn: Draw, count: int, runs: pathlib.Path) -> Drawn:
    """Samples of a run; those of the first draw of seed 0 become a grid."""
    found = draw(
        str(runs / trial.name),
        count,
        seed=trial.seed,
        prior=drawn.prior,
        temperature=drawn.temperature,
        conditioning=Conditioning(guidance=drawn.guidance),
    )
    if drawn == trial.kind.draws[0] and trial.seed == 0:
        write_grid(IMAGES / f"{trial.name}.png", found.images[:NUM_SHOWN], num_columns=16)
    return found


def row_of(trial: Trial, drawn: Drawn, against: ReferenceSet) -> DistributionRow:
    """One measurement, with the PSNR of reconstructions where the model has any."""
    source = dataclasses.replace(drawn.source, name=trial.name)
    (row,) = measure_samples(drawn.images, against, source=source, with_floors=False)
    return with_reconstruction(row, drawn.model, against.images, seed=trial.seed)


def reference_set(
    network: str, images: ImageSet, others: ImageSet | None, arguments: argparse.Namespace
) -> ReferenceSet:
    """The test images as a network sees them."""
    weights = None if network == FAST else arguments.feature_weights
    return ReferenceSet(
        network=get_feature_network(network, weights),
        images=images,
        other_split=others,
        num_nearest=NUM_NEAREST,
        cache=arguments.cache,
    )


def measure_floors(source: str, arguments: argparse.Namespace) -> None:
    """Real pictures: halves, training pictures, JPEG again, and blurred ones as samples."""
    reference, others = (load_images(source, split=split) for split in ("test", "train"))
    for name in networks(arguments):
        rows = read_distribution_rows(path_of(name))
        against = reference_set(name, reference, others, arguments)
        for sigma in BLURS:
            blurred = SampleSource(name=f"blur-{sigma:g}")
            if any(row.source.name == blurred.name for row in rows):
                continue
            print(f"real pictures with {name}, blurred by {sigma:g} px", flush=True)
            with_floors = sigma == BLURS[0]
            images = blur(reference.images, sigma)
            found = measure_samples(images, against, source=blurred, with_floors=with_floors)
            append_distribution_rows(path_of(name), found)


def blur(images: UInt8[np.ndarray, "n h w c"], sigma_px: float) -> UInt8[np.ndarray, "n h w c"]:
    """Each picture through a Gaussian filter."""
    kernel = ImageFilter.GaussianBlur(sigma_px)
    return np.stack([np.asarray(Image.fromarray(image).filter(kernel)) for image in images])


if __name__ == "__main__":
    main()

"""The DCTransformer: what its representation loses, what its lists cost, what it draws.

    python benchmarks/reproduce_dctransformer.py DATA --ceiling fashion-mnist
    python benchmarks/reproduce_dctransformer.py DATA --run fashion-mnist --core-minutes 240
    python benchmarks/reproduce_dctransformer.py --page

DATA is a folder with `mnist`, `fashion-mnist` and `photo32`. `--ceiling` compares held-out images
with themselves after quantisation, for each block size and quality. `--baselines` codes held-out
lists without a network. `--run` trains the preset of that name under `--runs` (it goes on where it
was stopped) and measures the likelihood of held-out images and the distance of samples. Rows go to
results/dctransformer/; what is there is skipped. `--page` writes the page
docs/reproduction/dctransformer.md.
"""

import argparse
import dataclasses
import pathlib
import sys

from dctransformer_likelihood import baseline_rows, model_row, read_rows, write_rows
from dctransformer_page import CEILING, LIKELIHOOD, SAMPLES, write_page
from reproduce_generation import ruler_of

from overtone.cli.progress import progress_bar
from overtone.evaluate.distribution import measure
from overtone.evaluate.distribution_rows import (
    Subject,
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.evaluate.subjects import draw
from overtone.metrics.psnr import psnr_db_from_mse
from overtone.models.store import MODEL_FILE
from overtone.training.run import train
from overtone.transform.levels import Sampling, from_levels, to_levels
from overtone.transform.quant import q_table

QUALITIES = (20, 35, 50, 75, 90)
BLOCK_SIZES = (4, 8)
NUM_SAMPLES = 10_000
PRESETS = {"mnist": "mnist", "fashion-mnist": "fashion-mnist", "photo32": "photo32"}


def main() -> None:
    """Parses the command line and does what is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="folder of the data sets")
    for name in ("ceiling", "baselines", "run"):
        parser.add_argument(f"--{name}", choices=sorted(PRESETS), action="append", default=[])
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs"))
    parser.add_argument("--core-minutes", type=float, default=240.0, help="training of each")
    parser.add_argument("--num-threads", type=int, default=2)
    parser.add_argument("--num-samples", type=int, default=NUM_SAMPLES)
    parser.add_argument("--feature-weights", help="file of efficientnet-lite0, for photo32")
    parser.add_argument("--cache", type=pathlib.Path, help="folder for features of real images")
    parser.add_argument("--page", action="store_true", help="write the page from the rows")
    arguments = parser.parse_args()
    if (arguments.ceiling or arguments.baselines or arguments.run) and arguments.data is None:
        parser.error("the folder of the data sets is needed")
    for data in arguments.ceiling:
        ceiling(data, arguments)
    for data in arguments.baselines:
        write_rows(LIKELIHOOD / f"{data}.jsonl", baseline_rows(arguments.data / data, data))
    for data in arguments.run:
        if not run(data, arguments):
            sys.exit("stopped; the same command goes on")
    if arguments.page:
        write_page()


def ceiling(data: str, arguments: argparse.Namespace) -> None:
    """Held-out images against themselves after quantisation: no model can be nearer."""
    path = CEILING / f"{data}.jsonl"
    done = {row.subject.name for row in read_distribution_rows(path)}
    ruler = ruler_of(str(arguments.data / data), arguments)
    images = ruler.reference.images
    _, height, width, channels = images.shape
    for size in BLOCK_SIZES:
        for quality in QUALITIES:
            name = f"blocks of {size}, quality {quality}"
            if name in done:
                continue
            tables = [q_table(size, quality, is_chroma=c > 0) for c in range(channels)]
            sampling = Sampling(height, width, channels, block_size=size)
            again = from_levels(to_levels(images, tables, size), tables, sampling)
            error = float(((again.astype(float) - images) ** 2).mean())
            rows = measure(again, ruler, subject=Subject(name=name), with_floors=not done)
            rows[0] = dataclasses.replace(
                rows[0],
                reconstruction_psnr_db=psnr_db_from_mse(error),
                num_reconstructed=len(images),
            )
            append_distribution_rows(path, rows)
            done.add(name)
            print(f"{data}, {name}: {rows[0].values['frechet']:.3f}", flush=True)


def run(data: str, arguments: argparse.Namespace) -> bool:
    """Train, then measure likelihood and samples; False if a signal stopped it."""
    folder = arguments.runs / f"{data}-dct-transformer"
    source = str(arguments.data / data)
    if not (folder / MODEL_FILE).exists():
        is_going_on = (folder / "run.json").exists()
        settings = (
            f"train.core_minutes={arguments.core_minutes}",
            f"train.num_threads={arguments.num_threads}",
        )
        with progress_bar(f"{data}-dct-transformer") as progress:
            result = train(
                None if is_going_on else "dct-transformer",
                None if is_going_on else source,
                out=folder,
                preset=None if is_going_on else PRESETS[data],
                settings=() if is_going_on else settings,
                resume=is_going_on,
                progress=progress,
            )
        if result.status == "stopped":
            return False
    path = LIKELIHOOD / f"{data}.jsonl"
    if not any(row["coder"] == "dct-transformer" for row in read_rows(path)):
        write_rows(path, [model_row(folder, arguments.data / data, data)])
    path = SAMPLES / f"{data}.jsonl"
    if not read_distribution_rows(path):
        ruler = ruler_of(source, arguments)
        count = min(arguments.num_samples, len(ruler.reference))
        with progress_bar(f"{data}: drawing") as progress:
            drawn = draw(str(folder), count, seed=0, progress=progress)
        append_distribution_rows(path, measure(drawn.images, ruler, subject=drawn.subject))
    return True


if __name__ == "__main__":
    main()

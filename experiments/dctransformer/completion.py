"""Colours and detail by the mean first, on held-out CIFAR-10 and on whole photographs.

    python -m experiments.dctransformer.completion DATA --photographs kodak --feature-weights FILE
    python -m experiments.dctransformer.completion DATA --task colorize --core-minutes 30

DATA is a folder with `cifar10`, and with a folder of photographs that nothing is trained on. Each
task trains the preset `cifar10-TASK` of the model `dct-completer` under `--runs` (it goes on where
it was stopped), completes what is held out, and compares it with the originals beside the control.
Rows go to experiments/dctransformer/rows/completion/; what is there is skipped.
"""

import argparse
import dataclasses
import pathlib
import sys
from collections.abc import Callable, Sequence

import numpy as np

from experiments.dctransformer.places import (
    COMPLETION,
    CONTROLS,
    IMAGES,
    MEAN,
    NUM_AVERAGED,
    ONE,
    PREDICTED,
)
from experiments.dctransformer.tasks import as_gray, bicubic, luma, small
from experiments.harness.trials import reference_set_of, train_run, write_grid
from overtone.data import ImageSet
from overtone.data.pixels import resized
from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples
from overtone.evaluate.distribution.rows import (
    SampleSource,
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db_from_mse
from overtone.models.base import AbstractModel
from overtone.models.store import load_model, read_summary
from overtone.shapes import UInt8
from overtone.tasks.complete import colorize, upscale

MODEL = "dct-completer"
WINDOW, STEP = 64, 32  # pixels: what a feature network sees of photographs
NUM_SHOWN = 12  # small pictures of a grid
SHOWN = (192, 288)  # pixels that a photograph of a grid is reduced, or cut, to

Picture = UInt8[np.ndarray, "h w c"]
# Task -> how results are drawn, what is given, the control.
PARTS: dict[str, tuple[Callable[..., np.ndarray], Callable, Callable]] = {
    "colorize": (colorize, luma, as_gray),
    "upscale": (upscale, small, bicubic),
}


def main() -> None:
    """Parses the command line, trains and measures what is asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", type=pathlib.Path, help="folder of the data sets")
    parser.add_argument("--task", choices=sorted(PARTS), nargs="+", default=sorted(PARTS))
    parser.add_argument("--photographs", type=pathlib.Path, help="folder of PNG files, in DATA")
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs"))
    parser.add_argument("--core-minutes", type=float, help="training of each; the preset's if none")
    parser.add_argument("--num-threads", type=int, default=1)
    parser.add_argument("--feature-weights", help="file of efficientnet-lite0")
    parser.add_argument("--cache", type=pathlib.Path, help="folder for features of real images")
    arguments = parser.parse_args()
    for task in arguments.task:
        preset = f"cifar10-{task}"
        folder = arguments.runs / f"cifar10-{MODEL}-{preset}"
        settings = (f"train.num_threads={arguments.num_threads}",)
        if arguments.core_minutes is not None:
            settings += (f"train.core_minutes={arguments.core_minutes}",)
        source = str(arguments.data / "cifar10")
        if not train_run(folder, MODEL, source, preset, settings):
            sys.exit("stopped; the same command goes on")
        reference_set = reference_set_of(source, arguments)
        completion = Completion(task, folder, "cifar10", reference_set)
        completion.measure(list(reference_set.images.images), reference_set.images.images)
        if arguments.photographs:
            photographs = read_photographs(arguments.data / arguments.photographs)
            windows = ImageSet("windows of photographs", windows_of(photographs), None, ())
            own = dataclasses.replace(
                reference_set, images=windows, other_split=None, cache=arguments.cache
            )
            Completion(task, folder, "photographs", own).measure(
                photographs, np.stack([shown_of(each, task) for each in photographs[:6]])
            )


@dataclasses.dataclass(frozen=True)
class Completion:
    """One task of one run on one set of held-out pictures.

    Attributes:
        task: Key of `PARTS`.
        folder: The run.
        data: "cifar10" or "photographs", in the names of rows and grids.
        reference_set: Originals, or windows of them, and the feature network.
    """

    task: str
    folder: pathlib.Path
    data: str
    reference_set: ReferenceSet

    def measure(self, originals: Sequence[Picture], shown: UInt8[np.ndarray, "n h w c"]) -> None:
        """Writes the rows that are missing, and a grid.

        Args:
            originals: Complete pictures, of sizes of their own.
            shown: Complete pictures of one size for the grid.
        """
        path = COMPLETION / f"{self.task}-{self.data}.jsonl"
        done = {row.source.name for row in read_distribution_rows(path)}
        names = {CONTROLS[self.task], PREDICTED, ONE, MEAN}
        if not names <= done:
            model = load_model(str(self.folder))
            for name, pictures in self._results(model, originals).items():
                if name not in done:
                    self._store(path, name, originals, pictures)
            self._draw(model, shown)

    def _results(
        self, model: AbstractModel, originals: Sequence[Picture]
    ) -> dict[str, list[Picture]]:
        """Name of a row to its pictures."""
        verb, shrink, as_control = PARTS[self.task]
        is_one_size = self.data == "cifar10"
        groups = [np.stack(originals)] if is_one_size else [each[None] for each in originals]
        found: dict[str, list[Picture]] = {}
        for group in groups:
            given = shrink(group)
            drawn = verb(model, given, num_results=NUM_AVERAGED, seed=0)
            parts = {
                CONTROLS[self.task]: as_control(given),
                PREDICTED: verb(model, given, temperature=0)[:, 0],
                ONE: drawn[:, 0],
                MEAN: np.rint(drawn.mean(1)).astype(np.uint8),
            }
            for name, pictures in parts.items():
                found.setdefault(name, []).extend(pictures)
        return found

    def _store(
        self,
        path: pathlib.Path,
        name: str,
        originals: Sequence[Picture],
        pictures: Sequence[Picture],
    ) -> None:
        summary = read_summary(str(self.folder))["summary"]
        source = SampleSource(name=name)
        if name != CONTROLS[self.task]:
            source = SampleSource(
                name=name,
                model=MODEL,
                preset=summary.get("preset"),
                core_minutes=summary.get("core_minutes"),
                steps=summary.get("steps"),
                num_parameters=summary.get("num_parameters"),
            )
        samples = np.stack(pictures) if self.data == "cifar10" else windows_of(pictures)
        rows = measure_samples(samples, self.reference_set, source=source, with_floors=False)
        errors, counts = 0.0, 0
        for original, own in zip(originals, pictures, strict=True):
            errors += float(((original.astype(float) - own) ** 2).sum())
            counts += original.size
        row = dataclasses.replace(
            rows[0],
            reconstruction_psnr_db=psnr_db_from_mse(errors / counts),
            num_reconstructed=len(pictures),
        )
        append_distribution_rows(path, [row])
        print(
            f"{path.stem}, {name}: {row.values['frechet']:.2f}, {errors / counts:.2f}", flush=True
        )

    def _draw(self, model: AbstractModel, shown: UInt8[np.ndarray, "n h w c"]) -> None:
        """Rows of the original, the control, the predicted mean and two draws."""
        verb, shrink, as_control = PARTS[self.task]
        some = shown[:: max(1, len(shown) // NUM_SHOWN)][:NUM_SHOWN]
        given = shrink(some)
        mean = verb(model, given, temperature=0)
        columns = [some[:, None], as_control(given)[:, None], mean]
        grid = np.concatenate([*columns, verb(model, given, num_results=2, seed=0)], 1)
        times = 2 if some.shape[1] <= 32 else 1
        flat = grid.reshape(-1, *grid.shape[2:]).repeat(times, 1).repeat(times, 2)
        write_grid(IMAGES / f"{self.task}-{self.data}.png", flat, num_columns=grid.shape[1] * times)


def read_photographs(folder: pathlib.Path) -> list[Picture]:
    """All of a folder, with even sides."""
    pictures = [read_picture(str(path)).pixels for path in sorted(folder.glob("*.png"))]
    return [each[: each.shape[0] // 2 * 2, : each.shape[1] // 2 * 2] for each in pictures]


def windows_of(pictures: Sequence[Picture]) -> UInt8[np.ndarray, "n h w c"]:
    """Overlapping squares of all of them."""
    return np.stack(
        [
            each[y : y + WINDOW, x : x + WINDOW]
            for each in pictures
            for y in range(0, each.shape[0] - WINDOW + 1, STEP)
            for x in range(0, each.shape[1] - WINDOW + 1, STEP)
        ]
    )


def shown_of(photograph: Picture, task: str) -> Picture:
    """For a grid: to colour, the whole at a small size; to enlarge, the middle."""
    if task == "colorize":
        return resized(photograph[None], SHOWN)[0]
    height, width = SHOWN
    top, left = ((photograph.shape[axis] - SHOWN[axis]) // 2 for axis in (0, 1))
    return photograph[top : top + height, left : left + width]


if __name__ == "__main__":
    main()

"""Colours and detail that a DCTransformer draws for held-out pictures, against simple controls."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from experiments.dctransformer.places import (
    CONTROLS,
    IMAGES,
    MEAN,
    NUM_AVERAGED,
    ONE,
    ORIGINAL,
    TASKS,
)
from experiments.harness.trials import write_grid
from overtone.cli.progress import progress_bar
from overtone.data.pixels import resized, to_array, to_image
from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples
from overtone.evaluate.distribution.rows import (
    DistributionRow,
    SampleSource,
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db_from_mse
from overtone.models.dct_transformer.complete import colorize, upscale
from overtone.models.dct_transformer.model import DctTransformer
from overtone.models.store import load_model, read_summary
from overtone.shapes import UInt8
from overtone.transform.color import rgb_to_ycbcr

PHOTO = pathlib.Path(__file__).parents[2] / "examples" / "coffee.png"
FACTOR = 2
NUM_SHOWN = 12  # pictures of a grid
NUM_RESULTS = 4  # of each of them

Pixels = UInt8[np.ndarray, "n h w c"]


def paired_rows(
    pictures: Pixels, reference_set: ReferenceSet, source: SampleSource, *, with_floors: bool
) -> list[DistributionRow]:
    """The distance of pictures from the reference, and the PSNR against those they stand for."""
    error = float(((pictures.astype(float) - reference_set.images.images) ** 2).mean())
    rows = measure_samples(pictures, reference_set, source=source, with_floors=with_floors)
    rows[0] = dataclasses.replace(
        rows[0], reconstruction_psnr_db=psnr_db_from_mse(error), num_reconstructed=len(pictures)
    )
    return rows


def missing_of_task(task: str, run: str) -> set[str]:
    """Names of the rows that are not there yet."""
    done = {row.source.name for row in read_distribution_rows(TASKS / f"{run}.jsonl")}
    return {CONTROLS[task], ORIGINAL, ONE, MEAN} - done


def measure_task(task: str, folder: pathlib.Path, reference_set: ReferenceSet) -> None:
    """Rows of the controls, of the model and of the mean of several results; a picture grid."""
    model = load_model(str(folder))
    assert isinstance(model, DctTransformer)
    summary = read_summary(str(folder))["summary"]
    path = TASKS / f"{folder.name}.jsonl"
    missing = missing_of_task(task, folder.name)
    images = reference_set.images.images
    draw, shrink, given_as = TASK_PARTS[task]
    control = CONTROLS[task]
    given = shrink(images)

    def store(source: SampleSource, pictures: Pixels) -> None:
        append_distribution_rows(
            path, paired_rows(pictures, reference_set, source, with_floors=False)
        )

    if control in missing:
        store(SampleSource(name=control), given_as(given))
    if ORIGINAL in missing:
        store(SampleSource(name=ORIGINAL), quantized(model, images))
    one = SampleSource(
        name=ONE,
        model=model.name,
        preset=summary.get("preset"),
        core_minutes=summary.get("core_minutes"),
        steps=summary.get("steps"),
    )
    if {ONE, MEAN} & missing:
        with progress_bar(f"{folder.name}: drawing") as progress:
            results = draw(model, given, num_results=NUM_AVERAGED, seed=0, progress=progress)
        if ONE in missing:
            store(one, results[:, 0])
        if MEAN in missing:
            mean = np.rint(results.mean(1)).astype(np.uint8)
            store(dataclasses.replace(one, name=MEAN), mean)
    draw_grid(task, model, folder.name)


def quantized(model: DctTransformer, images: Pixels) -> Pixels:
    """What is left of pictures as lists of the model."""
    return model.vocabulary.images_of(model.vocabulary.lists_of(images))


def draw_grid(task: str, model: DctTransformer, name: str) -> None:
    """Rows of a patch of the bundled photograph, what is given, the control, and results."""
    side = model.spec.height
    photo = resized(read_picture(str(PHOTO)).pixels[None], (4 * side, 6 * side))[0]
    tiles = [
        photo[y : y + side, x : x + side]
        for y in range(0, 4 * side, side)
        for x in range(0, 6 * side, side)
    ]
    patches = np.stack(tiles)[::2][:NUM_SHOWN]
    draw, shrink, given_as = TASK_PARTS[task]
    given = shrink(patches)
    results = draw(model, given, num_results=NUM_RESULTS, seed=0)
    columns = [patches[:, None], given_as(given)[:, None], results]
    pictures = np.concatenate(columns, 1)
    flat = np.repeat(np.repeat(pictures, 2, axis=2), 2, axis=3).reshape(-1, 2 * side, 2 * side, 3)
    write_grid(IMAGES / f"{name}.png", flat, num_columns=2 * pictures.shape[1])


def luma(images: Pixels) -> Pixels:
    """One channel."""
    return rgb_to_ycbcr(images)[..., :1]


def as_gray(given: Pixels) -> Pixels:
    """Luma as a colour picture."""
    return np.repeat(given, 3, axis=3)


def small(images: Pixels) -> Pixels:
    """Half the height and width, by the mean of four pixels, as cameras do."""
    count, height, width, channels = images.shape
    squares = images.reshape(count, height // FACTOR, FACTOR, width // FACTOR, FACTOR, channels)
    return np.rint(squares.mean((2, 4))).astype(np.uint8)


def bicubic(given: Pixels) -> Pixels:
    """Back to the old size."""
    height, width = (FACTOR * length for length in given.shape[1:3])
    method = Image.Resampling.BICUBIC
    return np.stack([to_array(to_image(own).resize((width, height), method)) for own in given])


# Task -> how results are drawn, what is given, the control.
TASK_PARTS: dict[str, tuple[Callable[..., Pixels], Callable, Callable]] = {
    "colorize": (colorize, luma, as_gray),
    "upscale": (upscale, small, bicubic),
}

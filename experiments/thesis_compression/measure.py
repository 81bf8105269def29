"""The thesis's compression experiment, to the letter, and the page about it.

    python -m experiments.thesis_compression.measure --run grid photo.png --seconds 60
    python -m experiments.thesis_compression.measure --run jpeg photo1.png ... --seconds 120
    python -m experiments.thesis_compression.measure --page

Pictures are cropped to 400x400 in the middle. Rows go to experiments/thesis_compression/rows/;
cells that are there are skipped, so an interrupted run goes on where it stopped. The last line is
JSON.
"""

import argparse
import concurrent.futures
import json
import pathlib
import time
from typing import Any

import numpy as np

from experiments.harness.crops import central_crop
from experiments.harness.rebuild import rebuild
from experiments.harness.records import append_record
from experiments.thesis_compression.figure import PICTURE_PX, num_weights, size_percent
from overtone.bitstream.container import Metadata
from overtone.codecs.base import EncodeOptions, full_view
from overtone.codecs.dfm.config import Size, resolve
from overtone.codecs.dfm.encode import FittedPicture, picture_problems
from overtone.codecs.dfm.fit.network import make_fitter
from overtone.codecs.registry import decode, get_codec
from overtone.codecs.view import render
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db

CHUNK_STEPS = 10

Cell = tuple[int, int]  # width, depth
Row = dict[str, Any]
CELLS: tuple[Cell, ...] = ((6, 7), (6, 12), (6, 18), (6, 25), (7, 3), (7, 9), (7, 16))
CELLS += ((8, 3), (8, 6), (8, 9), (9, 3), (9, 5), (10, 3))
MAIN_CELL: Cell = (8, 6)  # the 18 % network that the thesis compares with JPEG
RESULTS = pathlib.Path("experiments/thesis_compression/rows")


def main() -> None:
    parser = argparse.ArgumentParser(description="The thesis's compression experiment.")
    parser.add_argument("pictures", nargs="*", type=pathlib.Path, help="at least 400x400")
    parser.add_argument("--run", choices=["grid", "jpeg"], help="which part to measure")
    parser.add_argument("--page", action="store_true", help="write the page from the rows")
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time of a fit")
    parser.add_argument("--threads", type=int, default=2, help="networks fitted at a time")
    arguments = parser.parse_args()
    rows: list[Row] = []
    jobs: list[tuple[pathlib.Path, Cell]]
    if arguments.run == "grid":
        jobs = [(arguments.pictures[0], cell) for cell in CELLS]
        rows = run_all("grid", jobs, arguments.seconds, arguments.threads)
    elif arguments.run == "jpeg":
        jobs = [(path, MAIN_CELL) for path in arguments.pictures]
        rows = run_all("jpeg", jobs, arguments.seconds, arguments.threads)
    if arguments.page:
        rebuild(["dfm-compression"])
    print(json.dumps(rows))


def run_all(
    suite: str, jobs: list[tuple[pathlib.Path, Cell]], seconds: float, threads: int
) -> list[Row]:
    """Rows of what is not measured yet, each stored as soon as it is there."""
    target = RESULTS / f"{suite}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = target.read_text("utf-8").splitlines() if target.exists() else []
    known = {(row["image"], row["width"], row["depth"]) for row in map(json.loads, lines)}
    pending = [(path, cell) for path, cell in jobs if (path.stem, *cell) not in known]
    pending.sort(key=lambda job: -num_weights(*job[1]))
    rows = []
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(run_cell, path, cell, seconds) for path, cell in pending]
        for future in concurrent.futures.as_completed(futures):
            row = future.result()
            rows.append(row)
            append_record(target, row)
            print(f"{row['image']} W{row['width']} D{row['depth']}: {row['psnr_db']} dB")
    return rows


def run_cell(path: pathlib.Path, cell: Cell, seconds: float) -> Row:
    """Fit one network of the grid for so long, write the file, measure it against JPEG."""
    width, depth = cell
    image = central_crop(read_picture(str(path)).pixels, PICTURE_PX)
    config = resolve("thesis", "default")
    size = Size(tile_px=0, hidden=(width,) * depth, input_scales=(1.0,))
    plan, problems, _ = picture_problems(image, config, size, 0.0)
    fitter = make_fitter(problems[0], config.fit, seed=0)
    start = time.thread_time()  # the fit stays in this thread: other programs do not count
    while (spent := time.thread_time() - start) < seconds:
        fitter.run(CHUNK_STEPS, "none", 0.0, 0.0)
    fitted = FittedPicture(plan=plan, weights=fitter.weights[None], quantised=None)
    data = fitted.to_bytes(Metadata())
    reconstruction = decode(data)
    psnr = psnr_db(reference=image, reconstruction=reconstruction)
    row: Row = {
        "image": path.stem,
        "crop_px": PICTURE_PX,
        "width": width,
        "depth": depth,
        "num_weights": num_weights(width, depth),
        "weights_percent": round(size_percent(width, depth), 3),
        "size_bytes": len(data),
        "loss_percent": round(100 * 10 ** (-psnr / 10), 4),
        "psnr_db": round(psnr, 3),
        "steps": fitter.steps_done,
        "fit_cpu_s": round(spent, 1),
    }
    row |= against_jpeg(image, len(data), psnr)
    return row | provenance()


def against_jpeg(image: np.ndarray, size_bytes: int, psnr: float) -> Row:
    """The best JPEG that is no larger, and the smallest JPEG that is no worse."""
    jpeg, view = get_codec("jpeg"), full_view(PICTURE_PX, PICTURE_PX)
    files = []
    for quality in range(1, 101):
        data = jpeg.encode(image, EncodeOptions(quality=quality))
        decoded = render(jpeg, data, view, num_threads=1)
        files.append((len(data), psnr_db(reference=image, reconstruction=decoded), quality))
    fitting = [file for file in files if file[0] <= size_bytes]
    good = [file for file in files if file[1] >= psnr]
    row: Row = {}
    if fitting:
        size, quality_db, quality = max(fitting, key=lambda file: file[1])
        row["jpeg_equal_bytes"] = {"size_bytes": size, "psnr_db": quality_db, "quality": quality}
    if good:
        size, quality_db, quality = min(good)
        row["jpeg_equal_psnr"] = {"size_bytes": size, "psnr_db": quality_db, "quality": quality}
    return row


if __name__ == "__main__":
    main()

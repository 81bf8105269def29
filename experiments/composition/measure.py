"""Does composing Fourier layers help to store a picture? The fits behind the answer.

    python -m experiments.composition.measure --run ladder KODAK
    python -m experiments.composition.measure --run long kodim15.png --cells 8x6 --seconds 3600

`ladder`: one network for the middle 128x128 pixels of eight pictures, 0 to 5 hidden layers, several
widths and qualities, three seeds, quantised with the rate in the loss; rows go to
experiments/composition/rows/ladder.jsonl. `long`: networks of the thesis's figure 5.1 as published,
for a given processor time, with rows on the way; experiments/composition/rows/long.jsonl. Every row
goes through a file. Rows that are there are skipped.
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import json
import pathlib
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from experiments.composition.judge import SIZES_BYTES
from experiments.harness.crops import central_crop
from experiments.harness.records import append_record
from experiments.thesis_compression.figure import PICTURE_PX, num_weights, size_percent
from experiments.thesis_compression.measure import CHUNK_STEPS
from overtone.bitstream.container import Metadata
from overtone.codecs.base import EncodeOptions, full_view
from overtone.codecs.dfm.config import Size, resolve
from overtone.codecs.dfm.encode import FittedPicture, fit_picture, picture_problems
from overtone.codecs.dfm.fit.network import make_fitter
from overtone.codecs.registry import decode, get_codec
from overtone.codecs.view import render
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db

Row = dict[str, Any]

OUT = pathlib.Path("experiments/composition/rows")
CROP_PX = 128
PICTURES = (1, 3, 5, 7, 13, 15, 19, 23)  # of Kodak, from smooth to full of texture
CONTROLS = ("jpeg", "tiled-dct")  # no networks
QUALITIES = (35.0, 50.0, 65.0)
SEEDS = (0, 1, 2)
OCTAVES = tuple(2.0**i for i in range(-1, 4))  # input scales, the first few of them

# Hidden widths and number of input octaves. Without a hidden layer a network is a Fourier series of
# the position, and only more octaves make it larger.
LADDER: tuple[tuple[tuple[int, ...], int], ...] = (
    ((), 3),
    ((5,), 3),
    ((6,), 3),
    ((7,), 3),
    ((4, 4), 3),
    ((6, 6), 3),
    ((4,) * 3, 3),
    ((5,) * 3, 3),
    ((3,) * 5, 3),
    ((5,) * 5, 3),
    ((), 4),  # last: its optimiser works on matrices of 512 by 512
)
LARGE_OCTAVES = 4  # a series of so many is a convex problem, and takes half a minute: one seed
MARKS_S = (30, 60, 300, 900, 1800, 3600)  # processor seconds at which a long fit is measured


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits of more and fewer composed layers.")
    parser.add_argument("path", type=pathlib.Path, help="folder of Kodak pictures, or one picture")
    parser.add_argument("--run", choices=["ladder", "control", "long"], required=True)
    parser.add_argument("--cells", nargs="+", default=["8x6", "6x7", "7x9"], help="WIDTHxDEPTH")
    parser.add_argument("--seconds", type=float, default=3600.0, help="of a long fit")
    parser.add_argument("--threads", type=int, default=1, help="networks fitted at a time")
    arguments = parser.parse_args()
    target = OUT / f"{arguments.run}.jsonl"
    if arguments.run == "ladder":
        run_ladder(arguments.path, target, arguments.threads)
        return
    if arguments.run == "control":
        run_control(arguments.path, target)
        return
    cells = [tuple(int(n) for n in cell.split("x")) for cell in arguments.cells]
    with concurrent.futures.ThreadPoolExecutor(arguments.threads) as pool:
        jobs = [
            pool.submit(run_long, arguments.path, w, d, arguments.seconds, target) for w, d in cells
        ]
        for job in jobs:
            job.result()


def run_ladder(folder: pathlib.Path, target: pathlib.Path, threads: int) -> None:
    """All fits that have no row yet, seed by seed."""
    known = {key_of(row) for row in stored(target)}
    jobs = [
        {"image": f"kodim{n:02}", "hidden": list(h), "octaves": o, "quality": q, "seed": seed}
        for seed in SEEDS
        for n in PICTURES
        for h, o in LADDER
        for q in QUALITIES
        if o < LARGE_OCTAVES or seed == SEEDS[0]
    ]
    pending = [job for job in jobs if key_of(job) not in known]
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        rows = pool.map(lambda job: ladder_row(folder, job), pending)
        for done, row in enumerate(rows, 1):
            append_record(target, row)
            left = (time.monotonic() - start) / done * (len(pending) - done) / 60
            print(
                f"{done}/{len(pending)}, {left:.0f} min left: {row['image']} {row['hidden']} "
                f"q{row['quality']:g}: {row['size_bytes']} bytes, {row['psnr_db']} dB",
                flush=True,
            )


def run_control(folder: pathlib.Path, target: pathlib.Path) -> None:
    """The largest file of each control within so many bytes, of every crop, that is not there."""
    known = {(row["image"], row["codec"], row["target_bytes"]) for row in stored(target)}
    for number, codec, size in itertools.product(PICTURES, CONTROLS, SIZES_BYTES):
        name = f"kodim{number:02}"
        if (name, codec, size) in known:
            continue
        image = central_crop(read_picture(str(folder / f"{name}.png")).pixels, CROP_PX)
        found = None
        for quality in np.arange(1, 100.1, 0.5):
            data = get_codec(codec).encode(image, EncodeOptions(quality=float(quality)))
            if len(data) > size:
                break
            found = data
        if found is None:
            continue
        view = full_view(CROP_PX, CROP_PX)
        decoded = render(get_codec(codec), found, view, num_threads=1)
        row: Row = {"suite": "composition-control", "image": name, "crop_px": CROP_PX}
        row |= {"codec": codec, "target_bytes": size, "size_bytes": len(found)}
        row["psnr_db"] = round(psnr_db(reference=image, reconstruction=decoded), 3)
        append_record(target, row | provenance())
        print(f"{name} {codec}: {len(found)} bytes, {row['psnr_db']} dB", flush=True)


def key_of(row: Row) -> tuple[Any, ...]:
    """What tells two fits of the ladder apart."""
    return row["image"], tuple(row["hidden"]), row["octaves"], row["quality"], row["seed"]


def ladder_row(folder: pathlib.Path, job: Row) -> Row:
    """One fit of the ladder, through its file."""
    image = central_crop(read_picture(str(folder / f"{job['image']}.png")).pixels, CROP_PX)
    size = Size(tile_px=0, hidden=tuple(job["hidden"]), input_scales=OCTAVES[: job["octaves"]])
    config = dataclasses.replace(resolve("deep", "default"), sizes=(size,))
    options = EncodeOptions(quality=job["quality"], seed=job["seed"], num_threads=1)
    data = fit_picture(image, config, options).to_bytes(Metadata())
    psnr = psnr_db(reference=image, reconstruction=decode(data, num_threads=1))
    row = {"suite": "composition-ladder", "crop_px": CROP_PX, **job, "depth": len(job["hidden"])}
    row |= {"size_bytes": len(data), "psnr_db": round(psnr, 3)}
    return row | provenance()


def run_long(
    path: pathlib.Path, width: int, depth: int, seconds: float, target: pathlib.Path
) -> None:
    """One network as published, with a row at each mark of its processor time."""
    image = central_crop(read_picture(str(path)).pixels, PICTURE_PX)
    known = {
        row["mark_s"]
        for row in stored(target)
        if (row["image"], row["width"], row["depth"]) == (path.stem, width, depth)
    }
    if max(known, default=0) >= seconds:
        return
    config = resolve("thesis", "default")
    size = Size(tile_px=0, hidden=(width,) * depth, input_scales=(1.0,))
    plan, problems, _ = picture_problems(image, config, size, 0.0)
    fitter = make_fitter(problems[0], config.fit, seed=0)
    spent, start = 0.0, time.thread_time()  # other programs and other fits do not count
    for mark in (each for each in MARKS_S if each <= seconds):
        while (spent := time.thread_time() - start) < mark:
            fitter.run(CHUNK_STEPS, "none", 0.0, 0.0)
        data = FittedPicture(plan=plan, weights=fitter.weights[None], quantised=None).to_bytes(
            Metadata()
        )
        psnr = psnr_db(reference=image, reconstruction=decode(data, num_threads=1))
        if mark in known:
            continue
        row: Row = {
            "suite": "composition-long",
            "image": path.stem,
            "width": width,
            "depth": depth,
            "num_weights": num_weights(width, depth),
            "weights_percent": round(size_percent(width, depth), 3),
            "size_bytes": len(data),
            "mark_s": mark,
            "fit_cpu_s": round(spent, 1),
            "steps": fitter.steps_done,
            "loss_percent": round(100 * 10 ** (-psnr / 10), 4),
            "psnr_db": round(psnr, 3),
        }
        append_record(target, row | provenance())
        print(f"{width}x{depth} {mark} s: {psnr:.2f} dB, {fitter.steps_done} steps", flush=True)


def stored(target: pathlib.Path) -> Iterable[Row]:
    """The rows that are there."""
    lines = target.read_text("utf-8").splitlines() if target.exists() else []
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()

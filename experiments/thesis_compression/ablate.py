"""What each part of the preset deep buys: rows in rows/ablation.jsonl.

    python -m experiments.thesis_compression.ablate photo1.png photo2.png

Each picture gives its middle 256x256 pixels. Every row goes through a file. Rows that are there
are skipped. The last line is JSON.
"""

import argparse
import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import numpy as np

from experiments.harness.crops import central_crop
from experiments.harness.records import append_record
from overtone.bitstream.container import Metadata
from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm.config import DfmConfig, Size, rd_weight, resolve
from overtone.codecs.dfm.encode import FittedPicture, fit_picture, picture_problems
from overtone.codecs.dfm.fit.network import fit_network
from overtone.codecs.dfm.stream import STEPS_PER_OCTAVE, QuantisedNets, layer_of_weights
from overtone.codecs.registry import decode
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.metrics.psnr import psnr_db

CROP_PX = 256
STEP_EXPONENTS = range(5, 13)  # steps 2^-5 .. 2^-12 tried when rounding after the fit
OUT = pathlib.Path("experiments/thesis_compression/rows/ablation.jsonl")
BASE_SIZE = Size(tile_px=256, hidden=(6, 6, 6))

Change = Callable[[DfmConfig], DfmConfig]


def fit_with(**changes: object) -> Change:
    """A change of fit settings."""
    return lambda config: dataclasses.replace(
        config, fit=dataclasses.replace(config.fit, **changes)
    )


def size_with(**changes: object) -> Change:
    """A change of the size."""
    return lambda config: dataclasses.replace(
        config, sizes=(dataclasses.replace(BASE_SIZE, **changes),)
    )


VARIANTS: dict[str, Change] = {
    "base": lambda config: config,
    "Adam instead of SOAP": fit_with(optimizer="adam", beta1=0.9, beta2=0.999),
    "plain inputs": size_with(input_scales=(1.0,)),
    "plain inputs, five layers": size_with(input_scales=(1.0,), hidden=(6, 6, 6, 6, 6)),
    "inputs of two octaves": size_with(input_scales=(0.5, 1.0)),
    "four tiles, widths 5": size_with(tile_px=128, hidden=(5, 5, 5)),
    "widths 5": size_with(hidden=(5, 5, 5)),
    "best of three starts": fit_with(num_starts=3),
    "weights ten times larger at the start": fit_with(init_std=0.2),
    "with residual": lambda config: dataclasses.replace(config, has_residual=True),
    "no clipping of gradients": fit_with(clip_factor=0.0),
    "a quarter of the batch": fit_with(batch_size=1024),
    "a quarter of the steps": fit_with(num_steps=1750),
}
AFTERWARDS = "rounding after the fit, no rate in the loss"


def main() -> None:
    parser = argparse.ArgumentParser(description="Ablation of the weights-only codec.")
    parser.add_argument("pictures", nargs="+", type=pathlib.Path)
    parser.add_argument("--variants", help="separated by semicolons; all by default")
    parser.add_argument("--quality", type=float, default=50.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    lines = OUT.read_text("utf-8").splitlines() if OUT.exists() else []
    known = {(row["variant"], row["image"], row["quality"]) for row in map(json.loads, lines)}
    every = [*VARIANTS, AFTERWARDS]
    chosen = every if arguments.variants is None else arguments.variants.split(";")
    rows = []
    for variant in chosen:
        for path in arguments.pictures:
            if (variant, path.stem, arguments.quality) in known:
                continue
            row = run(path, variant, arguments.quality, arguments.threads)
            rows.append(row)
            append_record(OUT, row)
            print(f"{variant} {path.stem}: {row['rate_bpp']} bpp {row['psnr_db']} dB")
    print(json.dumps(rows))


def run(path: pathlib.Path, variant: str, quality: float, threads: int) -> dict[str, object]:
    """One variant on one crop, through its file."""
    image = central_crop(read_picture(str(path)).pixels, CROP_PX)
    base = dataclasses.replace(resolve("deep", "default"), sizes=(BASE_SIZE,))
    start = time.perf_counter()
    if variant == AFTERWARDS:
        files = rounded_afterwards(image, base, quality)
    else:
        config = VARIANTS[variant](base)
        options = EncodeOptions(quality=quality, num_threads=threads)
        files = [fit_picture(image, config, options).to_bytes(Metadata())]
    seconds = time.perf_counter() - start
    results = [measured(image, data, quality) for data in files]
    best = min(results, key=lambda result: result["loss"])
    return {
        "variant": variant,
        "image": path.stem,
        "crop_px": CROP_PX,
        "quality": quality,
        **best,
        "encode_s": round(seconds, 1),
        **provenance(),
    }


def measured(image: np.ndarray, data: bytes, quality: float) -> dict[str, float]:
    """Rate, quality and the encoder's loss of a file."""
    psnr = psnr_db(reference=image, reconstruction=decode(data))
    rate = 8 * len(data) / CROP_PX**2
    loss = 1000 * (10 ** (-psnr / 10) + rd_weight(quality) * rate)
    return {
        "size_bytes": len(data),
        "rate_bpp": round(rate, 5),
        "psnr_db": round(psnr, 3),
        "loss": round(loss, 4),
    }


def rounded_afterwards(image: np.ndarray, config: DfmConfig, quality: float) -> list[bytes]:
    """An unquantised fit, its weights rounded at several common steps: one file a step."""
    plan, (problem,), means = picture_problems(image, config, BASE_SIZE, rd_weight(quality))
    fair = dataclasses.replace(config.fit, is_quantised=False, batch_size=4096)
    fitted = fit_network(problem, fair, seed=0)
    dead = layer_of_weights(plan.spec) < 0
    files = []
    for exponent in STEP_EXPONENTS:
        levels = np.rint(fitted.weights * 2.0**exponent).astype(np.int32)
        levels[dead] = 0
        indices = np.full((1, len(plan.spec.layers)), STEPS_PER_OCTAVE * exponent, np.int32)
        nets = QuantisedNets(means=means, step_indices=indices, levels=levels[None])
        picture = FittedPicture(plan=plan, weights=nets.weights(plan.spec), quantised=nets)
        files.append(picture.to_bytes(Metadata()))
    return files


if __name__ == "__main__":
    main()

"""Latent machines with different functions of a pixel, trained equally long on crops.

    python -m experiments.latent.trunks PICTURES --out experiments/latent/rows/trunks.jsonl

For each picture the middle of it, trained with every trunk from one start a seed; the contexts are
those of the preset `hop`. Costs are distortion + λ · bits a pixel with integers for latents and
8-bit pixels, times 1000; rates are ideal code lengths, and the networks' own bits are not counted,
so the number of parameters stands beside. Rows that are there are kept.
"""

import argparse
import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from experiments.harness.records import append_record
from overtone.codecs.base import resolve_num_threads
from overtone.codecs.dfm_latent.phases import TrainSettings
from overtone.codecs.dfm_latent.sizes import PRESETS, Sizes
from overtone.codecs.dfm_latent.train import Trainer, train
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture
from overtone.kernels.latent_shape import Trunk

TRUNKS: tuple[tuple[Trunk, int], ...] = (
    ("linear", 0),
    ("rectified", 16),
    ("rectified", 48),
    ("products", 5),
    ("fourier", 4),
    ("fourier", 5),
    ("fourier", 6),
)
IDENTITY = ("picture", "trunk", "num_mixed", "rd_weight", "num_steps", "side", "seed")


def main() -> None:
    """Parses, trains what is missing, prints each row."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("pictures", type=pathlib.Path, help="folder of PNG files")
    parser.add_argument("--rd-weights", type=float, nargs="+", default=[1e-3])
    parser.add_argument("--num-steps", type=int, default=1000)
    parser.add_argument("--side", type=int, default=256, help="of the crop, pixels")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--num-threads", type=int)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    paths = sorted(arguments.pictures.glob("*.png"))
    if not paths:
        raise SystemExit(f"no .png files in {arguments.pictures}; name a folder of pictures")
    known = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    done = {identity(json.loads(line)) for line in known}
    for path in paths:
        for rd_weight in arguments.rd_weights:
            for seed in arguments.seeds:
                for trunk, num_mixed in TRUNKS:
                    row = {
                        "picture": path.stem,
                        "trunk": trunk,
                        "num_mixed": num_mixed,
                        "rd_weight": rd_weight,
                        "num_steps": arguments.num_steps,
                        "side": arguments.side,
                        "seed": seed,
                    }
                    if identity(row) in done:
                        continue
                    row |= measured(middle_of(path, arguments.side), row, arguments.num_threads)
                    append_record(arguments.out, row)
                    print(json.dumps(row), flush=True)


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a row is of."""
    return tuple(row[name] for name in IDENTITY)


def middle_of(path: pathlib.Path, side: int) -> np.ndarray:
    """The middle of a picture, at most so many pixels a side."""
    pixels = np.asarray(read_picture(str(path)).pixels)
    top, left = (max(0, length - side) // 2 for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def sizes_of(row: dict[str, Any]) -> Sizes:
    """The preset `hop` with another trunk."""
    return dataclasses.replace(PRESETS["hop"], trunk=row["trunk"], num_mixed=row["num_mixed"])


def measured(picture: np.ndarray, row: dict[str, Any], num_threads: int | None) -> dict[str, Any]:
    """What one training ends with."""
    settings = TrainSettings(
        num_steps=row["num_steps"],
        num_starts=1,
        num_survivors=1,
    )
    num_threads = resolve_num_threads(num_threads)
    trainer = Trainer(
        picture,
        sizes_of(row),
        settings,
        rd_weight=row["rd_weight"],
        seed=row["seed"],
        num_threads=num_threads,
    )
    state = train(trainer, settings)
    return {
        "cost": round(1000 * trainer.cost(state), 4),
        "rate_bpp": round(state.loss.rate_bpp, 5),
        "psnr_db": round(-10 * float(np.log10(state.loss.distortion)), 3),
        "num_parameters": len(state.parameters),
        "num_threads": num_threads,
        **provenance(),
    }


if __name__ == "__main__":
    main()

"""Learns the starting networks of codec dfm-latent from a folder of photographs.

    python tools/learn_latent_starts.py FOLDER --work WORK [--out FILE]

Crops of all photographs make one picture, a mosaic, on which a machine is trained at each weight of
the rate, starting from the machine of the one before. The machines are kept in WORK, so a run that
was stopped goes on with the next one. The table is part of the file format: entries may be added to
it, but those it has must stay.
"""

import argparse
import pathlib
import sys

import numpy as np
from PIL import Image

from overtone.codecs.dfm_latent.phases import TrainSettings, final_phase, main_phase
from overtone.codecs.dfm_latent.sizes import PRESETS, machine_spec
from overtone.codecs.dfm_latent.train import Trainer
from overtone.kernels.latent_starts import pack_starts
from overtone.shapes import Float32, UInt8

# Weights of the rate, and the one whose machine each begins with.
CHAIN = {1e-3: None, 4e-4: 1e-3, 1e-4: 4e-4, 4e-3: 1e-3, 2e-2: 4e-3}
CROP_PX = 128
LONG_SIDE_PX = 768  # of the photographs that crops are cut from, at most
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")

Parameters = Float32[np.ndarray, "parameters"]


def mosaic(folder: pathlib.Path, rows: int, columns: int, seed: int) -> UInt8[np.ndarray, "h w 3"]:
    """Crops of the photographs in turn, each of a random place.

    Args:
        folder: Photographs, also in folders below.
        rows: Crops from top to bottom.
        columns: Crops from left to right.
        seed: Seed of the order of the photographs and of the places.

    Raises:
        SystemExit: The folder holds none.
    """
    paths = sorted(each for each in folder.rglob("*") if each.suffix.lower() in ENDINGS)
    if not paths:
        raise SystemExit(f"{folder} holds no photographs ({', '.join(ENDINGS)})")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(paths))
    out = np.empty((rows * CROP_PX, columns * CROP_PX, 3), np.uint8)
    for i in range(rows * columns):
        crop = _crop(paths[order[i % len(paths)]], rng)
        top, left = (CROP_PX * place for place in divmod(i, columns))
        out[top : top + CROP_PX, left : left + CROP_PX] = crop
    return out


def _crop(path: pathlib.Path, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as opened:
        photo = opened.convert("RGB")
    scale = max(CROP_PX / min(photo.size), LONG_SIDE_PX / max(photo.size))
    if scale < 1:
        size = (round(photo.width * scale), round(photo.height * scale))
        photo = photo.resize(size, Image.Resampling.LANCZOS)
    y, x = (int(rng.integers(0, side - CROP_PX + 1)) for side in (photo.height, photo.width))
    return np.asarray(photo)[y : y + CROP_PX, x : x + CROP_PX]


def trained(
    picture: UInt8[np.ndarray, "h w 3"],
    begin: Parameters | None,
    rd_weight: float,
    arguments: argparse.Namespace,
) -> Parameters:
    """All parameters of the machine of a picture.

    Args:
        picture: The mosaic.
        begin: Parameters to begin with; None for a cold start.
        rd_weight: λ.
        arguments: Size, steps, seed and threads.
    """

    def report(fraction: float, message: str) -> None:
        print(f"\rλ {rd_weight:g}: {fraction:4.0%}, {message}", end="", file=sys.stderr, flush=True)

    settings = TrainSettings(
        num_steps=arguments.steps, num_starts=1, num_survivors=1, warmup_fraction=1e-9
    )
    trainer = Trainer(
        picture,
        PRESETS[arguments.size],
        settings,
        rd_weight=rd_weight,
        seed=arguments.seed,
        num_threads=arguments.threads,
        progress=report,
    )
    state = trainer.start(0)
    if begin is not None:
        trainer.machine.parameters = begin
        state = trainer.state()
    for phase in (main_phase(settings), final_phase(settings)):
        state = trainer.run(phase, state)
    print(f"\nλ {rd_weight:g}: D + λR {trainer.cost(state):.6f}", flush=True)
    return state.parameters


def main() -> None:
    """Parses the command line and learns what is not there yet."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="photographs")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="machines that are done")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("starts.bin"))
    parser.add_argument("--size", choices=PRESETS, default="hop")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--steps", type=int, default=1500, help="for each weight of the rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    picture = mosaic(arguments.folder, arguments.rows, arguments.columns, arguments.seed)
    found: dict[float, Parameters] = {}
    for rd_weight, before in CHAIN.items():
        path = arguments.work / f"{arguments.size}-{rd_weight:g}.npy"
        if path.exists():
            found[rd_weight] = np.load(path)
            continue
        begin = None if before is None else found[before]
        found[rd_weight] = trained(picture, begin, rd_weight, arguments)
        np.save(path, found[rd_weight])
    spec = machine_spec(picture.shape, PRESETS[arguments.size])
    starts = [(weight, spec, found[weight]) for weight in sorted(found)]
    arguments.out.write_bytes(pack_starts(starts))
    print(f"{arguments.out}: {len(starts)} starts, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()

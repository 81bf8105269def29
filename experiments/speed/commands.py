"""What whole commands cost: seconds and the most memory, for each effort, to encode and to decode.

    python -m experiments.speed.commands PHOTOS --out experiments/speed/rows/commands.jsonl

Pictures of several sizes are laid out from the photographs in a folder, saved as JPEG (quality 92)
and given to `overtone encode` and `overtone decode` as a user would. Memory is the largest resident
set of the process as the system counts it, with the interpreter and its libraries; that of the
same command on a picture of 8 x 8 pixels is measured beside it. Encoding includes reading the JPEG
file and measuring the PSNR of the result, decoding writes a PNG file. Rows that are there are kept,
so a run can be resumed.
"""

import argparse
import dataclasses
import itertools
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image

from experiments.harness.records import append_record
from overtone.evaluate.provenance import provenance

QUALITY = 40
JPEG_QUALITY = 92
SHAPES = ((1224, 816), (2448, 1632), (6000, 4000))  # 1, 4 and 24 megapixels
TINY = (8, 8)
MAX_MEGAPIXELS = {"best": 5}  # it takes minutes a megapixel
CASES = (
    ("tiled-dct", "fast"),
    ("tiled-dct", "default"),
    ("tiled-dct", "best"),
    ("sparse-dct", "default"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """What one process took.

    Attributes:
        wall_s: From start to end, seconds.
        cpu_s: On all processors, seconds.
        peak_mb: Largest resident set, 10^6 bytes.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Parses, measures what is missing, prints each row."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("photos", type=pathlib.Path, help="folder of photographs")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    known = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    done = {identity(json.loads(line)) for line in known}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # In another process, because a system may count the memory of a parent for its children.
        layout = multiprocessing.get_context("spawn").Process(
            target=lay_out, args=(arguments.photos, folder)
        )
        layout.start()
        layout.join()
        if layout.exitcode:
            raise SystemExit(f"no pictures were made of {arguments.photos}")
        for shape, (codec, effort) in itertools.product(SHAPES, CASES):
            for row in measured(folder, shape, codec, effort, done):
                append_record(arguments.out, row)
                print(json.dumps(row), flush=True)


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a row is of."""
    return tuple(row[name] for name in ("width", "height", "codec", "effort", "direction"))


def lay_out(photos: pathlib.Path, folder: pathlib.Path) -> None:
    """A JPEG file of every shape, photographs side by side, repeated where they do not reach."""
    tiles = [Image.open(p, formats=("JPEG",)).convert("RGB") for p in sorted(photos.glob("*.jp*g"))]
    if not tiles:
        raise SystemExit(f"no .jpg files in {photos}; name a folder of photographs")
    wide, tall = max(tile.size for tile in tiles)
    tiles = [tile for tile in tiles if tile.size == (wide, tall)]
    for width, height in (TINY, *SHAPES):
        picture = Image.new("RGB", (width, height))
        places = [(x, y) for y in range(0, height, tall) for x in range(0, width, wide)]
        for number, place in enumerate(places):
            picture.paste(tiles[number % len(tiles)], place)
        picture.save(folder / f"{width}x{height}.jpg", quality=JPEG_QUALITY)


def measured(
    folder: pathlib.Path,
    shape: tuple[int, int],
    codec: str,
    effort: str,
    done: set[tuple[Any, ...]],
) -> Iterator[dict[str, Any]]:
    """A row for encoding and one for decoding, unless they are there."""
    width, height = shape
    if width * height > 1e6 * MAX_MEGAPIXELS.get(effort, 1e9):
        return
    base = {"width": width, "height": height, "codec": codec, "effort": effort, "quality": QUALITY}
    if {(*shape, codec, effort, direction) for direction in ("encode", "decode")} <= done:
        return
    how = ("--codec", codec, "--effort", effort, "--quality", str(QUALITY), "--force")
    costs = {
        size: encode_and_decode(folder / f"{size[0]}x{size[1]}", how) for size in (TINY, shape)
    }
    for place, direction in enumerate(("encode", "decode")):
        cost = costs[shape][place]
        yield {
            **base,
            "direction": direction,
            **{name: round(value, 3) for name, value in dataclasses.asdict(cost).items()},
            "tiny_mb": round(costs[TINY][place].peak_mb, 3),
            **provenance(),
        }


def encode_and_decode(stem: pathlib.Path, how: Sequence[str]) -> tuple[Cost, Cost]:
    """The costs of `overtone encode` and `overtone decode` for the JPEG file of that name."""
    picture, file, back = (stem.with_suffix(ending) for ending in (".jpg", ".ovt", ".png"))
    return (
        cost_of(["encode", str(picture), "-o", str(file), *how]),
        cost_of(["decode", str(file), "-o", str(back), "--force"]),
    )


def cost_of(arguments: Sequence[str]) -> Cost:
    """Runs `overtone` with these arguments in a process of its own."""
    program = [sys.executable, "-m", "overtone.cli.main", *arguments]
    silent = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, silent, 1), (os.POSIX_SPAWN_DUP2, silent, 2)]
    started = time.perf_counter()
    process = os.posix_spawn(program[0], program, os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    elapsed = time.perf_counter() - started
    os.close(silent)
    if status:
        raise SystemExit(f"overtone {' '.join(arguments)} ended with status {status}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return Cost(elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


if __name__ == "__main__":
    main()

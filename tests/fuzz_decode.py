"""Mutated files against the decoder: every input must give a picture or a `BitstreamError`.

    python tests/fuzz_decode.py --runs 1000000 --seed 0

Two inputs in three have their checksums recomputed, so that the damage reaches the codecs. Every
input follows from the seed and its number alone; `--only NUMBER` repeats one. The input at work is
kept in `runs/fuzz-input.ovt`, where a crash of the process leaves it. Exit code 1 if anything
was found.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import faulthandler
import functools
import itertools
import json
import mmap
import pathlib
import random
import sys
import time
import traceback

from helpers import SHAPES, mutate_section, scene

from overtone.bitstream.container import Container, Layout, Metadata, read_header
from overtone.codecs.dct_list import PictureListModel
from overtone.codecs.info import info
from overtone.codecs.registry import CODEC_IDS, decode, encode
from overtone.errors import BitstreamError, ConfigError, FitError

MAX_PIXELS = 1 << 14
HANG_S = 60
INPUT = pathlib.Path("runs/fuzz-input.ovt")
MAX_INPUT_BYTES = 1 << 16
METADATA = Metadata(icc=b"profile", exif=b"II*\0", dpi=(300.0, 72.5))


@functools.cache
def list_model() -> PictureListModel:
    """What files of dct-list are coded with: a small model that was never trained."""
    from toy_lists import build

    return build(12, 10, 1)


def corpus(codecs: list[str], seed: int) -> list[bytes]:
    """Small valid files of every codec, in several shapes, layouts and qualities."""
    files = []
    if "dct-list" in codecs:
        codecs = [codec for codec in codecs if codec != "dct-list"]
        images = [scene(12, 10, channels=1, seed=number) for number in range(4)]
        files += [encode(image, model=list_model(), metadata=METADATA) for image in images]
    for codec, (number, shape), quality in itertools.product(codecs, enumerate(SHAPES), (20, 80)):
        with contextlib.suppress(FitError):  # a picture that one codec cannot fit is not the point
            file = encode(
                scene(*shape, channels=1 + (number + 2) % 4),
                codec=codec,
                quality=quality,
                effort="fast",
                seed=seed,
                num_threads=1,
                metadata=METADATA if number == 2 else Metadata(),
            )
            files.append(file)
    print(f"{len(files)} files to mutate, {min(map(len, files))} to {max(map(len, files))} bytes")
    return files


def mutate(files: list[bytes], rng: random.Random) -> bytes:
    """A file with damaged bytes, or with damage in sections or header under right checksums."""
    data = rng.choice(files)
    kind = rng.randrange(6)
    if kind < 2:
        return mutate_section(data, rng)
    container = Container.from_bytes(data)
    if kind == 5:
        side = (1, 2, 7, 8, 9, 64, 65, 1000, MAX_PIXELS)
        container = dataclasses.replace(
            container,
            codec_id=rng.choice(list(CODEC_IDS)),
            width=rng.choice((container.width, *side)),
            height=rng.choice((container.height, *side)),
            layout=rng.choice(list(Layout)),
        )
    sections = list(container.sections)
    if rng.random() < 0.05:
        sections.insert(rng.randrange(len(sections) + 1), rng.randbytes(rng.randrange(20)))
    if rng.random() < 0.05 and len(sections) > 1:
        del sections[rng.randrange(len(sections))]
    if rng.random() < 0.9:
        index = rng.randrange(len(sections))
        sections[index] = mutate_section(sections[index], rng)
    return dataclasses.replace(container, sections=tuple(sections)).to_bytes()


def attempt(data: bytes, rng: random.Random) -> str:
    """What became of one input: "picture" or the name of the error."""
    scale = rng.choice((None, None, 1.7, 0.3))
    crop = rng.choice((None, None, None, (0, 0, 1, 1)))
    try:
        is_list = read_header(data).codec_id == 4
        model = list_model() if is_list else None
        scale, crop = (None, None) if is_list else (scale, crop)
        decode(data, scale=scale, crop=crop, max_pixels=MAX_PIXELS, num_threads=1, model=model)
        if rng.random() < 0.05:
            info(data)
    except ConfigError:
        return "view over the limit"
    except BitstreamError as error:
        return type(error).__name__
    return "picture"


def fuzz(files: list[bytes], numbers: range, seed: int) -> tuple[collections.Counter[str], int]:
    """Counts of outcomes and of failures, which are printed with the input kept."""
    INPUT.parent.mkdir(exist_ok=True)
    outcomes: collections.Counter[str] = collections.Counter()
    failures = 0
    started = time.monotonic()
    with INPUT.open("w+b") as file:
        file.truncate(MAX_INPUT_BYTES)
        with mmap.mmap(file.fileno(), MAX_INPUT_BYTES) as current:
            for number in numbers:
                rng = random.Random(f"{seed}:{number}")
                data = mutate(files, rng)[:MAX_INPUT_BYTES]
                current[: len(data)] = data
                faulthandler.dump_traceback_later(HANG_S, exit=True)
                try:
                    outcomes[attempt(data, rng)] += 1
                except Exception:
                    failures += 1
                    kept = INPUT.with_name(f"fuzz-{seed}-{number}.ovt")
                    kept.write_bytes(data)
                    print(f"input {number} (kept as {kept}):", traceback.format_exc(), sep="\n")
                if (number + 1) % 50_000 == 0:
                    rate = (number + 1 - numbers.start) / (time.monotonic() - started)
                    print(f"{number + 1} inputs, {rate:.0f} a second, {failures} failures")
    faulthandler.cancel_dump_traceback_later()
    return outcomes, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutated files against the decoder.")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="repeat the input of this number alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--codecs", nargs="+", default=sorted(CODEC_IDS.values()))
    arguments = parser.parse_args()
    files = corpus(arguments.codecs, arguments.seed)
    first = arguments.first if arguments.only is None else arguments.only
    runs = arguments.runs if arguments.only is None else 1
    outcomes, failures = fuzz(files, range(first, first + runs), arguments.seed)
    for outcome, count in outcomes.most_common():
        print(f"{count:>9}  {outcome}")
    summary = {"inputs": runs, "failures": failures, "seed": arguments.seed, "first": first}
    print(json.dumps({**summary, "codecs": arguments.codecs, "outcomes": outcomes}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Mutated files against the decoder: every input must give a picture or a `BitstreamError`.

    python tests/fuzz_decode.py --runs 1000000 --seed 0 --jobs 2

Two inputs in three have their checksums recomputed, so that the damage reaches the codecs. Every
input follows from the seed and its number alone; `--only NUMBER` repeats one. No input may take
more than 10 seconds, or more memory than 64 bytes for each pixel that it claims to have and a fixed
allowance for models and strips. One input in 400 is a list of coefficients for a toy model. Each
job keeps the input at work in a file below `runs/`, where a crash leaves it. With `--record` what
each part of the run found is appended to a file, and a run begun again goes on after the parts that
are there. Exit code 1 if anything was found.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import faulthandler
import json
import mmap
import multiprocessing
import pathlib
import random
import resource
import sys
import time
import traceback
from typing import Any

from fuzz_files import MAX_PIXELS, ListFile, corpus, mutate
from fuzz_record import Tally, provenance, recorded, summary, total

from overtone.bitstream.container import read_header
from overtone.codecs.info import info
from overtone.codecs.registry import CODEC_IDS, decode
from overtone.errors import BitstreamError, ConfigError

MAX_SECONDS = 10.0
BYTES_A_PIXEL = 64
ALLOWANCE_BYTES = 48 << 20  # models of a decoder, free weights of dfm, buffers of a strip
KEPT = pathlib.Path("runs")
MAX_INPUT_BYTES = 1 << 16
PART = 10_000  # inputs that are recorded together
LIST_EVERY = 400  # inputs, because a model takes its time
LARGE_EVERY = 500  # inputs that may claim more pixels
LARGE_PIXELS = 1 << 18


_FORKED: dict[str, Any] = {}  # what a forked process finds there


def attempt(data: bytes, rng: random.Random, max_pixels: int, model: Any) -> str:
    """What became of one input: "picture" or the name of the error."""
    if model is not None:
        try:
            decode(data, max_pixels=max_pixels, num_threads=1, model=model)
        except BitstreamError as error:
            return type(error).__name__
        return "picture"
    scale = rng.choice((None, None, 1.7, 0.3))
    crop = rng.choice((None, None, None, (0, 0, 1, 1)))
    try:
        decode(data, scale=scale, crop=crop, max_pixels=max_pixels, num_threads=1)
        if rng.random() < 0.05:
            info(data)
    except ConfigError:
        return "view over the limit"
    except BitstreamError as error:
        return type(error).__name__
    return "picture"


def warm(files: list[bytes], lists: ListFile | None) -> None:
    """Loads what decoding loads once, so that it is in no input's time and memory."""
    for number, file in enumerate(files):
        for scale in (None, 0.3, 1.7):
            decode(file, scale=scale, num_threads=1)
        attempt(file, random.Random(number), MAX_PIXELS, None)
    if lists is not None:
        attempt(lists.data, random.Random(0), MAX_PIXELS, lists.model)


def peak_bytes() -> int:
    """The most memory that this process has held."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def held_bytes() -> int:
    """The memory that this process holds."""
    pages = int(pathlib.Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * mmap.PAGESIZE


def forget_peak() -> None:
    """From here on `peak_bytes` begins anew, on systems that can."""
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5", "ascii")


def described(data: bytes) -> tuple[str, int]:
    """Codec and number of pixels that an input claims; none where its head says nothing."""
    try:
        head = read_header(data)
    except BitstreamError:
        return "none", 0
    return CODEC_IDS.get(head.codec_id, "unknown"), head.width * head.height


def fuzz(files: list[bytes], lists: ListFile | None, numbers: range, seed: int) -> dict[str, Any]:
    """Tallies by codec and failures, whose inputs are kept, of some inputs."""
    KEPT.mkdir(exist_ok=True)
    current = KEPT / f"fuzz-input-{seed}-{numbers.start}.ovt"
    tallies: dict[str, Tally] = collections.defaultdict(Tally)
    failures: list[str] = []
    with current.open("w+b") as file:
        file.truncate(MAX_INPUT_BYTES)
        with mmap.mmap(file.fileno(), MAX_INPUT_BYTES) as memory:
            for number in numbers:
                rng = random.Random(f"{seed}:{number}")
                listed = lists if number % LIST_EVERY == 0 else None
                data = mutate(files, rng) if listed is None else listed.mutate(rng)
                data = data[:MAX_INPUT_BYTES]
                memory[: len(data)] = data
                model = None if listed is None else listed.model
                max_pixels = LARGE_PIXELS if number % LARGE_EVERY == 1 else MAX_PIXELS
                tally = tallies[described(data)[0]]
                found = _watched(data, rng, max_pixels, model, tally)
                if found is not None:
                    kept = KEPT / f"fuzz-{seed}-{number}.ovt"
                    kept.write_bytes(data)
                    failures.append(f"input {number} (kept as {kept}): {found}")
                    print(failures[-1], flush=True)
    current.unlink()
    found = {codec: tally.as_record() for codec, tally in sorted(tallies.items())}
    return {"first": numbers.start, "inputs": len(numbers), "failures": failures, "codecs": found}


def _watched(
    data: bytes, rng: random.Random, max_pixels: int, model: Any, tally: Tally
) -> str | None:
    """Decodes one input; what was wrong with that, or nothing."""
    before, highest = held_bytes(), peak_bytes()
    faulthandler.dump_traceback_later(3 * MAX_SECONDS, exit=True)
    started = time.perf_counter()
    try:
        outcome = attempt(data, rng, max_pixels, model)
    except Exception:
        return traceback.format_exc()
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = time.perf_counter() - started
    tally.inputs += 1
    tally.outcomes[outcome] += 1
    tally.most_seconds = max(tally.most_seconds, seconds)
    if seconds > MAX_SECONDS:
        return f"{seconds:.1f} seconds"
    if peak_bytes() > highest:  # this input needed more than any since the peak was forgotten
        beyond = peak_bytes() - before - BYTES_A_PIXEL * min(described(data)[1], max_pixels)
        tally.most_bytes_beyond = max(tally.most_bytes_beyond, beyond)
        forget_peak()
        if beyond > ALLOWANCE_BYTES:
            return f"{beyond / 2**20:.1f} MiB beyond {BYTES_A_PIXEL} bytes a pixel"
    return None


def _job(
    files: list[bytes], lists: ListFile | None, first: int, size: int, seed: int
) -> dict[str, Any]:
    return fuzz(files, lists, range(first, first + size), seed)


def _noted(result: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    record = {"seed": arguments.seed, **arguments.provenance, **result}
    if arguments.record is not None:
        with arguments.record.open("a") as file:
            file.write(json.dumps(record) + "\n")
    return record


def run(
    files: list[bytes], lists: ListFile | None, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """The records of all parts, those of earlier runs that are in the file among them."""
    records = recorded(arguments.record, arguments.seed)
    done = {record["first"] for record in records}
    end = arguments.first + arguments.runs
    starts = [at for at in range(arguments.first, end, PART) if at not in done]
    parts = [(at, min(PART, end - at), arguments.seed) for at in starts]
    if arguments.jobs == 1:
        results = (_job(files, lists, *part) for part in parts)
        return records + [_noted(result, arguments) for result in results]
    # Each part has a process of its own: a crash in one is seen, and the others go on.
    context = multiprocessing.get_context("fork")
    _FORKED.update(files=files, lists=lists)
    with context.Pool(arguments.jobs, maxtasksperchild=1) as pool:
        waiting = [(part[0], pool.apply_async(_forked_job, part)) for part in parts]
        for first, result in waiting:
            try:
                records.append(_noted(result.get(timeout=3600), arguments))
            except multiprocessing.TimeoutError:
                print(f"the part from input {first} on ended without an answer", flush=True)
                lost = {"first": first, "inputs": 0, "failures": ["crash"], "codecs": {}}
                records.append({"seed": arguments.seed, **arguments.provenance, **lost})
                break
    return records


def _forked_job(first: int, size: int, seed: int) -> dict[str, Any]:
    warm([], _FORKED["lists"])  # what a process makes for itself
    return _job(_FORKED["files"], _FORKED["lists"], first, size, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutated files against the decoder.")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="repeat the input of this number alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes at work")
    parser.add_argument("--record", type=pathlib.Path, help="file that parts are appended to")
    parser.add_argument("--codecs", nargs="+", default=sorted(CODEC_IDS.values()))
    arguments = parser.parse_args()
    if arguments.only is not None:
        arguments.first, arguments.runs, arguments.jobs, arguments.record = (
            arguments.only,
            1,
            1,
            None,
        )
    arguments.provenance = provenance()
    files = corpus(arguments.codecs)
    print(f"{len(files)} files to mutate, {min(map(len, files))} to {max(map(len, files))} bytes")
    started = time.monotonic()
    lists = ListFile.made() if "dct-list" in arguments.codecs else None
    warm(files, lists)
    records = run(files, lists, arguments)
    failures = [failure for record in records for failure in record["failures"]]
    inputs = sum(record["inputs"] for record in records)
    seconds = time.monotonic() - started
    print(f"{inputs} inputs, {len(failures)} failures, {seconds:.0f} s")
    for line in summary(records):
        print(line)
    print(json.dumps(total(records)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

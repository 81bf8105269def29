"""Pictures to files in other ways than from their pixels by a codec: `--model`, `--lossless`."""

import dataclasses
import io
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import overtone
from overtone.cli.files import run_jobs, write_result
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import read_bytes
from overtone.errors import ConfigError


def encode_with_model(
    jobs: Sequence[Job], model: str, max_seconds: float | None, outcome: Outcome, *, force: bool
) -> int:
    """Pictures, brought to the model's size, as lists that the model gives probabilities."""
    from overtone.codecs.dct_list import as_list_model
    from overtone.data.base import LoadOptions
    from overtone.data.pictures import to_pixels
    from overtone.imaging.reader import read_with
    from overtone.models.store import load_model

    loaded = load_model(model)
    list_model, spec = as_list_model(loaded), loaded.spec
    options = LoadOptions(size=(spec.height, spec.width), channels=spec.channels)

    def work(job: Job) -> None:
        source = read_bytes(job.source)
        width, height = read_with(io.BytesIO(source), lambda image: image.size)
        pixels = to_pixels(source, options)
        data = overtone.encode(pixels, model=list_model, max_seconds=max_seconds)
        write_result(job, data, force=force)
        line = f"{job.source} -> {job.destination}: {len(data)} bytes, "
        line += f"{8 * len(data) / (spec.height * spec.width):.3f} bpp"
        if (width, height) != (spec.width, spec.height):
            line += f", resized and cropped from {width}x{height} to {spec.width}x{spec.height} px"
        outcome.say(line)

    return run_jobs(jobs, outcome, work)


def check_only_way(
    codec: str,
    goals: Mapping[str, float | None],
    settings: Mapping[str, Any],
    strip: str | None,
    *,
    convert: bool,
    lossless: bool,
) -> None:
    """Raises `ConfigError` for options that contradict --lossless or --model."""
    if settings:
        raise ConfigError("--set changes how dfm fits; leave out --lossless and --model")
    if lossless and codec != "sparse-dct":
        raise ConfigError(f"--lossless needs --codec sparse-dct, got {codec}")
    options = {
        "quality": goals["quality"],
        "bpp": goals["bpp"],
        "bytes": goals["size_bytes"],
        "max-size": goals["max_size_bytes"],
        "psnr": goals["psnr_db"],
        "convert": convert or None,
    }
    given = [name for name, value in options.items() if value is not None]
    if given:
        reason = "--lossless keeps everything" if lossless else "a model codes in its own way"
        raise ConfigError(f"{reason}; leave out --{given[0]}")
    if lossless and strip == "all":
        raise ConfigError(
            "--lossless keeps the picture as it is stored, which may need its EXIF and ICC to look "
            "right; --strip gps leaves out where it was taken"
        )


def repack_jpegs(
    jobs: Sequence[Job],
    limits: Mapping[str, Any],
    strip: Literal["all", "gps"] | None,
    outcome: Outcome,
    *,
    force: bool,
) -> int:
    """JPEG files with their coefficients coded anew."""
    from overtone.bitstream.container import Container
    from overtone.imaging.metadata import without_gps

    def work(job: Job) -> None:
        started = time.perf_counter()
        original = read_bytes(job.source)
        data = overtone.repack_jpeg(original, **limits)
        if strip == "gps":
            file = Container.from_bytes(data)
            data = dataclasses.replace(file, metadata=without_gps(file.metadata)).to_bytes()
        write_result(job, data, force=force)
        outcome.say(
            f"{job.source} -> {job.destination}: {len(data)} bytes, "
            f"{100 * len(data) / len(original) - 100:+.1f} % of {len(original)}, without loss, "
            f"{time.perf_counter() - started:.1f} s"
        )

    return run_jobs(jobs, outcome, work)

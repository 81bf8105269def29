"""`overtone encode`: pictures to compressed files."""

import dataclasses
import functools
import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

import overtone
from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.cli.arguments import (
    ByteCount,
    Inputs,
    ModelOption,
    Output,
    Quiet,
    Recursive,
    Seed,
    Settings,
    Strip,
    Threads,
)
from overtone.cli.files import plan_jobs, run_jobs, write_result
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import find_inputs, read_8_bits, read_bytes
from overtone.config import parse_assignments
from overtone.errors import ConfigError
from overtone.imaging.formats import PICTURE_SUFFIXES, endings_like

if TYPE_CHECKING:
    from overtone.codecs.base import AbstractCodec
    from overtone.imaging.image import Picture

JPEG_SUFFIXES = frozenset({".jpeg", ".jpg"})


def encode(
    inputs: Inputs,
    /,
    *,
    output: Output = None,
    quality: float | None = None,
    bpp: float | None = None,
    size_bytes: Annotated[ByteCount, Parameter(name="--bytes")] = None,
    max_size: ByteCount = None,
    psnr_db: Annotated[float | None, Parameter(name="--psnr")] = None,
    effort: Literal["fast", "default", "best"] = "default",
    codec: str = "tiled-dct",
    lossless: bool = False,
    model: ModelOption = None,
    preset: str | None = None,
    settings: Settings = (),
    seed: Seed = 0,
    threads: Threads = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_seconds: float | None = None,
    convert: bool = False,
    strip: Strip = None,
    recursive: Recursive = False,
    skip_existing: bool = False,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Compress pictures, one file out for each.

    Example: overtone encode photo.png -o photo.ovt --bpp 0.3

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: File, folder (for several inputs or a folder) or - for standard output; without it
            each result goes beside its source.
        quality: 1..100, larger is better and bigger; 50 if no goal is given.
        bpp: File size to reach within 3 %, bits per pixel; an upper limit for raw weights.
        size_bytes: File size to reach within 3 %, such as 5k or 1.5M; an upper limit for raw
            weights.
        max_size: File size to come near to but never above, such as 200k.
        psnr_db: PSNR to reach within 0.1 dB.
        effort: Time spent for fewer bytes.
        codec: Name of the codec.
        lossless: Pack JPEG files without loss, with --codec sparse-dct; needs the extra `jpeg`.
        model: Code small pictures with a trained dct-transformer, for this machine only.
        preset: Named settings of the codec, or a TOML file with such.
        settings: Change of a setting of `dfm`, such as width=8; may be given often.
        seed: Seed for all randomness.
        threads: Number of worker threads; all processors by default.
        max_pixels: Refuse pictures of more pixels, before they are decoded.
        max_seconds: Give up a picture that takes longer; no limit by default.
        convert: Read CMYK, 16 bits a sample and the first of several frames too, as 8 bits.
        strip: Leave out EXIF and ICC, or with `gps` only where the picture was taken.
        recursive: Search the folders in a folder too; -o gets the same folders.
        skip_existing: Leave out pictures that have a result.
        force: Replace files that exist.
        quiet: Print errors only.
    """
    from overtone.codecs.base import EncodeOptions
    from overtone.codecs.registry import get_codec, resolve_num_threads
    from overtone.codecs.target import check_goals
    from overtone.imaging.metadata import stripped

    chosen = get_codec(codec)
    values = parse_assignments(settings)
    goals = {
        "quality": quality,
        "bpp": bpp,
        "size_bytes": size_bytes,
        "max_size_bytes": max_size,
        "psnr_db": psnr_db,
    }
    if lossless or model is not None:
        _check_only_way(codec, goals, values, strip, convert=convert, lossless=lossless)
    outcome = Outcome(quiet=quiet)
    suffixes = JPEG_SUFFIXES if lossless else PICTURE_SUFFIXES
    sources = find_inputs(inputs, suffixes, outcome, recursive=recursive, output=output)
    plan = functools.partial(plan_jobs, skip_existing=skip_existing, force=force)
    jobs = plan(sources, output, chosen.suffix, outcome, endings=endings_like(chosen.suffix))
    if model is not None:
        return _encode_with_model(jobs, model, max_seconds, outcome, force=force)
    if lossless:
        limits = {"max_pixels": max_pixels, "max_seconds": max_seconds}
        return _repack_jpegs(jobs, limits, strip, outcome, force=force)
    num_threads = resolve_num_threads(threads)
    how: dict[str, Any] = {
        "effort": effort,
        "preset": preset,
        "settings": values,
        "seed": seed,
        "num_threads": num_threads,
    }
    # Mistakes that are no picture's fault are reported once, before the first picture is read.
    options = EncodeOptions(quality=50.0 if quality is None else quality, **how)
    check_goals(chosen, options, goals)
    # `_encode_picture` decodes the file, to measure its PSNR.
    encode_pixels = functools.partial(
        overtone.encode, codec=codec, verify=False, max_seconds=max_seconds, **goals, **how
    )

    def read(source: str) -> "Picture":
        return stripped(read_8_bits(source, convert=convert, max_pixels=max_pixels), strip)

    for job in jobs:
        with outcome.of(job, is_slow=True) as report:
            encode_job = functools.partial(encode_pixels, progress=report)
            outcome.say(_encode_picture(encode_job, chosen, job, read, num_threads, force=force))
    return outcome.exit_code()


def _encode_picture(
    encode_pixels: Callable[..., bytes],
    codec: "AbstractCodec",
    job: Job,
    read: "Callable[[str], Picture]",
    num_threads: int,
    *,
    force: bool,
) -> str:
    """One picture through `overtone.encode` with the settings of the command, and a line about it.

    The line has the size, the rate, the PSNR of what is decoded, and the time.
    """
    from overtone.codecs.base import full_view
    from overtone.codecs.view import render
    from overtone.metrics.psnr import psnr_db

    started = time.perf_counter()
    picture = read(job.source)
    height, width, _ = picture.pixels.shape
    data = encode_pixels(picture.pixels, metadata=picture.metadata)
    decoded = render(codec, data, full_view(width, height), num_threads=num_threads)
    reached_db = psnr_db(reference=picture.pixels, reconstruction=decoded)
    write_result(job, data, force=force)
    return (
        f"{job.source} -> {job.destination}: {len(data)} bytes, "
        f"{8 * len(data) / (width * height):.3f} bpp, {reached_db:.2f} dB, "
        f"{time.perf_counter() - started:.1f} s"
    )


def _encode_with_model(
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


def _check_only_way(
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


def _repack_jpegs(
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

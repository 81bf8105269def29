"""`overtone encode`: pictures to compressed files."""

import functools
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Inputs, ModelOption, Output, Seed, Settings, Threads
from overtone.cli.files import Job, Outcome, plan_jobs, run_jobs, write_bytes
from overtone.cli.progress import progress_bar
from overtone.cli.sources import (
    PICTURE_SUFFIXES,
    find_inputs,
    load_pictures,
    open_source,
    read_bytes,
)
from overtone.config import parse_assignments
from overtone.errors import ConfigError

if TYPE_CHECKING:
    from overtone.codecs.base import AbstractCodec

JPEG_SUFFIXES = frozenset({".jpeg", ".jpg"})


def encode(
    inputs: Inputs,
    /,
    *,
    output: Output = None,
    quality: float | None = None,
    bpp: float | None = None,
    size_bytes: Annotated[int | None, Parameter(name="--bytes")] = None,
    psnr_db: Annotated[float | None, Parameter(name="--psnr")] = None,
    effort: Literal["fast", "default", "best"] = "default",
    codec: str = "tiled-dct",
    lossless: bool = False,
    model: ModelOption = None,
    preset: str | None = None,
    settings: Settings = (),
    seed: Seed = 0,
    threads: Threads = None,
    force: bool = False,
) -> int:
    """Compress pictures, one file out for each.

    Example: overtone encode photo.png -o photo.ovt --bpp 0.3

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: File, folder (for several inputs) or - for standard output; without it each result
            goes beside its source.
        quality: 1..100, larger is better and bigger; 50 if no goal is given.
        bpp: File size to reach within 3 %, bits per pixel; an upper limit for raw weights.
        size_bytes: File size to reach within 3 %, bytes; an upper limit for raw weights.
        psnr_db: PSNR to reach within 0.1 dB.
        effort: Time spent for fewer bytes.
        codec: Name of the codec.
        lossless: Pack JPEG files without loss, with --codec sparse-dct; needs the extra `jpeg`.
        model: Code small pictures with a trained dct-transformer, for this machine only.
        preset: Named settings of the codec, or a TOML file with such.
        settings: Change of a setting of `dfm`, such as width=8; may be given often.
        seed: Seed for all randomness.
        threads: Number of worker threads; all processors by default.
        force: Replace files that exist.
    """
    from overtone.codecs.base import EncodeOptions
    from overtone.codecs.registry import check_goals, get_codec, resolve_num_threads

    chosen = get_codec(codec)
    values = parse_assignments(settings)
    if values and (lossless or model is not None):
        raise ConfigError("--set changes how dfm fits; leave out --lossless and --model")
    if lossless:
        wishes = {"quality": quality, "bpp": bpp, "bytes": size_bytes, "psnr": psnr_db}
        _check_lossless(codec, [name for name, value in wishes.items() if value is not None])
    sources = find_inputs(inputs, JPEG_SUFFIXES if lossless else PICTURE_SUFFIXES)
    jobs = plan_jobs(sources, output, chosen.suffix, force=force)
    if model is not None:
        return run_jobs(jobs, lambda job: _encode_with_model(job, model, force=force))
    if lossless:
        return run_jobs(jobs, lambda job: _repack_jpeg(job, force=force))
    num_threads = resolve_num_threads(threads)
    goals = {"quality": quality, "bpp": bpp, "size_bytes": size_bytes, "psnr_db": psnr_db}
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
    encode_pixels = functools.partial(overtone.encode, codec=codec, verify=False, **goals, **how)
    outcome = Outcome()
    for job in jobs:
        with outcome.of(job):
            _encode_picture(encode_pixels, chosen, job, num_threads=num_threads, force=force)
    return outcome.exit_code()


def _encode_picture(
    encode_pixels: Callable[..., bytes],
    codec: "AbstractCodec",
    job: Job,
    *,
    num_threads: int,
    force: bool,
) -> None:
    """One picture through `overtone.encode` with the settings of the command, and its PSNR."""
    from overtone.codecs.base import full_view
    from overtone.codecs.view import render
    from overtone.imaging.image import read_picture
    from overtone.metrics.psnr import psnr_db

    started = time.perf_counter()
    picture = read_picture(open_source(job.source))
    height, width, _ = picture.pixels.shape
    with progress_bar(f"{job.position} {job.source}".strip()) as report:
        data = encode_pixels(picture.pixels, metadata=picture.metadata, progress=report)
    decoded = render(codec, data, full_view(width, height), num_threads=num_threads)
    reached_db = psnr_db(reference=picture.pixels, reconstruction=decoded)
    write_bytes(job.destination, data, force=force)
    print(
        f"{job.source} -> {job.destination}: {len(data)} bytes, "
        f"{8 * len(data) / (width * height):.3f} bpp, {reached_db:.2f} dB, "
        f"{time.perf_counter() - started:.1f} s",
        file=sys.stderr,
    )


def _encode_with_model(job: Job, model: str, *, force: bool) -> None:
    """One picture, brought to the model's size, as the list that the model gives probabilities."""
    from overtone.codecs.dct_list import as_list_model
    from overtone.models.store import load_model

    chosen = load_model(model)
    _, pictures = load_pictures([job.source], chosen.spec)
    data = overtone.encode(pictures[0], model=as_list_model(chosen))
    write_bytes(job.destination, data, force=force)
    rate_bpp = 8 * len(data) / (chosen.spec.height * chosen.spec.width)
    print(
        f"{job.source} -> {job.destination}: {len(data)} bytes, {rate_bpp:.3f} bpp",
        file=sys.stderr,
    )


def _check_lossless(codec: str, goals: Sequence[str]) -> None:
    """Raises `ConfigError` for options that contradict --lossless."""
    if codec != "sparse-dct":
        raise ConfigError(f"--lossless needs --codec sparse-dct, got {codec}")
    if goals:
        raise ConfigError(f"--lossless keeps everything; leave out --{goals[0]}")


def _repack_jpeg(job: Job, *, force: bool) -> None:
    """One JPEG file with its coefficients coded anew."""
    started = time.perf_counter()
    original = read_bytes(job.source)
    data = overtone.repack_jpeg(original)
    write_bytes(job.destination, data, force=force)
    print(
        f"{job.source} -> {job.destination}: {len(data)} bytes, "
        f"{100 * len(data) / len(original) - 100:+.1f} % of {len(original)}, without loss, "
        f"{time.perf_counter() - started:.1f} s",
        file=sys.stderr,
    )

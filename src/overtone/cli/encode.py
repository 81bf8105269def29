"""`overtone encode`: pictures to compressed files."""

import io
import sys
import time
from typing import Annotated, Literal

from cyclopts import Parameter

from overtone.cli.arguments import Inputs, Output
from overtone.cli.files import (
    STREAM,
    Job,
    Outcome,
    find_inputs,
    plan_jobs,
    read_bytes,
    run_jobs,
    write_bytes,
)
from overtone.cli.progress import progress_bar
from overtone.errors import ConfigError

# What a folder is searched for; any other file Pillow reads can be named.
PICTURE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
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
    model: str | None = None,
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    force: bool = False,
) -> int:
    """Compress pictures, one file out for each.

    Example: overtone encode photo.png -o photo.ovt --bpp 0.3

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: File, folder (for several inputs) or - for standard output; without it each result
            goes beside its source.
        quality: 1..100, larger is better and bigger; 50 if no goal is given.
        bpp: File size to reach within 3 %, bits per pixel.
        size_bytes: File size to reach within 3 %, bytes.
        psnr_db: PSNR to reach within 0.1 dB.
        effort: Time spent for fewer bytes.
        codec: Name of the codec.
        lossless: Pack JPEG files without loss, with --codec sparse-dct; needs the extra `jpeg`.
        model: Code small pictures with a trained dct-transformer, for this machine only.
        preset: Named settings of the codec.
        seed: Seed for all randomness.
        threads: Number of worker threads; all processors by default.
        force: Replace files that exist.
    """
    from overtone.codecs.base import full_view
    from overtone.codecs.registry import encode as encode_pixels
    from overtone.codecs.registry import get_codec, resolve_num_threads
    from overtone.codecs.view import render
    from overtone.imaging.image import read_picture
    from overtone.metrics.psnr import psnr_db as measure_psnr_db

    chosen = get_codec(codec)
    if lossless:
        goals = {"quality": quality, "bpp": bpp, "bytes": size_bytes, "psnr": psnr_db}
        _check_lossless(codec, [name for name, value in goals.items() if value is not None])
    sources = find_inputs(inputs, JPEG_SUFFIXES if lossless else PICTURE_SUFFIXES)
    jobs = plan_jobs(sources, output, chosen.suffix, force=force)
    if model is not None:
        return run_jobs(jobs, lambda job: _encode_with_model(job, model, force=force))
    if lossless:
        return run_jobs(jobs, lambda job: _repack(job, force=force))
    num_threads = resolve_num_threads(threads)

    def work(job: Job) -> None:
        started = time.perf_counter()
        picture = read_picture(
            io.BytesIO(read_bytes(STREAM)) if job.source == STREAM else job.source
        )
        height, width, _ = picture.pixels.shape
        with progress_bar(f"{job.position} {job.source}".strip()) as report:
            data = encode_pixels(
                picture.pixels,
                codec=codec,
                quality=quality,
                bpp=bpp,
                size_bytes=size_bytes,
                psnr_db=psnr_db,
                effort=effort,
                preset=preset,
                seed=seed,
                num_threads=num_threads,
                metadata=picture.metadata,
                progress=report,
                verify=False,  # the file is decoded below, where its PSNR is measured
            )
        decoded = render(chosen, data, full_view(width, height), num_threads=num_threads)
        reached_db = measure_psnr_db(reference=picture.pixels, reconstruction=decoded)
        write_bytes(job.destination, data, force=force)
        print(
            f"{job.source} -> {job.destination}: {len(data)} bytes, "
            f"{8 * len(data) / (width * height):.3f} bpp, {reached_db:.2f} dB, "
            f"{time.perf_counter() - started:.1f} s",
            file=sys.stderr,
        )

    outcome = Outcome()
    for job in jobs:
        with outcome.of(job):
            work(job)
    return outcome.exit_code()


def _encode_with_model(job: Job, model: str, *, force: bool) -> None:
    from overtone.cli.reconstruct import load_pictures
    from overtone.codecs.dct_list import as_list_model
    from overtone.codecs.registry import encode as encode_pixels
    from overtone.models.store import load_model

    chosen = load_model(model)
    _, pictures = load_pictures([job.source], chosen.spec)
    data = encode_pixels(pictures[0], model=as_list_model(chosen))
    write_bytes(job.destination, data, force=force)
    rate_bpp = 8 * len(data) / (chosen.spec.height * chosen.spec.width)
    print(
        f"{job.source} -> {job.destination}: {len(data)} bytes, {rate_bpp:.3f} bpp",
        file=sys.stderr,
    )


def _check_lossless(codec: str, goals: list[str]) -> None:
    """Raises `ConfigError` for options that contradict --lossless."""
    if codec != "sparse-dct":
        raise ConfigError(f"--lossless needs --codec sparse-dct, got {codec}")
    if goals:
        raise ConfigError(f"--lossless keeps everything; leave out --{goals[0]}")


def _repack(job: Job, *, force: bool) -> None:
    from overtone.codecs.sparse_dct.jpeg import repack_jpeg

    started = time.perf_counter()
    original = read_bytes(job.source)
    data = repack_jpeg(original)
    write_bytes(job.destination, data, force=force)
    print(
        f"{job.source} -> {job.destination}: {len(data)} bytes, "
        f"{100 * len(data) / len(original) - 100:+.1f} % of {len(original)}, without loss, "
        f"{time.perf_counter() - started:.1f} s",
        file=sys.stderr,
    )

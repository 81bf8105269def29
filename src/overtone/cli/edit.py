"""`overtone edit`: pictures changed in the frequency domain, or along what a model has learned."""

import io
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Inputs, RequiredOutput, Size
from overtone.cli.editing_latents import edit_with_model
from overtone.cli.encode import PICTURE_SUFFIXES
from overtone.cli.files import (
    STREAM,
    Job,
    find_inputs,
    plan_jobs,
    read_bytes,
    run_jobs,
    write_bytes,
)
from overtone.errors import ConfigError, ImageError

if TYPE_CHECKING:
    import numpy as np

    from overtone.editing.notch import Pattern
    from overtone.imaging.high_depth import DeepPicture
    from overtone.shapes import UInt

_MAX_LISTED = 6  # patterns named in the line about a picture


def edit(
    inputs: Inputs,
    /,
    *,
    output: RequiredOutput,
    gain: str | None = None,
    keep_bands: str | None = None,
    notch: bool = False,
    notch_threshold: float | None = None,
    notch_at: Annotated[list[str] | None, Parameter(allow_leading_hyphen=True)] = None,
    match: str | None = None,
    mix: str | None = None,
    cutoff: float | None = None,
    domain: Annotated[Literal["dct", "dft"], Parameter(name="--on")] = "dct",
    edge: float = 1.0,
    luma: bool = False,
    bits: Literal[8, 16] | None = None,
    model: str | None = None,
    direction: list[str] | None = None,
    toward: list[str] | None = None,
    size: Size = None,
    rest: Literal["keep", "drop"] | None = None,
    force: bool = False,
) -> int:
    """Change the frequencies of pictures, or what a model knows of them.

    Bands are low, mid, high, or ranges of cycles per image such as 8-40 and 40-: periods along the
    longer side. Several changes are made in the order notch, mix, match, keep-bands, gain.

    Example: overtone edit photo.png -o crisp.png --gain high=1.5

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: File, folder for several pictures, or - for a PNG on standard output.
        gain: Factors of bands, BAND=F[,BAND=F...]; 1 changes nothing.
        keep_bands: BAND[,BAND...]; everything else is removed but the mean.
        notch: Find periodic patterns, such as scan lines or halftone dots, and take them out.
        notch_threshold: Decibels that a pattern stands out; 18 by default, less finds more.
        notch_at: X,Y of a pattern to take out: cycles per image to the right and down; repeatable.
        match: Picture whose radial spectrum is taken over.
        mix: Picture that gives the frequencies above the cutoff.
        cutoff: Of --mix, cycles per image; half of the octaves by default.
        domain: Transform that is filtered; with dft opposite borders bleed into each other.
        edge: Width of the edges of bands, octaves; narrow ones ring.
        luma: Change the brightness and leave the colours.
        bits: Of a sample of the result; those of the picture by default.
        model: Edit through a model, at its size: gains change the atoms of a spectral dictionary.
        direction: N=AMOUNT: move along the N-th principal direction of the model's latents, in
            standard deviations; N=FROM:TO:COUNT writes a row; repeatable.
        toward: CLASS=AMOUNT or CLASS=FROM:TO:COUNT: move from the picture's class to another.
        size: WxH of what the model draws; as trained by default.
        rest: What the model cannot express; by default kept with gains, dropped with moves.
        force: Replace files that exist.
    """
    gains = None if gain is None else parse_gains(gain)
    kept = [] if keep_bands is None else keep_bands.split(",")
    for_models = {"direction": direction, "toward": toward, "size": size, "rest": rest}
    for_pictures = {
        "notch": notch,
        "notch-at": notch_at,
        "match": match,
        "on": domain == "dft",
        "luma": luma,
        "bits": bits,
    }
    _refuse_any(for_pictures if model else for_models, model)
    if notch_threshold is not None and not notch:
        raise ConfigError("--notch-threshold is for --notch; give it too")
    if model is not None:
        return edit_with_model(
            inputs,
            model,
            output,
            directions=direction or (),
            classes=toward or (),
            gain=gains,
            keep_bands=kept,
            mix=mix,
            cutoff=cutoff,
            edge_octaves=edge,
            size=size,
            rest=rest,
            force=force,
        )
    if not (gain or keep_bands or notch or notch_at or match or mix or bits):
        raise ConfigError("nothing to do; give --gain, --keep-bands, --notch, --match or --mix")
    frequencies = [_two_numbers(each) for each in notch_at or ()]
    sources = find_inputs(inputs, PICTURE_SUFFIXES)
    jobs = plan_jobs(sources, output, ".png", force=force)
    from overtone.editing.notch import THRESHOLD_DB
    from overtone.imaging.high_depth import DeepPicture, deep_picture_to_bytes

    match_pixels, mix_pixels = (
        None if name is None else _other_pixels(name) for name in (match, mix)
    )
    named = {"mix": mix, "match": match, "keep-bands": keep_bands, "gain": gain}
    words = [f"{name} {value}" for name, value in named.items() if value is not None]
    words = [*(["luma only"] if luma else []), *words]
    words = [*(["on dft"] if domain == "dft" else []), *words]

    def work(job: Job) -> None:
        picture = _read(job.source)
        patterns: list[Pattern] = []
        pixels = overtone.edit(
            picture.pixels,
            gain=gains,
            keep_bands=kept,
            notch=notch,
            notch_threshold_db=THRESHOLD_DB if notch_threshold is None else notch_threshold,
            notch_frequencies=frequencies,
            match=match_pixels,
            mix=mix_pixels,
            cutoff=cutoff,
            domain=domain,
            edge_octaves=edge,
            luma_only=luma,
            bits=bits,
            found=patterns.extend,
        )
        suffix = ".png" if job.destination == STREAM else pathlib.PurePath(job.destination).suffix
        data = deep_picture_to_bytes(DeepPicture(pixels, picture.metadata), suffix)
        write_bytes(job.destination, data, force=force)
        height, width = pixels.shape[:2]
        done = [f"{width}x{height} pixels"]
        if notch or frequencies:
            done.append(_about(patterns, max(height, width)))
        print(f"{job.source} -> {job.destination}: {', '.join([*done, *words])}", file=sys.stderr)

    return run_jobs(jobs, work)


def _refuse_any(options: Mapping[str, object], model: str | None) -> None:
    for name, value in options.items():
        if value:
            where = "cannot be used with" if model else "needs"
            raise ConfigError(f"--{name} {where} --model")


def parse_gains(text: str) -> dict[str, float]:
    """The gain of each band in a text such as low=1,8-40=1.4.

    Raises:
        ConfigError: It has another form, or names a band twice.
    """
    gains: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals:
            raise ConfigError(f"a gain is given as BAND=FACTOR, such as high=0.5; got {part!r}")
        if name in gains:
            raise ConfigError(f"band {name} has two gains; give one")
        gains[name] = _number(value, f"the gain of band {name}")
    return gains


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{what} must be a number, got {text!r}") from None


def _two_numbers(text: str) -> tuple[float, float]:
    parts = text.split(",")
    if len(parts) != 2:
        raise ConfigError(f"a pattern is given as X,Y in cycles per image, got {text!r}")
    x, y = (_number(part, "a pattern's frequency") for part in parts)
    return x, y


def _other_pixels(name: str) -> "UInt[np.ndarray, 'h w c']":
    """Of the one picture that is edited with; an error names it."""
    try:
        return _read(name).pixels
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error


def _read(source: str) -> "DeepPicture":
    from overtone.imaging.high_depth import read_deep_picture

    return read_deep_picture(io.BytesIO(read_bytes(STREAM)) if source == STREAM else source)


def _about(patterns: "Sequence[Pattern]", longest_px: int) -> str:
    """What was taken out, in words."""
    if not patterns:
        return "no periodic pattern found"
    lines = [
        f"{each.cycles_x:.1f},{each.cycles_y:.1f} "
        f"(period {longest_px / each.cycles:.2f} px, amplitude {each.amplitude:.1f})"
        for each in patterns[:_MAX_LISTED]
    ]
    more = len(patterns) - len(lines)
    counted = f"{len(patterns)} pattern{'s' if len(patterns) > 1 else ''}"
    return f"took out {counted} at {' '.join(lines)}" + (f" and {more} more" if more else "")

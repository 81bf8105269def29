"""`overtone edit`: pictures changed in the frequency domain, or along what a model has learned."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import overtone
from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.cli.arguments import Inputs, ModelOption, Quiet, Recursive, RequiredOutput, Size
from overtone.cli.edit_match import read_match
from overtone.cli.edit_options import ModelEdit, parse_frequency, parse_gains
from overtone.cli.files import plan_jobs, run_jobs, suffix_of, write_result
from overtone.cli.outcome import Job, Outcome
from overtone.cli.pictures import check_output, write_pictures
from overtone.cli.sources import (
    find_inputs,
    load_pictures,
    read_8_or_16_bits,
    read_named_picture,
)
from overtone.errors import ConfigError
from overtone.imaging.formats import PICTURE_SUFFIXES

if TYPE_CHECKING:
    import numpy as np

    from overtone.editing.notch import Pattern
    from overtone.editing.through_model import Move
    from overtone.imaging.high_depth import DeepPicture
    from overtone.models.base import ImageSpec
    from overtone.models.latent import AbstractLatentModel
    from overtone.shapes import UInt, UInt8

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
    match_each: bool = False,
    mix: str | None = None,
    cutoff: float | None = None,
    domain: Annotated[Literal["dct", "dft"], Parameter(name="--on")] = "dct",
    edge: float = 1.0,
    luma: bool = False,
    bits: Literal[8, 16] | None = None,
    model: ModelOption = None,
    direction: list[str] | None = None,
    toward: list[str] | None = None,
    size: Size = None,
    residual: Literal["keep", "drop"] | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    convert: bool = False,
    recursive: Recursive = False,
    skip_existing: bool = False,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Change the frequencies of pictures, or what a model knows of them.

    Bands are low, mid, high, or ranges of cycles per image such as 8-40 and 40-: periods along the
    longer side. Several changes are made in the order notch, mix, match, keep-bands, gain.

    Example: overtone edit photo.png -o crisp.png --gain high=1.5

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: File, folder for several pictures or a folder, or - for a PNG on standard output.
        gain: Factors of bands, BAND=F[,BAND=F...]; 1 changes nothing.
        keep_bands: BAND[,BAND...]; everything else is removed but the mean.
        notch: Find periodic patterns, such as scan lines or halftone dots, and take them out.
        notch_threshold: Decibels that a pattern stands out; 18 by default, less finds more.
        notch_at: X,Y of a pattern to take out: cycles per image to the right and down; repeatable.
        match: Picture whose radial spectrum is taken over; or a folder, whose pictures' colours and
            spectrum are given to the inputs as a set, so that they still differ.
        match_each: With a folder: give them to each picture by itself.
        mix: Picture that gives the frequencies above the cutoff.
        cutoff: Cutoff of --mix, cycles per image; half of the octaves by default.
        domain: Transform that is filtered; with dft opposite borders bleed into each other.
        edge: Width of the edges of bands, octaves; narrow ones ring.
        luma: Change the brightness and leave the colours.
        bits: Bits of a sample of the result; those of the picture by default.
        model: Edit through a model, at its size: gains change the atoms of a spectral dictionary.
        direction: N=AMOUNT: move along the N-th principal direction of the model's latents, in
            standard deviations; N=FROM:TO:COUNT writes a row; repeatable.
        toward: CLASS=AMOUNT or CLASS=FROM:TO:COUNT: move from the picture's class to another.
        size: WxH of what the model draws; as trained by default.
        residual: What the model cannot express; by default kept with gains, dropped with moves.
        max_pixels: Refuse pictures of more pixels, before they are decoded.
        convert: Read CMYK as RGB, and the first of several frames.
        recursive: Search the folders in a folder too; -o gets the same folders.
        skip_existing: Leave out pictures that have a result.
        force: Replace files that exist.
        quiet: Print errors only.
    """
    gains = None if gain is None else parse_gains(gain)
    kept = [] if keep_bands is None else keep_bands.split(",")
    for_models = {"direction": direction, "toward": toward, "size": size, "residual": residual}
    for_pictures = {"notch": notch, "notch-at": notch_at, "match": match, "luma": luma}
    for_pictures |= {"on": domain == "dft", "bits": bits, "skip-existing": skip_existing}
    for_pictures["match-each"] = match_each
    _refuse_any(for_pictures if model else for_models, model)
    _check_pairs(notch_threshold, cutoff, notch=notch, mix=mix)
    outcome = Outcome(quiet=quiet)
    if model is not None:
        moves = direction or (), toward or ()
        asked = ModelEdit(*moves, gains, kept, mix, cutoff, edge, size, residual)
        load = functools.partial(load_pictures, inputs, outcome=outcome, recursive=recursive)
        _edit_with_model(load, output, model, asked, outcome, force=force)
        return outcome.exit_code()
    if not (gain or keep_bands or notch or notch_at or match or match_each or mix or bits):
        raise ConfigError("nothing to do; give --gain, --keep-bands, --notch, --match or --mix")
    frequencies = [parse_frequency(each) for each in notch_at or ()]
    sources = find_inputs(inputs, PICTURE_SUFFIXES, outcome, recursive=recursive, output=output)
    jobs = plan_jobs(sources, output, ".png", outcome, skip_existing=skip_existing, force=force)
    read = functools.partial(read_8_or_16_bits, convert=convert, max_pixels=max_pixels)
    from overtone.editing.notch import THRESHOLD_DB

    change = functools.partial(
        overtone.edit,
        gain=gains,
        keep_bands=kept,
        notch=notch,
        notch_threshold_db=THRESHOLD_DB if notch_threshold is None else notch_threshold,
        notch_frequencies=frequencies,
        match=read_match(match, sources, read, each=match_each, domain=domain, quiet=quiet),
        mix=None if mix is None else read_named_picture(mix, read).pixels,
        cutoff=cutoff,
        domain=domain,
        edge_octaves=edge,
        luma_only=luma,
        bits=bits,
    )
    named = {"on": "dft" if domain == "dft" else None, "luma": "only" if luma else None}
    named |= {"mix": mix, "match": match, "keep-bands": keep_bands, "gain": gain}
    words = [f"{name} {value}" for name, value in named.items() if value is not None]

    def work(job: Job) -> None:
        has_notch = notch or bool(frequencies)
        said = _edit_picture(change, read(job.source), job, has_notch=has_notch, force=force)
        outcome.say(f"{job.source} -> {job.destination}: {', '.join([*said, *words])}")

    return run_jobs(jobs, outcome, work)


def _refuse_any(options: Mapping[str, object], model: str | None) -> None:
    for name, value in options.items():
        if value:
            where = "cannot be used with" if model else "needs"
            raise ConfigError(f"--{name} {where} --model")


def _check_pairs(
    notch_threshold: float | None, cutoff: float | None, *, notch: bool, mix: str | None
) -> None:
    if notch_threshold is not None and not notch:
        raise ConfigError("--notch-threshold is for --notch; give it too")
    if cutoff is not None and mix is None:
        raise ConfigError("--cutoff is for --mix; give the picture to mix with too")


def _edit_picture(
    change: "Callable[..., UInt[np.ndarray, 'h w c']]",
    picture: "DeepPicture",
    job: Job,
    *,
    has_notch: bool,
    force: bool,
) -> list[str]:
    """One picture through `overtone.edit` with the settings of the command, and words about it."""
    from overtone.imaging.high_depth import DeepPicture, deep_picture_to_bytes

    patterns: list[Pattern] = []
    pixels = change(picture.pixels, found=patterns.extend)
    suffix = suffix_of(job.destination)
    data = deep_picture_to_bytes(DeepPicture(pixels, picture.metadata), suffix)
    write_result(job, data, force=force)
    height, width = pixels.shape[:2]
    said = [f"{width}x{height} pixels"]
    return [*said, _about(patterns, max(height, width))] if has_notch else said


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


def _edit_with_model(
    load: "Callable[[ImageSpec], tuple[list[str], UInt8[np.ndarray, 'n h w c']]]",
    output: str,
    model: str,
    asked: ModelEdit,
    outcome: Outcome,
    *,
    force: bool,
) -> None:
    """Brings the pictures to the model's size, edits and writes them: with steps, a row for each.

    Raises:
        ConfigError: As `edit_atoms` and `move_latents`.
    """
    check_output(output, force=force)
    from overtone.tasks.latents import latent_model

    moves = asked.moves()
    chosen = latent_model(model, "edit")
    names, pictures = load(chosen.spec)
    results = _moved(chosen, pictures, moves, asked) if moves else _banded(chosen, pictures, asked)
    steps = results.shape[1]
    if steps > 1:
        names = [f"{name}-{step:02}" for name in names for step in range(steps)]
    drawn = results.reshape(-1, *results.shape[2:])
    row = next((len(move.amounts) for move in reversed(moves) if len(move.amounts) > 1), None)
    write_pictures(output, drawn, names=names, num_columns=row, force=force)
    height, width = drawn.shape[1:3]
    outcome.say(f"{model} -> {output}: {len(drawn)} of {width}x{height} pixels, {asked}")


def _moved(
    model: "AbstractLatentModel",
    pictures: "UInt8[np.ndarray, 'n h w c']",
    moves: "Sequence[Move]",
    asked: ModelEdit,
) -> "UInt8[np.ndarray, 'n steps out_h out_w c']":
    from overtone.cli.progress import progress_bar
    from overtone.editing.through_model import move_latents

    with progress_bar("editing") as progress:
        return move_latents(
            model,
            pictures,
            moves,
            size=asked.size and (asked.size[1], asked.size[0]),
            residual=asked.residual or "drop",
            progress=progress,
        )


def _banded(
    model: "AbstractLatentModel", pictures: "UInt8[np.ndarray, 'n h w c']", asked: ModelEdit
) -> "UInt8[np.ndarray, 'n 1 out_h out_w c']":
    from overtone.editing.bands import BandGains
    from overtone.editing.mix import Mix
    from overtone.editing.through_model import edit_atoms

    mix = None
    if asked.mix is not None:
        _, others = load_pictures([asked.mix], model.spec, Outcome())
        if len(others) > 1:
            raise ConfigError(f"--mix takes one picture; {asked.mix} has {len(others)}")
        mix = Mix(others[0], asked.cutoff, asked.edge_octaves)
    return edit_atoms(
        model,
        pictures,
        BandGains(asked.keep_bands, asked.gain, asked.edge_octaves),
        mix=mix,
        size=asked.size and (asked.size[1], asked.size[0]),
        residual=asked.residual or "keep",
    )[:, None]

"""`overtone upscale`: detail for small pictures."""

import dataclasses
from typing import Annotated

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import (
    ClassName,
    Count,
    Inputs,
    Model,
    Quiet,
    Recursive,
    RequiredOutput,
    Seed,
    Threads,
)
from overtone.cli.outcome import Outcome
from overtone.cli.pictures import check_output, write_results
from overtone.cli.sources import load_pictures
from overtone.errors import ConfigError


def upscale(
    model: Model,
    images: Inputs,
    /,
    *,
    output: RequiredOutput,
    factor: int = 2,
    num_results: Annotated[Count, Parameter(name=["--num-results", "-n"])] = 1,
    seed: Seed = 0,
    temperature: float = 1.0,
    class_name: ClassName = None,
    originals: bool = False,
    recursive: Recursive = False,
    threads: Threads = None,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Draw larger pictures whose low frequencies are those of the pictures given.

    Each picture is first resized and cropped to the size of the model's pictures over the factor.

    Example: overtone upscale run small.png --factor 2 -n 4 -o large.png

    Args:
        model: File of a dct-transformer of the order low-first, or the folder of its run.
        images: Pictures, folders of pictures or globs.
        output: A picture file for one grid, a row for each picture, a folder for a PNG each, .npz,
            or - for a grid on standard output.
        factor: 2, 4, ... below the model's block size.
        num_results: Different results for each picture.
        seed: Seed for all randomness.
        temperature: Spread of the detail; smaller is less varied.
        class_name: All of this class, by name or number, where the model knows classes.
        originals: Before the results of each picture what they were drawn from, enlarged.
        recursive: Search the folders in a folder too; a folder given with -o gets the same folders.
        threads: Number of worker threads; all processors by default.
        force: Replace files that exist.
        quiet: Say nothing but errors.
    """
    check_output(output, force=force)
    from overtone.cli.progress import progress_bar
    from overtone.models.compute import torch_threads
    from overtone.models.store import load_model

    chosen = load_model(model)
    outcome = Outcome(quiet=quiet)
    if factor < 1:
        raise ConfigError(f"--factor must be 2, 4, ..., got {factor}")
    height, width = (max(1, length // factor) for length in (chosen.spec.height, chosen.spec.width))
    names, given = load_pictures(
        images,
        dataclasses.replace(chosen.spec, height=height, width=width),
        outcome,
        recursive=recursive,
    )
    with progress_bar("drawing", quiet=quiet) as progress, torch_threads(threads):
        results = overtone.upscale(
            chosen,
            given,
            factor=factor,
            num_results=num_results,
            seed=seed,
            temperature=temperature,
            class_name=class_name,
            progress=progress,
        )
    before = given if originals else None
    said = write_results(output, results, names=names, originals=before, force=force)
    outcome.say(f"{model} -> {output}: {said}, seed {seed}")
    return outcome.exit_code()

"""`overtone colorize`: colours for gray pictures."""

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


def colorize(
    model: Model,
    images: Inputs,
    /,
    *,
    output: RequiredOutput,
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
    """Draw colours for pictures; their luma stays as it is, to within 1 of 255.

    Each picture is first resized and cropped to what the model was trained on.

    Example: overtone colorize run gray.png -n 4 -o colours.png

    Args:
        model: File of a dct-transformer of the order luma-first, or the folder of its run.
        images: Pictures, folders of pictures or globs; of colour pictures the luma is used.
        output: A picture file for one grid, a row for each picture, a folder for a PNG each, .npz,
            or - for a grid on standard output.
        num_results: Different results for each picture.
        seed: Seed for all randomness.
        temperature: Spread of the colours; smaller is less varied.
        class_name: All of this class, by name or number, where the model knows classes.
        originals: Before the results of each picture what they were drawn from.
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
    names, given = load_pictures(images, chosen.spec, outcome, recursive=recursive)
    with progress_bar("drawing", quiet=quiet) as progress, torch_threads(threads):
        results = overtone.colorize(
            chosen,
            given,
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

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
from overtone.cli.complete import Completion, complete


def colorize(
    model: Model,
    images: Inputs,
    /,
    *,
    output: RequiredOutput,
    num_results: Annotated[Count, Parameter(name=["--num-results", "-n"])] = 1,
    average: Count = 1,
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

    A dct-completer takes pictures of any size; for a dct-transformer each is first resized and
    cropped to what the model was trained on.

    Example: overtone colorize run gray.png -n 4 -o colours.png

    Args:
        model: File of a dct-completer trained to colorize, or of a dct-transformer of the order
            luma-first; or the folder of its run.
        images: Pictures, folders of pictures or globs; of colour pictures the luma is used.
        output: A picture file for one grid, a row for each picture, a folder for a PNG each, .npz,
            or - for a grid on standard output.
        num_results: Different results for each picture.
        average: Draws that each result is the mean of.
        seed: Seed for all randomness.
        temperature: Spread of the colours; smaller is less varied. 0: the predicted mean alone, of
            a dct-completer.
        class_name: All of this class, by name or number, where the model knows classes.
        originals: Before the results of each picture what they were drawn from.
        recursive: Search the folders in a folder too; a folder given with -o gets the same folders.
        threads: Number of worker threads; all processors by default.
        force: Replace files that exist.
        quiet: Say nothing but errors.
    """
    completion = Completion(
        model=model,
        images=images,
        output=output,
        originals=originals,
        recursive=recursive,
        threads=threads,
        force=force,
        quiet=quiet,
    )
    options = {
        "num_results": num_results,
        "average": average,
        "seed": seed,
        "temperature": temperature,
        "class_name": class_name,
    }
    return complete(completion, overtone.colorize, options)

"""`overtone upscale`: detail for small pictures."""

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
from overtone.errors import ConfigError


def upscale(
    model: Model,
    images: Inputs,
    /,
    *,
    output: RequiredOutput,
    factor: int = 2,
    num_results: Annotated[Count, Parameter(name=["--num-results", "-n"])] = 1,
    average: Count = 1,
    seed: Seed = 0,
    temperature: float | None = None,
    class_name: ClassName = None,
    originals: bool = False,
    recursive: Recursive = False,
    threads: Threads = None,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Draw larger pictures whose low frequencies are those of the pictures given.

    A dct-completer takes pictures of any size; for a dct-transformer each is first resized and
    cropped to the size of the model's pictures over the factor.

    Example: overtone upscale run small.png --factor 2 -n 4 -o large.png

    Args:
        model: File of a dct-completer trained to upscale, or of a dct-transformer of the order
            low-first; or the folder of its run.
        images: Pictures, folders of pictures or globs.
        output: A picture file for one grid, a row for each picture, a folder for a PNG each, .npz,
            or - for a grid on standard output.
        factor: 2, 4, ...; below the block size of a dct-transformer.
        num_results: Different results for each picture.
        average: Draws that each result is the mean of.
        seed: Seed for all randomness.
        temperature: Spread of the detail; smaller is less varied. 0: the predicted mean alone, of
            a dct-completer, which is the default for one result of one draw; otherwise 1.
        class_name: All of this class, by name or number, where the model knows classes.
        originals: Before the results of each picture what they were drawn from, enlarged.
        recursive: Search the folders in a folder too; a folder given with -o gets the same folders.
        threads: Number of worker threads; all processors by default.
        force: Replace files that exist.
        quiet: Say nothing but errors.
    """
    if factor < 1:
        raise ConfigError(f"--factor must be 2, 4, 8, ..., got {factor}")
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
        "factor": factor,
        "num_results": num_results,
        "average": average,
        "seed": seed,
        "temperature": temperature,
        "class_name": class_name,
    }
    return complete(completion, overtone.upscale, options)

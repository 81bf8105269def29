"""`overtone upscale`: detail for small pictures."""

import functools
from typing import Annotated

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Inputs, RequiredOutput
from overtone.cli.completing import complete


def upscale(
    images: Inputs,
    /,
    *,
    model: str,
    output: RequiredOutput,
    factor: int = 2,
    num_results: Annotated[int, Parameter(name=["--num-results", "-n"])] = 1,
    seed: int = 0,
    temperature: float = 1.0,
    class_name: Annotated[str | None, Parameter(name="--class")] = None,
    originals: bool = False,
    force: bool = False,
) -> int:
    """Draw larger pictures whose low frequencies are those of the pictures given.

    Each picture is first resized and cropped to the size of the model's pictures over the factor.

    Example: overtone upscale small.png --model run --factor 2 -n 4 -o large.png

    Args:
        images: Pictures, folders of pictures or globs.
        model: File of a dct-transformer of the order low-first, or the folder of its run.
        output: A picture file for one grid, a row for each picture, a folder for a PNG each, .npz,
            or - for a grid on standard output.
        factor: 2, 4, ... below the model's block size.
        num_results: Different results for each picture.
        seed: Of everything random.
        temperature: Spread of the detail; smaller is less varied.
        class_name: All of this class, by name or number, where the model knows classes.
        originals: Before the results of each picture what they were drawn from, enlarged.
        force: Replace files that exist.
    """
    return complete(
        functools.partial(overtone.upscale, factor=factor),
        images,
        model,
        output,
        shrink=factor,
        num_results=num_results,
        seed=seed,
        temperature=temperature,
        class_name=class_name,
        originals=originals,
        force=force,
    )

"""`overtone reconstruct`: pictures through a model's encoder and decoder."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import (
    Count,
    Device,
    Inputs,
    Model,
    Quiet,
    Recursive,
    RequiredOutput,
    Size,
    Threads,
)
from overtone.cli.outcome import Outcome
from overtone.cli.pictures import check_output, write_pictures
from overtone.cli.sources import load_pictures

if TYPE_CHECKING:
    import numpy as np

    from overtone.shapes import UInt8


def reconstruct(
    model: Model,
    images: Inputs,
    /,
    *,
    output: RequiredOutput,
    size: Size = None,
    num_images: Annotated[Count | None, Parameter(name=["--num-images", "-n"])] = None,
    split: Literal["train", "test", "all"] = "train",
    originals: bool = False,
    solve: bool = False,
    recursive: Recursive = False,
    device: Device = "cpu",
    threads: Threads = None,
    quiet: Quiet = False,
    force: bool = False,
) -> int:
    """Encode pictures with a model and decode them again, at any size.

    Each picture is first resized and cropped to what the model was trained on.

    Example: overtone reconstruct fashion-mnist shirts -o again.png --originals

    Args:
        model: Name of a model that comes with the package, its file, or the folder of a run.
        images: Pictures, folders of pictures or globs; or one data set as in `overtone train`.
        output: A picture file for one grid, a folder for a PNG each, .npz, or - for a grid on
            standard output.
        size: WxH in pixels, evaluated by the model, not resampled; as trained by default.
        num_images: Only the first so many.
        split: Which part of a data set.
        originals: Before each one its original, resized where the sizes differ.
        solve: Find the latents by least squares instead of the encoder, of a spectral dictionary.
        recursive: Search the folders in a folder too; a folder given with -o gets the same folders.
        device: Where the model computes; auto is cuda where there is a card.
        threads: Number of worker threads; all processors by default.
        quiet: Say nothing but errors.
        force: Replace files that exist.
    """
    check_output(output, force=force)
    import numpy as np

    from overtone.cli.progress import progress_bar
    from overtone.data.pixels import resized
    from overtone.metrics import psnr_db
    from overtone.models.compute import torch_threads
    from overtone.models.store import load_model

    chosen = load_model(model, device=device)
    outcome = Outcome()
    names, pictures = load_pictures(images, chosen.spec, outcome, recursive=recursive, split=split)
    names, pictures = names[:num_images], pictures[:num_images]
    with progress_bar("reconstructing", quiet=quiet) as progress, torch_threads(threads):
        shape = size and (size[1], size[0])
        again = overtone.reconstruct(chosen, pictures, size=shape, solve=solve, progress=progress)
    height, width = again.shape[1:3]
    line = f"{len(again)} of {width}x{height} pixels"
    if again.shape == pictures.shape:
        # One column of pictures: the score of the mean squared error over all of them.
        column = (-1, width, again.shape[3])
        score = psnr_db(reference=pictures.reshape(column), reconstruction=again.reshape(column))
        line += f", {score:.2f} dB"
    if originals:
        before = resized(pictures, (height, width))
        pairs = zip([f"{name}-original" for name in names], names, strict=True)
        names = [name for pair in pairs for name in pair]
        again = np.stack([before, again], axis=1).reshape(-1, *again.shape[1:])
    write_pictures(output, again, names=names, num_columns=_columns(again, originals), force=force)
    outcome.say(f"{model} -> {output}: {line}")
    return outcome.exit_code()


def _columns(pictures: "UInt8[np.ndarray, 'n h w c']", originals: bool) -> int | None:
    """An even number of columns keeps each original beside its reconstruction."""
    if not originals:
        return None
    count, height, width, _ = pictures.shape
    return max(2, 2 * round((count * height / width) ** 0.5 / 2))

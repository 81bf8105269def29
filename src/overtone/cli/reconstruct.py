"""`overtone reconstruct`: pictures through a model's encoder and decoder."""

import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Inputs, RequiredOutput, Size
from overtone.cli.encode import PICTURE_SUFFIXES
from overtone.cli.exits import EXIT_DONE
from overtone.cli.files import find_inputs
from overtone.cli.pictures import check_output, write_pictures
from overtone.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from overtone.models.base import ImageSpec
    from overtone.shapes import UInt8


def reconstruct(
    model: Annotated[str, Parameter(name="MODEL")],
    images: Inputs,
    /,
    *,
    output: RequiredOutput,
    size: Size = None,
    num_images: Annotated[int | None, Parameter(name=["--num-images", "-n"])] = None,
    split: Literal["train", "test", "all"] = "train",
    originals: bool = False,
    solve: bool = False,
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
        force: Replace files that exist.
    """
    check_output(output, force=force)
    import numpy as np

    from overtone.cli.progress import progress_bar
    from overtone.data.pixels import resized
    from overtone.metrics import psnr_db
    from overtone.models.store import load_model

    chosen = load_model(model)
    names, pictures = load_pictures(images, chosen.spec, split=split)
    names, pictures = names[:num_images], pictures[:num_images]
    with progress_bar("reconstructing") as progress:
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
    print(f"{model} -> {output}: {line}", file=sys.stderr)
    return EXIT_DONE


def load_pictures(
    sources: Sequence[str], spec: "ImageSpec", *, split: Literal["train", "test", "all"] = "train"
) -> "tuple[list[str], UInt8[np.ndarray, 'n h w c']]":
    """Picture files, or one data set, at a model's size and channels; and a name for each.

    Raises:
        ConfigError: A name stands for nothing, or a data set is not alone.
        DataError: A picture or the data set is damaged.
    """
    from overtone.data import load_images
    from overtone.data.base import LoadOptions
    from overtone.data.pictures import read_pictures

    options = LoadOptions(size=(spec.height, spec.width), channels=spec.channels)
    if any(map(_is_data_set, sources)):
        if len(sources) > 1:
            raise ConfigError("a data set is given alone, without other pictures")
        found = load_images(sources[0], split=split, size=options.size, channels=options.channels)
        digits = len(str(len(found) - 1))
        return [f"{number:0{digits}}" for number in range(len(found))], found.images
    paths = [pathlib.Path(path) for path in find_inputs(sources, PICTURE_SUFFIXES)]
    files = [(str(path), path.read_bytes) for path in paths]
    pictures, _, _ = read_pictures(files, options, "picture")
    stems = [path.stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{number:04}-{stem}" for number, stem in enumerate(stems)]
    return stems, pictures


def _is_data_set(source: str) -> bool:
    """Whether this is more than pictures directly in a folder."""
    path = pathlib.Path(source)
    if path.is_dir():
        return not any(each.suffix.lower() in PICTURE_SUFFIXES for each in path.iterdir())
    return source.startswith("hf:") or source.endswith((".npz", ".gz", "ubyte"))


def _columns(pictures: "UInt8[np.ndarray, 'n h w c']", originals: bool) -> int | None:
    """An even number of columns keeps each original beside its reconstruction."""
    if not originals:
        return None
    count, height, width, _ = pictures.shape
    return max(2, 2 * round((count * height / width) ** 0.5 / 2))

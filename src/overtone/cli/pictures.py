"""Where commands put several pictures: a grid in one file, a folder of PNGs, or an archive."""

import io
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from overtone.cli.files import STREAM, check_destination, suffix_of, write_bytes
from overtone.errors import ConfigError, PathError
from overtone.files import is_stream, new_folder

if TYPE_CHECKING:
    import numpy as np

    from overtone.shapes import UInt8

ARCHIVE_SUFFIX = ".npz"
ANIMATION_SUFFIX = ".gif"


def is_folder(output: str) -> bool:
    """Whether the name stands for a folder: it is one, ends in a slash, or has no ending."""
    if output == STREAM or is_stream(output):
        return False
    return (
        output.endswith(("/", os.sep))
        or os.path.isdir(output)
        or pathlib.PurePath(output).suffix == ""
    )


def check_output(output: str, *, force: bool) -> None:
    """Refuses, before any work, a place that is taken or cannot be.

    Raises:
        ConfigError: There is a file, or a folder that is not empty, and `force` is off; or the
            folder around it is missing.
    """
    if is_folder(output) and os.path.isdir(output):
        if os.listdir(output) and not force:
            raise PathError(f"folder {output} is not empty; give --force to write into it")
    else:
        check_destination(output.rstrip("/" + os.sep), force=force)


def write_pictures(
    output: str,
    pictures: "UInt8[np.ndarray, 'n h w c']",
    *,
    names: Sequence[str] | None = None,
    num_columns: int | None = None,
    force: bool,
) -> None:
    """Writes them as the name says: `.npz`, a folder, or otherwise one grid.

    Args:
        output: File, folder, or - for a grid in PNG on standard output.
        pictures: All of one size.
        names: Names of the files in a folder, without ending; numbers by default.
        num_columns: Columns of a grid; about as wide as high by default.
        force: Replace files that exist.

    Raises:
        ConfigError: A file exists and `force` is off.
        ImageError: No picture format has this ending, or it cannot hold this picture.
        OSError: The place cannot be written.
    """
    import numpy as np

    if is_folder(output):
        digits = len(str(len(pictures) - 1))
        numbered = [f"{number:0{digits}}" for number in range(len(pictures))]
        _write_folder(pathlib.Path(output), pictures, names or numbered, force=force)
    elif pathlib.PurePath(output).suffix == ARCHIVE_SUFFIX:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, x=pictures)
        write_bytes(output, buffer.getvalue(), force=force)
    else:
        from overtone.imaging.image import to_grid

        margin_px = 0 if len(pictures) == 1 else 2
        grid = to_grid(pictures, num_columns=num_columns, margin_px=margin_px)
        suffix = suffix_of(output)
        write_bytes(output, _file(grid, suffix), force=force)


def write_results(
    output: str,
    results: "UInt8[np.ndarray, 'n results h w c']",
    *,
    names: Sequence[str],
    originals: "UInt8[np.ndarray, 'n small_h small_w c2'] | None",
    force: bool,
) -> str:
    """Writes several results of each picture as `write_pictures` does; in a grid, a row for each.

    Args:
        output: See `write_pictures`.
        results: Results of each picture.
        names: Names of the pictures.
        originals: What the results were drawn from, to stand before them, enlarged.
        force: Replace files that exist.

    Returns:
        What was written, in words.
    """
    import numpy as np

    num_pictures, num_results, height, width, _ = results.shape
    titles = [f"-{number}" for number in range(num_results)] if num_results > 1 else [""]
    if originals is not None:
        from overtone.data.pixels import resized

        before = resized(originals, (height, width))
        results = np.concatenate([before[:, None], results], axis=1)
        titles = ["-original", *titles]
    write_pictures(
        output,
        results.reshape(-1, *results.shape[2:]),
        names=[f"{name}{title}" for name in names for title in titles],
        num_columns=len(titles),
        force=force,
    )
    return f"{num_results} of {width}x{height} pixels for each of {num_pictures}"


def write_results_of_sizes(
    output: str,
    results: "Sequence[UInt8[np.ndarray, 'results h w c']]",
    *,
    names: Sequence[str],
    originals: "Sequence[UInt8[np.ndarray, 'small_h small_w c2']] | None",
    force: bool,
) -> str:
    """As `write_results`, of pictures each of its own size; those of several need a folder.

    Raises:
        ConfigError: The sizes differ and the output is no folder.
    """
    import numpy as np

    sizes = {own.shape for own in results}
    if len(sizes) == 1:
        before = None if originals is None else np.stack(originals)
        return write_results(output, np.stack(results), names=names, originals=before, force=force)
    if not is_folder(output):
        raise ConfigError(
            f"pictures of {len(sizes)} sizes do not fit one file; give a folder as -o, not {output}"
        )
    pictures, titles = [], []
    for number, (name, own) in enumerate(zip(names, results, strict=True)):
        if originals is not None:
            from overtone.data.pixels import resized

            pictures.extend(resized(originals[number][None], own.shape[1:3]))
            titles.append(f"{name}-original")
        pictures.extend(own)
        titles += [f"{name}-{draw}" for draw in range(len(own))] if len(own) > 1 else [name]
    _write_folder(pathlib.Path(output), pictures, titles, force=force)
    return f"{len(results[0])} for each of {len(results)} pictures of {len(sizes)} sizes"


def write_animation(
    output: str, frames: "UInt8[np.ndarray, 'n h w c']", *, frame_ms: int, force: bool
) -> None:
    """Writes a GIF that runs forth and back for ever."""
    from overtone.data.pixels import to_image
    from overtone.imaging.image import saved

    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    images = [to_image(frames[number]) for number in order]
    options = {"save_all": True, "append_images": images[1:], "duration": frame_ms, "loop": 0}
    write_bytes(output, saved(images[0], "GIF", options), force=force)


def _write_folder(
    folder: pathlib.Path,
    pictures: "Iterable[UInt8[np.ndarray, 'h w c']]",
    names: Sequence[str],
    *,
    force: bool,
) -> None:
    """A new folder appears complete or not at all; in one that exists, each file does."""
    if folder.is_dir() and any(folder.iterdir()):
        for name, pixels in zip(names, pictures, strict=True):
            path = folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(str(path), _file(pixels, ".png"), force=force)
        return
    with new_folder(folder) as partial:
        for name, pixels in zip(names, pictures, strict=True):
            path = partial / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_file(pixels, ".png"))


def _file(pixels: "UInt8[np.ndarray, 'h w c']", suffix: str) -> bytes:
    from overtone.bitstream.container import Metadata
    from overtone.imaging.image import Picture, picture_to_bytes

    return picture_to_bytes(Picture(pixels, Metadata()), suffix)

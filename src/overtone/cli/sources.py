"""What verbs read: files, folders, globs, standard input, and pictures at a model's size."""

import glob
import io
import os
import pathlib
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

from overtone.cli.files import STREAM
from overtone.errors import ConfigError, ImageError, PathError

if TYPE_CHECKING:
    import numpy as np

    from overtone.imaging.high_depth import DeepPicture
    from overtone.models.base import ImageSpec
    from overtone.shapes import UInt8

# What a folder is searched for; any other file Pillow reads can be named.
PICTURE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


def find_inputs(names: Sequence[str], suffixes: Collection[str]) -> list[str]:
    """The files that names, globs and folders stand for; of a folder, those with these suffixes.

    Raises:
        ConfigError: A name stands for nothing.
    """
    found = [path for name in names for path in _expand(name, suffixes)]
    if STREAM in found and len(found) > 1:
        raise ConfigError("standard input (-) can only be the one input")
    return list(dict.fromkeys(found))


def _expand(name: str, suffixes: Collection[str]) -> list[str]:
    path = pathlib.Path(name)
    if name == STREAM or path.is_file():
        return [name]
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if p.suffix.lower() in suffixes and p.is_file()]
        if not found:
            raise PathError(f"folder {name} holds no {' '.join(sorted(suffixes))} file")
        return [str(p) for p in found]
    matches = [match for match in sorted(glob.glob(name, recursive=True)) if os.path.isfile(match)]
    if not matches:
        pattern = glob.has_magic(name)
        raise PathError(f"no file matches {name}" if pattern else f"there is no file {name}")
    return matches


def read_bytes(source: str) -> bytes:
    """All of a file or of standard input."""
    return sys.stdin.buffer.read() if source == STREAM else pathlib.Path(source).read_bytes()


def open_source(source: str) -> str | io.BytesIO:
    """What a reader of pictures takes: the path of a file, or all of standard input."""
    return io.BytesIO(read_bytes(STREAM)) if source == STREAM else source


def read_named_picture(source: str) -> "DeepPicture":
    """A picture of 8 or 16 bits a sample, from a file or standard input.

    Raises:
        ImageError: It is no picture, or of a kind that is not read; the message names the source.
    """
    from overtone.imaging.high_depth import read_deep_picture

    try:
        return read_deep_picture(open_source(source))
    except ImageError as error:
        raise ImageError(f"{source}: {error}") from error


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

"""What verbs read: files, folders, globs, standard input, and pictures at a model's size."""

import glob
import io
import os
import pathlib
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.cli.files import STREAM, Source
from overtone.cli.outcome import Job, Outcome
from overtone.errors import ConfigError, ConversionNeededError, ImageError, PathError
from overtone.imaging.formats import PICTURE_SUFFIXES

if TYPE_CHECKING:
    import numpy as np

    from overtone.imaging.high_depth import DeepPicture
    from overtone.imaging.image import Picture
    from overtone.models.base import ImageSpec
    from overtone.shapes import UInt8


def find_inputs(
    names: Sequence[str],
    suffixes: Collection[str],
    outcome: Outcome,
    *,
    recursive: bool = False,
    output: str | None = None,
) -> list[Source]:
    """The files that names, globs and folders stand for; of a folder, those with these suffixes.

    Args:
        names: What was given.
        suffixes: Endings that a folder is searched for.
        outcome: Takes note of what is left out of folders.
        recursive: Search the folders in a folder too, but hidden ones and links.
        output: Folder that is not searched, since results go there.

    Raises:
        ConfigError: A name stands for nothing.
    """
    found = [
        source
        for name in names
        for source in _expand(name, suffixes, outcome, recursive=recursive, output=output)
    ]
    if len(found) > 1 and any(source.path == STREAM for source in found):
        raise ConfigError("standard input (-) can only be the one input")
    unique: dict[str, Source] = {}
    for source in found:
        unique.setdefault(source.path, source)
    return list(unique.values())


def _expand(
    name: str,
    suffixes: Collection[str],
    outcome: Outcome,
    *,
    recursive: bool,
    output: str | None,
) -> list[Source]:
    if name == STREAM or os.path.isfile(name):
        return [Source(name)]
    if os.path.isdir(name):
        found = list(_files_in(name, suffixes, outcome, recursive=recursive, output=output))
        if not found:
            depth = "even in its sub-folders" if recursive else "--recursive searches sub-folders"
            raise PathError(f"folder {name} holds no {_kind(suffixes)} ({depth})")
        return found
    matches = [match for match in sorted(glob.glob(name, recursive=True)) if os.path.isfile(match)]
    if not matches:
        pattern = glob.has_magic(name)
        raise PathError(f"no file matches {name}" if pattern else f"there is no file {name}")
    return [Source(match) for match in matches]


def _files_in(
    top: str, suffixes: Collection[str], outcome: Outcome, *, recursive: bool, output: str | None
) -> Iterator[Source]:
    """The files of a folder in the order of their names, each folder's own before its folders'."""
    own = None if output is None else os.path.realpath(output)

    def note(error: OSError) -> None:
        if error.filename == top:
            raise error
        outcome.fail(error.filename, error.strerror or "cannot be read")

    for place, folders, files in os.walk(top, onerror=note):
        below = os.path.relpath(place, top)
        for path in (pathlib.Path(place, name) for name in sorted(files)):
            if path.name.startswith("."):
                outcome.skip("hidden")
            elif path.suffix.lower() not in suffixes:
                outcome.skip(f"not a {_kind(suffixes)}", ending=path.suffix.lower())
            elif not path.is_file():
                outcome.skip("a device or a link to nothing")
            else:
                yield Source(str(path), "" if below == "." else below)
        seen = [name for name in sorted(folders) if not name.startswith(".")]
        seen = [name for name in seen if os.path.realpath(os.path.join(place, name)) != own]
        if not recursive and seen:
            outcome.skip("sub-folder{s} not entered without --recursive", len(seen))
        folders[:] = seen if recursive else []


def _kind(suffixes: Collection[str]) -> str:
    if suffixes == PICTURE_SUFFIXES:
        return "picture"
    return f"{' or '.join(sorted(suffixes))} file"


def read_bytes(source: str) -> bytes:
    """All of a file or of standard input."""
    return sys.stdin.buffer.read() if source == STREAM else pathlib.Path(source).read_bytes()


def open_source(source: str) -> str | io.BytesIO:
    """What a reader of pictures takes: the path of a file, or all of standard input."""
    return io.BytesIO(read_bytes(STREAM)) if source == STREAM else source


def read_8_bits(source: str, *, convert: bool, max_pixels: int = DEFAULT_MAX_PIXELS) -> "Picture":
    """A picture of 8 bits a sample, from a file or standard input.

    Raises:
        ImageError: It is no picture, or of a kind that is only read with --convert.
    """
    from overtone.imaging.image import read_picture

    try:
        return read_picture(open_source(source), convert=convert, max_pixels=max_pixels)
    except ConversionNeededError as error:
        raise ImageError(f"{error}, or give --convert") from error


def read_8_or_16_bits(
    source: str, *, convert: bool, max_pixels: int = DEFAULT_MAX_PIXELS
) -> "DeepPicture":
    """As `read_8_bits`, with all of the 16 bits a sample that some pictures have."""
    from overtone.imaging.high_depth import read_deep_picture

    try:
        return read_deep_picture(open_source(source), convert=convert, max_pixels=max_pixels)
    except ConversionNeededError as error:
        raise ImageError(f"{error}, or give --convert") from error


def read_named_picture(
    source: str, read: "Callable[..., DeepPicture]" = read_8_or_16_bits
) -> "DeepPicture":
    """A picture of 8 or 16 bits a sample that is converted if need be.

    Args:
        source: Name of a file, or - for standard input.
        read: `read_8_or_16_bits`, with a limit of pixels perhaps.

    Raises:
        ImageError: It is no picture, or one over the limit; the message names the source.
        PathError: There is no such file.
    """
    if source != STREAM and not os.path.lexists(source):
        raise PathError(f"there is no file {source}")
    try:
        return read(source, convert=True)
    except ImageError as error:
        raise ImageError(f"{source}: {error}") from error


def load_pictures(
    sources: Sequence[str],
    spec: "ImageSpec",
    outcome: Outcome,
    *,
    recursive: bool = False,
    split: Literal["train", "test", "all"] = "train",
) -> "tuple[list[str], UInt8[np.ndarray, 'n h w c']]":
    """Picture files, or one data set, at a model's size and channels; and a name for each.

    Args:
        sources: Names of files, folders and globs, or of one data set.
        spec: Size and channels of the model's pictures.
        outcome: Takes note of files that cannot be read, and of what is left out of folders.
        recursive: Search the folders in a folder too; names then have their sub-folders.
        split: Part of a data set.

    Raises:
        ConfigError: A name stands for nothing, or a data set is not alone.
        DataError: No picture can be read, or the data set is damaged.
    """
    import numpy as np

    from overtone.data import load_images
    from overtone.data.base import LoadOptions
    from overtone.data.pictures import to_pixels

    options = LoadOptions(size=(spec.height, spec.width), channels=spec.channels)
    if not recursive and any(map(_is_data_set, sources)):
        if len(sources) > 1:
            raise ConfigError("a data set is given alone, without other pictures")
        found = load_images(sources[0], split=split, size=options.size, channels=options.channels)
        return _numbered(len(found)), found.images
    kept: list[Source] = []
    pictures: list[np.ndarray] = []
    for each in find_inputs(sources, PICTURE_SUFFIXES, outcome, recursive=recursive):
        with outcome.of(Job(each.path, each.path)):
            pictures.append(to_pixels(read_bytes(each.path), options))
            kept.append(each)
    if not pictures:
        raise outcome.nothing_left()
    return _distinct_names(kept), np.stack(pictures)


def load_whole_pictures(
    sources: Sequence[str],
    channels: int,
    outcome: Outcome,
    *,
    recursive: bool = False,
) -> "tuple[list[str], list[UInt8[np.ndarray, 'h w c']]]":
    """As `load_pictures`, each picture at its own size, with so many channels.

    Raises:
        ConfigError: A name stands for nothing, or a data set is not alone.
        DataError: No picture can be read, or the data set is damaged.
    """
    from overtone.data import load_images
    from overtone.data.base import LoadOptions
    from overtone.data.pictures import to_pixels

    if not recursive and any(map(_is_data_set, sources)):
        if len(sources) > 1:
            raise ConfigError("a data set is given alone, without other pictures")
        found = load_images(sources[0], channels=channels)
        return _numbered(len(found)), list(found.images)
    kept: list[Source] = []
    pictures: list[np.ndarray] = []
    for each in find_inputs(sources, PICTURE_SUFFIXES, outcome, recursive=recursive):
        with outcome.of(Job(each.path, each.path)):
            pictures.append(to_pixels(read_bytes(each.path), LoadOptions(channels=channels)))
            kept.append(each)
    if not pictures:
        raise outcome.nothing_left()
    return _distinct_names(kept), pictures


def _numbered(count: int) -> list[str]:
    digits = len(str(count - 1))
    return [f"{number:0{digits}}" for number in range(count)]


def _distinct_names(sources: Sequence[Source]) -> list[str]:
    """Names without ending, in the sub-folders they were found in; the second of a name is -2."""
    names: dict[str, None] = {}
    for each in sources:
        stem = "stdin" if each.path == STREAM else pathlib.PurePath(each.path).stem
        first = name = os.path.join(each.below or "", stem)
        number = 2
        while name in names:
            name = f"{first}-{number}"
            number += 1
        names[name] = None
    return list(names)


def _is_data_set(source: str) -> bool:
    """Whether this is more than pictures directly in a folder."""
    path = pathlib.Path(source)
    if path.is_dir():
        return not any(each.suffix.lower() in PICTURE_SUFFIXES for each in path.iterdir())
    return source.startswith("hf:") or source.endswith((".npz", ".gz", "ubyte"))

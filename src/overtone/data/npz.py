"""NumPy archives: `x` and `y` and their many spellings, in one file or one for each split."""

import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.lib.npyio import NpzFile
from typing_extensions import override

from overtone.data.arrays import as_images, as_labels, names_for
from overtone.data.base import AbstractLoader, LoadOptions, Split
from overtone.data.image_set import ImageSet
from overtone.data.limits import check_num_bytes
from overtone.errors import DataError

_IMAGE_KEYS = ("x", "images", "X", "data")
_LABEL_KEYS = ("y", "labels", "label", "Y")
_CLASS_NAMES_KEY = "class_names"
# What zipfile and NumPy raise about bytes they did not write.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    KeyError,
)
_PARTS: tuple[Split, ...] = ("train", "test")


class NpzLoader(AbstractLoader):
    """One `.npz` file, or a folder of them with "train" and "test" in their names."""

    expected = "an .npz file with x (or images), or a folder of them"

    @override
    def finds(self, path: pathlib.Path) -> bool:
        return bool(_files(path))

    @override
    def splits(self, path: pathlib.Path) -> tuple[Split, ...]:
        if path.is_dir() and len(_files(path)) > 1:
            return tuple(split for split in _PARTS if _files_of(path, split))
        with _opened(_files(path)[0]) as archive:
            found: tuple[Split, ...] = tuple(
                part for part in _PARTS if _spelled(archive, _IMAGE_KEYS, part)
            )
        return found or ("all",)

    @override
    def load(self, path: pathlib.Path, split: Split, options: LoadOptions, name: str) -> ImageSet:
        files = _files(path)
        part = split
        if len(files) > 1:
            files, part = _files_of(path, split), "all"
        if len(files) != 1:
            raise DataError(
                f"{path} must hold one .npz file for {split}, found "
                f"{', '.join(file.name for file in files) or 'none'}; name the one you want"
            )
        return _read(files[0], part, name)


def _read(file: pathlib.Path, part: Split, name: str) -> ImageSet:
    with _opened(file) as archive:
        key = _spelled(archive, _IMAGE_KEYS, part)
        if key is None:
            raise DataError(
                f"{file}: an array called {' or '.join(_IMAGE_KEYS)} is expected, "
                f"found {', '.join(archive.files) or 'none'}"
            )
        images = as_images(_member(archive, key, file), f"{file}: {key}")
        label_key = _spelled(archive, _LABEL_KEYS, part)
        if label_key is None:
            return ImageSet(name, images)
        where = f"{file}: {label_key}"
        labels = as_labels(_member(archive, label_key, file), len(images), where)
        class_names = names_for(labels)
        if _CLASS_NAMES_KEY in archive.files:
            class_names = tuple(map(str, _member(archive, _CLASS_NAMES_KEY, file).ravel()))
        return ImageSet(name, images, labels, class_names)


def _spelled(archive: NpzFile, keys: Sequence[str], part: Split) -> str | None:
    """The first of the keys that is there: `x_train` or `train_x` for a part, `x` for all."""
    for key in keys:
        for spelled in (key,) if part == "all" else (f"{key}_{part}", f"{part}_{key}"):
            if spelled in archive.files:
                return spelled
    return None


@contextmanager
def _opened(file: pathlib.Path) -> Iterator[NpzFile]:
    """The archive; what NumPy and zipfile raise about it becomes a `DataError`."""
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as archive:
            if not isinstance(archive, NpzFile):
                raise DataError(f"{file}: an .npz archive is expected, found a single array")
            yield archive
    except DataError:
        raise
    except _DAMAGE as error:
        raise DataError(f"{file}: the .npz file is foreign or damaged: {error}") from error


def _member(archive: NpzFile, key: str, file: pathlib.Path) -> np.ndarray:
    """An array, whose header may not promise more than the archive holds.

    Raises:
        DataError: It does, or the array holds Python objects.
    """
    # NumPy allocates what the header says before it reads, so the header is checked first.
    info = archive.zip.getinfo(f"{key}.npy")  # pyright: ignore[reportOptionalMemberAccess]
    with archive.zip.open(info) as stream:  # pyright: ignore[reportOptionalMemberAccess]
        major, _ = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0
            if major == 1
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise DataError(f"{file}: {key} holds Python objects, which are not read; store numbers")
    num_bytes = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if start + num_bytes != info.file_size:
        raise DataError(
            f"{file}: {key} of shape {shape} needs {num_bytes} bytes, "
            f"found {info.file_size - start}"
        )
    check_num_bytes(num_bytes, f"{file}: {key}")
    return archive[key]


def _files(path: pathlib.Path) -> list[pathlib.Path]:
    if path.is_dir():
        return [file for file in sorted(path.glob("*.npz")) if file.is_file()]
    return [path] if path.suffix == ".npz" and path.is_file() else []


def _files_of(path: pathlib.Path, split: Split) -> list[pathlib.Path]:
    return [file for file in _files(path) if split in file.stem.lower()]

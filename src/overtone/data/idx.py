"""IDX files, as MNIST and Fashion-MNIST come: big-endian sizes, then bytes; gzipped or not."""

import gzip
import io
import math
import pathlib
import re
import zlib
from typing import cast

import numpy as np
from typing_extensions import override

from overtone.data.arrays import as_images, as_labels, names_for
from overtone.data.base import AbstractLoader, LoadOptions, Split
from overtone.data.image_set import ImageSet
from overtone.data.limits import check_num_bytes
from overtone.errors import DataError
from overtone.shapes import UInt8

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
_MAX_DIMENSIONS = 4
_IMAGES_NAME = re.compile(r"(?P<part>.*)images[-._]idx[34][-._]ubyte(\.gz)?")
# What the two files of a split are called, in order of preference.
_PART_OF = {"train": "train", "t10k": "test", "test": "test"}


class IdxLoader(AbstractLoader):
    """A folder with `train-images-idx3-ubyte` and the like, or one such file."""

    expected = "IDX files (…-images-idx3-ubyte, gzipped or not)"

    @override
    def finds(self, path: pathlib.Path) -> bool:
        return bool(_image_files(path))

    @override
    def splits(self, path: pathlib.Path) -> tuple[Split, ...]:
        if path.is_file():
            return ("all",)
        found = {_split_of(file) for file in _image_files(path)}
        return tuple(split for split in ("train", "test", "all") if split in found)

    @override
    def load(self, path: pathlib.Path, split: Split, options: LoadOptions, name: str) -> ImageSet:
        files = _image_files(path)
        if path.is_dir():
            files = [file for file in files if _split_of(file) == split]
        by_stem = {file.name.removesuffix(".gz"): file for file in reversed(files)}
        if len(by_stem) > 1:
            raise DataError(
                f"{path} holds {len(by_stem)} files of {split} pictures, {', '.join(by_stem)}; "
                "name the one you want"
            )
        (file,) = by_stem.values()
        images = as_images(read_idx(file), str(file))
        labels_file = _labels_beside(file)
        if labels_file is None:
            return ImageSet(name, images)
        labels = as_labels(read_idx(labels_file), len(images), str(labels_file))
        return ImageSet(name, images, labels, names_for(labels))


def read_idx(path: pathlib.Path) -> UInt8[np.ndarray, "..."]:
    """The array in an IDX file of unsigned bytes.

    Raises:
        DataError: The file is foreign, truncated, too long or holds another type.
        OSError: It cannot be opened.
    """
    with path.open("rb") as raw:
        zipped = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        try:
            return _parse(gzip.GzipFile(fileobj=raw) if zipped else raw, path)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{path}: the gzip file is damaged: {error}") from error


def _parse(file: io.BufferedIOBase, path: pathlib.Path) -> UInt8[np.ndarray, "..."]:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or not 1 <= start[3] <= _MAX_DIMENSIONS:
        raise DataError(
            f"{path}: an IDX file starting with 00 00 08 and 1 to {_MAX_DIMENSIONS} dimensions is "
            f"expected, found {start.hex(' ') or 'nothing'}"
        )
    if start[2] != _UNSIGNED_BYTE:
        raise DataError(f"{path}: unsigned bytes (type 08) are expected, found type {start[2]:02x}")
    num_dimensions = start[3]
    sizes = file.read(4 * num_dimensions)
    if len(sizes) < 4 * num_dimensions:
        raise DataError(f"{path}: {num_dimensions} sizes are expected, but the file ends there")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    num_bytes = math.prod(shape)
    check_num_bytes(num_bytes, str(path))
    data = _read_at_most(file, num_bytes + 1)
    if len(data) != num_bytes:
        found = "more" if len(data) > num_bytes else f"only {len(data)}"
        raise DataError(f"{path}: {num_bytes} bytes are expected for {shape}, found {found}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_at_most(file: io.BufferedIOBase, num_bytes: int) -> bytes:
    """Reads in pieces, so that memory follows what the file has rather than what it promises."""
    pieces = []
    while num_bytes > 0 and (piece := file.read(min(num_bytes, 1 << 24))):
        pieces.append(piece)
        num_bytes -= len(piece)
    return b"".join(pieces)


def _image_files(path: pathlib.Path) -> list[pathlib.Path]:
    """Files of pictures in the folder, or the file itself; a plain file before its gzipped twin."""
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file for file in candidates if _IMAGES_NAME.fullmatch(file.name) and file.is_file()]


def _split_of(file: pathlib.Path) -> Split:
    matched = _IMAGES_NAME.fullmatch(file.name)
    assert matched
    found = [split for word, split in _PART_OF.items() if word in matched["part"]]
    return cast(Split, found[0]) if found else "all"


def _labels_beside(file: pathlib.Path) -> pathlib.Path | None:
    stem = file.name.removesuffix(".gz")
    stem = re.sub(r"images([-._])idx[34]", r"labels\1idx1", stem)
    found = [file.with_name(name) for name in (stem, f"{stem}.gz")]
    return next((path for path in found if path.is_file()), None)

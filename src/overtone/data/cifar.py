"""CIFAR-10 and CIFAR-100 as published: binary records or Python pickles, in a folder."""

import dataclasses
import pathlib

import numpy as np
from typing_extensions import override

from overtone.data.arrays import as_labels
from overtone.data.base import AbstractLoader, LoadOptions, Split
from overtone.data.cifar_pickle import read_batch, read_names
from overtone.data.image_set import ImageSet
from overtone.errors import DataError
from overtone.shapes import Int64, UInt8

_SIDE = 32
_NUM_VALUES = 3 * _SIDE * _SIDE  # a red, a green and a blue plane


@dataclasses.dataclass(frozen=True, slots=True)
class _Variant:
    """The files of one of the four variants.

    Attributes:
        train: Files of training pictures; all must be there.
        test: The file of test pictures.
        names: The file of class names.
        num_classes: Classes; 100 has coarse ones too, which are not read.
        is_binary: Records of label bytes and planes, rather than pickles.
    """

    train: tuple[str, ...]
    test: str
    names: str
    num_classes: int
    is_binary: bool

    @property
    def num_label_bytes(self) -> int:
        """Bytes before the planes of a record; the last is the label."""
        return 1 if self.num_classes == 10 else 2


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_VARIANTS = (
    _Variant(_BATCHES, "test_batch", "batches.meta", 10, is_binary=False),
    _Variant(("train",), "test", "meta", 100, is_binary=False),
    _Variant(
        tuple(f"{name}.bin" for name in _BATCHES),
        "test_batch.bin",
        "batches.meta.txt",
        10,
        is_binary=True,
    ),
    _Variant(("train.bin",), "test.bin", "fine_label_names.txt", 100, is_binary=True),
)


class CifarLoader(AbstractLoader):
    """A folder that one of the four archives of CIFAR unpacks to."""

    expected = "CIFAR-10 or CIFAR-100 (data_batch_1 or train, .bin or not)"

    @override
    def finds(self, path: pathlib.Path) -> bool:
        return any(_splits_of(variant, path) for variant in _VARIANTS)

    @override
    def splits(self, path: pathlib.Path) -> tuple[Split, ...]:
        return _splits_of(_variant_at(path), path)

    @override
    def load(self, path: pathlib.Path, split: Split, options: LoadOptions, name: str) -> ImageSet:
        variant = _variant_at(path)
        files = [path / file for file in (variant.train if split == "train" else (variant.test,))]
        missing = [file.name for file in files if not file.is_file()]
        if missing:
            raise DataError(f"{path}: of {len(files)} files of pictures, {missing} are missing")
        parts = [_read(file, variant) for file in files]
        counts = [len(labels) for _, labels in parts]
        if len(set(counts)) > 1:
            raise DataError(f"{path}: as many pictures in each file are expected, found {counts}")
        return ImageSet(
            name,
            np.concatenate([images for images, _ in parts]),
            np.concatenate([labels for _, labels in parts]),
            _class_names(path / variant.names, variant),
        )


def _splits_of(variant: _Variant, path: pathlib.Path) -> tuple[Split, ...]:
    # A name without an ending says little, so a Python variant needs its file of names as well.
    if not variant.is_binary and not (path / variant.names).is_file():
        return ()
    train, test = (path / variant.train[0]).is_file(), (path / variant.test).is_file()
    return (*(("train",) if train else ()), *(("test",) if test else ()))


def _variant_at(path: pathlib.Path) -> _Variant:
    return next(variant for variant in _VARIANTS if _splits_of(variant, path))


def _read(
    file: pathlib.Path, variant: _Variant
) -> tuple[UInt8[np.ndarray, "n 32 32 3"], Int64[np.ndarray, " n"]]:
    planes, labels = _read_records(file, variant) if variant.is_binary else read_batch(file)
    labels = as_labels(labels, len(planes), str(file))
    if int(labels.max()) >= variant.num_classes:
        raise DataError(
            f"{file}: labels must be in 0..{variant.num_classes - 1}, found {labels.max()}"
        )
    images = planes.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels


def _read_records(
    file: pathlib.Path, variant: _Variant
) -> tuple[UInt8[np.ndarray, "n 3072"], UInt8[np.ndarray, " n"]]:
    data = file.read_bytes()
    length = variant.num_label_bytes + _NUM_VALUES
    if not data or len(data) % length:
        raise DataError(
            f"{file}: records of {length} bytes are expected, found {len(data)} bytes, "
            f"which is {len(data) // length} records and {len(data) % length} bytes"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, length)
    return records[:, variant.num_label_bytes :], records[:, variant.num_label_bytes - 1]


def _class_names(file: pathlib.Path, variant: _Variant) -> tuple[str, ...]:
    if not file.is_file():
        return tuple(str(label) for label in range(variant.num_classes))
    if variant.is_binary:
        names = tuple(file.read_text("utf-8", errors="replace").split())
    else:
        names = read_names(file)
    if len(names) != variant.num_classes:
        raise DataError(
            f"{file}: {variant.num_classes} names of classes are expected, found {len(names)}"
        )
    return names

"""Data sets of the Hugging Face hub, `hf:NAME` or `hf:NAME@CONFIG`, through the extra `hub`."""

import importlib
import pathlib
from typing import Any

import numpy as np
from typing_extensions import override

from overtone.data.base import AbstractLoader, LoadOptions, Split
from overtone.data.image_set import ImageSet
from overtone.data.pictures import NamedFile, read_pictures
from overtone.errors import DataError

PREFIX = "hf:"
_TEST_NAMES = ("test", "validation", "valid", "val")


class HuggingFaceLoader(AbstractLoader):
    """The first column of pictures, and the first column of class labels if there is one."""

    expected = "hf:NAME of the Hugging Face hub"

    @override
    def finds(self, path: pathlib.Path) -> bool:
        return path.as_posix().startswith(PREFIX)

    @override
    def splits(self, path: pathlib.Path) -> tuple[Split, ...]:
        return tuple(_names_of_splits(path))

    @override
    def load(self, path: pathlib.Path, split: Split, options: LoadOptions, name: str) -> ImageSet:
        datasets = _library()
        hub_name, config = _parsed(path)
        try:
            table = datasets.load_dataset(hub_name, config, split=_names_of_splits(path)[split])
        except (OSError, ValueError) as error:
            raise DataError(f"{path.as_posix()}: {_first_line(error)}") from error
        features: dict[str, Any] = dict(table.features)
        column = _column_of(features, datasets.Image)
        if column is None:
            raise DataError(
                f"{path.as_posix()}: a column of pictures is expected, found {', '.join(features)}"
            )
        # Undecoded, so that a damaged picture is met by the same rules as a damaged file.
        table = table.cast_column(column, datasets.Image(decode=False))
        files = [_named_file(table, row, column) for row in range(len(table))]
        pixels, kept, skipped = read_pictures(files, options, path.as_posix())
        label_column = _column_of(features, datasets.ClassLabel)
        if label_column is None:
            return ImageSet(name, pixels, skipped=skipped)
        labels = np.asarray(table[label_column], np.int64)[kept]
        return ImageSet(name, pixels, labels, tuple(features[label_column].names), skipped)


def _library() -> Any:
    try:
        return importlib.import_module("datasets")
    except ImportError as error:
        raise DataError(
            "data sets of the Hugging Face hub need the package datasets; "
            "install it with: pip install 'overtone-image[hub]'"
        ) from error


def _parsed(path: pathlib.Path) -> tuple[str, str | None]:
    hub_name, _, config = path.as_posix().removeprefix(PREFIX).partition("@")
    return hub_name, config or None


def _names_of_splits(path: pathlib.Path) -> dict[Split, str]:
    """Our splits and what the data set calls them."""
    try:
        names = _library().get_dataset_split_names(*_parsed(path))
    except (OSError, ValueError) as error:
        raise DataError(f"{path.as_posix()}: {_first_line(error)}") from error
    found: dict[Split, str] = {"train": "train"} if "train" in names else {}
    test = next((name for name in _TEST_NAMES if name in names), None)
    if test is not None:
        found["test"] = test
    if not found:
        raise DataError(
            f"{path.as_posix()}: a split train or test is expected, found {', '.join(names)}"
        )
    return found


def _column_of(features: dict[str, Any], kind: type) -> str | None:
    return next((name for name, feature in features.items() if isinstance(feature, kind)), None)


def _named_file(table: Any, row: int, column: str) -> NamedFile:
    def read() -> bytes:
        entry = table[row][column]
        return entry["bytes"] if entry["bytes"] else pathlib.Path(entry["path"]).read_bytes()

    return f"row {row}", read


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

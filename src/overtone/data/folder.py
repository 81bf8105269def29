"""A folder of picture files; sub-folders are classes, `train` and `test` may be above them."""

import os
import pathlib
from collections.abc import Collection, Iterator

import numpy as np
from typing_extensions import override

from overtone.data.base import AbstractLoader, LoadOptions, Split
from overtone.data.class_folders import classes_of_folders
from overtone.data.image_set import ImageSet
from overtone.data.pictures import read_pictures
from overtone.errors import DataError
from overtone.imaging.formats import PICTURE_SUFFIXES

# Of files Pillow reads; `.ovt` with the help of `overtone.pillow_plugin.hook`.
SUFFIXES = PICTURE_SUFFIXES | {".ovt"}
_TRAIN = "train"
_TEST_NAMES = ("test", "val", "valid", "validation")


class FolderLoader(AbstractLoader):
    """Pictures directly in a folder have no classes; those in sub-folders have theirs.

    A class is called as its sub-folder, or as a manifest of `overtone balance` says.
    """

    expected = "a folder of pictures, with a sub-folder for each class or without"

    @override
    def finds(self, path: pathlib.Path) -> bool:
        return path.is_dir() and next(_pictures_below(path), None) is not None

    @override
    def splits(self, path: pathlib.Path) -> tuple[Split, ...]:
        return tuple(_split_folders(path)) or ("all",)

    @override
    def load(self, path: pathlib.Path, split: Split, options: LoadOptions, name: str) -> ImageSet:
        folders = _split_folders(path)
        folder = path if split == "all" else folders[split]
        # One table of classes for all splits, so that a label means the same in each.
        class_names = sorted(
            {each for root in folders.values() or [path] for each in _classes(root).values()}
        )
        files = sorted(_pictures_below(folder))
        loose = [file for file in files if file.parent == folder]
        if class_names and loose:
            raise DataError(
                f"{folder}: pictures directly in the folder or in sub-folders are expected, "
                f"found both ({loose[0].name} and {class_names[0]}/)"
            )
        if not files:
            raise DataError(f"{folder} holds no pictures")
        named = [(str(file.relative_to(folder)), file.read_bytes) for file in files]
        pixels, kept, skipped = read_pictures(named, options, str(folder))
        if not class_names:
            return ImageSet(name, pixels, skipped=skipped)
        indices = {class_name: index for index, class_name in enumerate(class_names)}
        classes = _classes(folder)
        skipped += tuple(
            f"{each}: holds no picture, so it is no class" for each in _empty(folder, classes)
        )
        labels = [
            indices[classes[files[position].relative_to(folder).parts[0]]] for position in kept
        ]
        return ImageSet(name, pixels, np.array(labels, np.int64), tuple(class_names), skipped)


def _pictures_below(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Picture files at any depth by their ending; nothing hidden."""
    for root, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = pathlib.Path(root, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                yield path


def _classes(folder: pathlib.Path) -> dict[str, str]:
    """The class of each sub-folder with a picture at any depth, by the sub-folder's name."""
    called = classes_of_folders(folder)
    return {
        each.name: called.get(each.name, each.name)
        for each in folder.iterdir()
        if each.is_dir() and not each.name.startswith(".") and next(_pictures_below(each), None)
    }


def _empty(folder: pathlib.Path, classes: Collection[str]) -> list[str]:
    """The sub-folders that could be meant as classes and are none of them."""
    names = {each.name for each in folder.iterdir() if each.is_dir()}
    return sorted(name for name in names.difference(classes) if not name.startswith("."))


def _split_folders(path: pathlib.Path) -> dict[Split, pathlib.Path]:
    """The folders of the splits; none unless there is one called train."""
    if not (path / _TRAIN).is_dir():
        return {}
    found: dict[Split, pathlib.Path] = {"train": path / _TRAIN}
    test = next((path / name for name in _TEST_NAMES if (path / name).is_dir()), None)
    if test is not None:
        found["test"] = test
    return found

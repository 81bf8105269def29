"""The table of loaders, and `load_images`, which picks one by what is found at a path."""

import dataclasses
import importlib
import pathlib

import numpy as np

from overtone import plugins
from overtone.data.base import AbstractLoader, LoadOptions, OnCorrupt, Split
from overtone.data.image_set import ImageSet
from overtone.data.pixels import conform
from overtone.errors import ConfigError, DataError

# Kind -> "module:Class", imported on first use; the first that finds its files is taken.
LOADERS: dict[str, str] = {
    "idx": "overtone.data.idx:IdxLoader",
    "cifar": "overtone.data.cifar:CifarLoader",
    "npz": "overtone.data.npz:NpzLoader",
    "folder": "overtone.data.folder:FolderLoader",
    "hugging-face": "overtone.data.hugging_face:HuggingFaceLoader",
}
MAX_SIDE_PX = 65535


def load_images(
    source: str,
    *,
    split: Split = "train",
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    on_corrupt: OnCorrupt = "fail",
) -> ImageSet:
    """The pictures at a path, of one size, checked.

    A data set that is not split is all "train". Pictures of another size are resized with a
    Lanczos filter until they just cover the size, and the middle is kept.

    Args:
        source: A folder of pictures (sub-folders are classes; `train` and `test` may be above
            them), a folder or file of IDX or `.npz`, a folder of CIFAR-10 or CIFAR-100, or
            `hf:NAME` or `hf:NAME@CONFIG` of the Hugging Face hub.
        split: Which part; "all" is train, then test.
        size: Side of square pictures, or height and width, in pixels; as stored if None.
        channels: 1 for gray, 3 for RGB; as stored if None.
        on_corrupt: "fail" names the first picture file that cannot be read in an error; "skip"
            leaves such files out and lists them in `ImageSet.skipped`. Damaged archives always
            fail.

    Raises:
        DataError: Nothing known is there, or it is damaged, or has no such split.
        ConfigError: Size or channels make no sense.
        OSError: A file cannot be opened.
    """
    options = LoadOptions(size=_checked_size(size), channels=_checked_channels(channels),
                      on_corrupt=on_corrupt)  # fmt: skip
    path = pathlib.Path(source)
    loader = _loader_for(path)
    found = loader.splits(path)
    base = path.resolve().name.removesuffix(".gz").removesuffix(".npz")
    parts = [
        loader.load(path, each, options, base if each == "all" else f"{base}/{each}")
        for each in _wanted(split, found, source)
    ]
    return _joined(parts, base, options)


def find_splits(source: str) -> tuple[Split, ...]:
    """Which splits there are at a path; ("all",) if the set is not split.

    Raises:
        DataError: Nothing known is there.
    """
    path = pathlib.Path(source)
    return _loader_for(path).splits(path)


def get_loader(kind: str) -> AbstractLoader:
    """The loader of that kind in the table, or of another package.

    Raises:
        ConfigError: That package is broken.
    """
    if kind in LOADERS:
        module, _, attribute = LOADERS[kind].partition(":")
        return getattr(importlib.import_module(module), attribute)()
    found = plugins.load(plugins.DATA, kind)
    if not (isinstance(found, type) and issubclass(found, AbstractLoader)):
        raise plugins.expected(plugins.DATA, kind, found, "a subclass of AbstractLoader")
    return found()


def _loader_for(path: pathlib.Path) -> AbstractLoader:
    loaders = [get_loader(kind) for kind in LOADERS]
    for loader in loaders:
        if loader.finds(path):
            return loader
    if not path.exists():
        raise DataError(f"there is no data at {path}")
    for name in plugins.names_in(plugins.DATA):
        loader = get_loader(name)
        if loader.finds(path):
            return loader
    expected = ", ".join(loader.expected for loader in loaders)
    raise DataError(f"{path} is no data set; expected is one of: {expected}")


def _wanted(split: Split, found: tuple[Split, ...], source: str) -> tuple[Split, ...]:
    """Which of the splits found make up the one asked for.

    Raises:
        DataError: None does.
    """
    if split == "all" or (split == "train" and found == ("all",)):
        return found
    if split not in found:
        raise DataError(
            f"{source} has no {split} split, found only {', '.join(found)}; "
            "name another split or another source"
        )
    return (split,)


def _joined(parts: list[ImageSet], base: str, options: LoadOptions) -> ImageSet:
    pixels = [conform(part, options.size, options.channels) for part in parts]
    if len(parts) == 1:
        return dataclasses.replace(parts[0], images=pixels[0])
    if len({each.shape[1:] for each in pixels}) > 1:
        shapes = ", ".join(f"{part.name} {each.shape[1:]}"
                           for part, each in zip(parts, pixels, strict=True))  # fmt: skip
        raise DataError(f"{base}: pictures of one shape are expected, found {shapes}; give a size")
    labels = [part.labels for part in parts if part.labels is not None]
    if labels and len(labels) < len(parts):
        raise DataError(f"{base}: every split or none must have labels")
    return ImageSet(
        f"{base}/all",
        np.concatenate(pixels),
        np.concatenate(labels) if labels else None,
        max((part.class_names for part in parts), key=len),
        tuple(file for part in parts for file in part.skipped),
    )


def _checked_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    height, width = (size, size) if isinstance(size, int) else size
    if not (1 <= height <= MAX_SIDE_PX and 1 <= width <= MAX_SIDE_PX):
        raise ConfigError(f"sides must be in 1..{MAX_SIDE_PX} pixels, got {height} and {width}")
    return height, width


def _checked_channels(channels: int | None) -> int | None:
    if channels not in (None, 1, 3):
        raise ConfigError(f"channels must be 1 (gray) or 3 (RGB), got {channels}")
    return channels

"""Classes as sub-folders: which folder a class gets, and which class a folder stands for."""

import json
import pathlib
from collections.abc import Iterable

MANIFEST = "manifest.json"
# Key of the manifest: name of a sub-folder -> name of its class, where the two differ.
FOLDERS_KEY = "class_folders"
_MAX_BYTES = 200  # file systems take names of 255
# These mean something else in a folder of pictures: a split, and the manifest itself.
_RESERVED = ("train", MANIFEST)


def folders_of_classes(class_names: Iterable[str]) -> dict[str, str]:
    """Class -> name of its sub-folder: the class's own name wherever a folder can have it.

    A slash and a zero byte become "_". Names that begin with a dot, are empty, or mean something
    else in a folder of pictures get "_" in front. A name that is taken gets a number.
    """
    folders: dict[str, str] = {}
    taken = set[str]()
    for class_name in sorted(class_names, key=lambda name: _as_folder(name) != name):
        base = _as_folder(class_name)
        name, number = base, 2
        while name.casefold() in taken:  # some file systems do not tell case apart
            name, number = f"{base}_{number}", number + 1
        taken.add(name.casefold())
        folders[class_name] = name
    return folders


def _as_folder(class_name: str) -> str:
    name = class_name.replace("/", "_").replace("\0", "_")
    name = name.encode("utf-8", "surrogateescape")[:_MAX_BYTES].decode("utf-8", "ignore")
    is_free = name and not name.startswith(".") and name.casefold() not in _RESERVED
    return name if is_free else f"_{name}"


def classes_of_folders(folder: pathlib.Path) -> dict[str, str]:
    """Sub-folder -> class as the manifest in a folder says; empty without a manifest of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    found = manifest.get(FOLDERS_KEY) if isinstance(manifest, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name: title for name, title in found.items() if isinstance(title, str)}

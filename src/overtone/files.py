"""Files that appear complete or not at all, and the folders they need."""

import os
import pathlib

from overtone.errors import PathError


def check_folder_of(path: pathlib.Path) -> None:
    """Raises `PathError` if there is no folder in which something can be written at `path`."""
    if not path.parent.is_dir():
        raise PathError(f"there is no folder {path.parent} for {path}; make it first")


def write_atomically(path: pathlib.Path, data: bytes) -> None:
    """Writes a file so that it is there complete or as it was before, whatever happens.

    Raises:
        OSError: It cannot be written; nothing new is left.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: pathlib.Path) -> None:
    """Makes a new name last through a power cut, where folders can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

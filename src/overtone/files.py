"""Files and folders that appear complete or not at all, and the folders they need."""

import contextlib
import os
import pathlib
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator

from overtone.errors import PathError

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_PERMISSIONS = 0o777
_PARTIAL = ".overtone-????????????????.part"
_WRITING_S = 1.0  # within which a file is written and gets its name


def check_folder_of(path: pathlib.Path) -> None:
    """Raises `PathError` if there is no folder in which something can be written at `path`."""
    if not path.parent.is_dir():
        raise PathError(f"there is no folder {path.parent} for {path}; make it first")


def is_stream(path: str | pathlib.Path) -> bool:
    """Whether what is there passes bytes on and loses none by it: /dev/null, a pipe, /dev/stdout.

    A device that stores bytes, such as a disk, is none.
    """
    mode = _mode_at(path)
    return _descriptor(path) is not None or any(
        is_kind(mode) for is_kind in (stat.S_ISCHR, stat.S_ISFIFO, stat.S_ISSOCK)
    )


def write_atomically(path: pathlib.Path, data: bytes) -> None:
    """Writes a file so that it is there complete or as it was before, whatever happens.

    A file that is there keeps its permissions, and of a link the file that it leads to is
    replaced. A device or a pipe is written to and stays what it is.

    Raises:
        OSError: It cannot be written; nothing new is left.
    """
    if is_stream(path) or not (stat.S_ISREG(mode := _mode_at(path)) or mode == 0):
        _write_through(path, data)
        return
    target = pathlib.Path(os.path.realpath(path))
    before = target.stat() if target.exists() else None
    temporary = _name_beside(target)
    try:
        # Nobody else may read what will take the place of a private file.
        handle = os.open(temporary, _NEW_FILE, 0o666 if before is None else 0o600)
        with open(handle, "wb") as file:
            if before is not None:
                _give_owner_and_mode(handle, before)
            file.write(data)
            file.flush()
            os.fsync(handle)
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None
        raise
    _sync_folder(target.parent)


@contextlib.contextmanager
def new_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a folder to fill, which becomes `path` at the end, or goes away if that fails.

    Raises:
        OSError: It cannot be made, or there is something else than an empty folder at `path`.
    """
    partial = _name_beside(path)
    try:
        partial.mkdir()
        yield partial
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_partial_files(folder: pathlib.Path) -> None:
    """Takes away files half written that programs have left which were killed.

    One that may be written at the moment gets a second to take its place.
    """
    for path in folder.glob(_PARTIAL):
        with contextlib.suppress(OSError):
            age_s = time.time() - path.stat().st_mtime
            time.sleep(min(max(0.0, _WRITING_S - age_s), _WRITING_S))
            path.unlink()


def _name_beside(path: pathlib.Path) -> pathlib.Path:
    """A name in the same folder that nobody can foresee, so that renaming it is atomic."""
    return path.with_name(f".overtone-{secrets.token_hex(8)}.part")


def _give_owner_and_mode(handle: int, status: os.stat_result) -> None:
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):  # only the superuser may give files away
            os.fchown(handle, status.st_uid, status.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, stat.S_IMODE(status.st_mode) & _PERMISSIONS)


def _descriptor(path: str | pathlib.Path) -> int | None:
    """The open file that a name such as /dev/stdout stands for."""
    name = os.path.abspath(path)
    match = _DESCRIPTOR.fullmatch(name)
    return int(match[1]) if match else _STREAMS.get(name)


def _mode_at(path: str | pathlib.Path) -> int:
    """Kind and permissions of what the path leads to; 0 for nothing, or what cannot be seen."""
    try:
        return os.stat(path).st_mode
    except OSError:  # whoever writes there is told why it cannot be
        return 0


def _write_through(path: pathlib.Path, data: bytes) -> None:
    # Opening /dev/stdout anew would begin at the start of a file that it is redirected to.
    descriptor = _descriptor(path)
    if descriptor is not None:
        handle = os.dup(descriptor)
    else:
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    with open(handle, "wb") as file:
        file.write(data)


def _sync_folder(folder: pathlib.Path) -> None:
    """Makes a new name last through a power cut, where folders can be opened and synchronised."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

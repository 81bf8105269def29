"""Files here and at remote addresses: read, written whole, listed.

An address with `://` goes through fsspec: s3://, gs://, hf:// and the like. All else is a path.
"""

import contextlib
import os
import pathlib
import secrets
from collections.abc import Iterator
from typing import IO, Any

from overtone.errors import ConfigError, PathError
from overtone.files import write_atomically

# Each process has its own such files.
PROCESS_ONLY = "memory"
# Stores where a file is there whole, once all of it has arrived, or not at all.
_WHOLE = {PROCESS_ONLY, "s3", "s3a", "gs", "gcs", "hf", "az", "abfs", "adl", "oss", "oci"}


def is_remote(address: str) -> bool:
    """Whether it is an address and no path."""
    return "://" in address


def scheme_of(address: str) -> str:
    """What stands before `://`; nothing of a path."""
    return address.partition("://")[0] if is_remote(address) else ""


def is_of_one_process(address: str) -> bool:
    """Whether no other process sees what is there."""
    return scheme_of(address) == PROCESS_ONLY


def file_system(address: str) -> tuple[Any, str]:
    """The file system of a remote address, and the path in it.

    Raises:
        ConfigError: No package for such addresses is installed, or there is none.
    """
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{address} cannot be opened: {error}") from error


def joined(folder: str, *names: str) -> str:
    """The address of a file below a folder."""
    kept = [name for name in names if name]
    if is_remote(folder):
        return "/".join([folder.rstrip("/"), *kept])
    return str(pathlib.PurePath(folder, *kept))


def folder_of(address: str) -> str:
    """The folder a file lies in."""
    if is_remote(address):
        return address.rpartition("/")[0]
    return str(pathlib.PurePath(address).parent)


def size_of(address: str) -> int | None:
    """The size of a file, bytes; None if there is none."""
    try:
        if is_remote(address):
            system, path = file_system(address)
            return int(system.info(path)["size"])
        return os.lstat(address).st_size
    except FileNotFoundError:
        return None


def stamp_of(address: str) -> dict[str, int]:
    """Size and time of the last change of a file here; nothing of others."""
    with contextlib.suppress(OSError):
        if not is_remote(address):
            found = os.stat(address)
            return {"source_bytes": found.st_size, "source_mtime_ns": found.st_mtime_ns}
    return {}


def read(address: str) -> bytes:
    """All of a file.

    Raises:
        PathError: There is no such file.
    """
    try:
        if is_remote(address):
            system, path = file_system(address)
            return system.cat_file(path)
        return pathlib.Path(address).read_bytes()
    except FileNotFoundError as error:
        raise PathError(f"there is no file {address}") from error


@contextlib.contextmanager
def opened(address: str) -> Iterator[IO[bytes]]:
    """A file that can be read from any place in it.

    Raises:
        PathError: There is no such file.
    """
    try:
        if is_remote(address):
            system, path = file_system(address)
            file = system.open(path, "rb")
        else:
            file = open(address, "rb")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:
        raise PathError(f"there is no file {address}") from error
    with file:
        yield file


def read_part(address: str, offset: int, num_bytes: int) -> bytes:
    """Some of a file, and no more of it than that.

    Raises:
        PathError: There is no such file, or it has become shorter.
    """
    with opened(address) as file:
        file.seek(offset)
        data = file.read(num_bytes)
    if len(data) != num_bytes:
        raise PathError(f"{address} has become shorter while it was read")
    return data


def write(address: str, data: bytes) -> None:
    """Writes a file, which is there complete or not at all, and makes the folder it goes to."""
    if not is_remote(address):
        os.makedirs(os.path.dirname(address) or ".", exist_ok=True)
        write_atomically(pathlib.Path(address), data)
        return
    system, path = file_system(address)
    with contextlib.suppress(NotImplementedError):
        system.makedirs(system._parent(path), exist_ok=True)
    if scheme_of(address) in _WHOLE:
        system.pipe_file(path, data)
        return
    partial = f"{path}.{secrets.token_hex(8)}.part"
    try:
        system.pipe_file(partial, data)
        system.mv(partial, path)
    except BaseException:
        with contextlib.suppress(Exception):
            system.rm_file(partial)
        raise


def remove_folder(address: str) -> None:
    """Takes a folder away with all that is in it; one that is not there is none to take away."""
    if is_remote(address):
        system, path = file_system(address)
        with contextlib.suppress(FileNotFoundError):
            system.rm(path, recursive=True)
        return
    import shutil

    shutil.rmtree(address, ignore_errors=True)


def files_below(folder: str) -> list[str]:
    """The addresses of all files in a remote folder and in its folders, in order.

    Raises:
        PathError: There is no such folder.
    """
    system, path = file_system(folder)
    if not system.isdir(path):
        raise PathError(f"there is no file or folder {folder}")
    return [_whole_address(system, each) for each in sorted(system.find(path))]


def sizes_below(folder: str) -> dict[str, int]:
    """The sizes of all files in a remote folder and in its folders; none if it is not there."""
    system, path = file_system(folder)
    try:
        found = system.find(path, detail=True)
    except FileNotFoundError:
        return {}
    return {_whole_address(system, name): each["size"] for name, each in found.items()}


def matching(pattern: str) -> list[str]:
    """The addresses of the files that a remote pattern with `*` stands for, in order."""
    system, path = file_system(pattern)
    return [_whole_address(system, each) for each in sorted(system.glob(path))]


def is_file(address: str) -> bool:
    """Whether there is a file."""
    if is_remote(address):
        system, path = file_system(address)
        return bool(system.isfile(path))
    return os.path.isfile(address)


def _whole_address(system: Any, path: str) -> str:
    return str(system.unstrip_protocol(path))

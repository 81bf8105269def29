"""Files of one JSON object a line; what is wrong in one is named with its line.

A program that is killed, or a full disk, can leave a last line cut short. It is skipped when the
file is read, and taken away when the next line is added.
"""

import json
import os
import pathlib
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from overtone.errors import ConfigError

_T = TypeVar("_T")


class CutLineWarning(UserWarning):
    """The last line of a file of rows was cut short, and is left out."""


def read_json_lines(path: pathlib.Path, parse: Callable[[str], _T]) -> list[_T]:
    """What `parse` makes of each line that is not blank; nothing if there is no file.

    A last line without an end that is no JSON is left out, with a `CutLineWarning`.

    Raises:
        ConfigError: `parse` raised it, or the file is no text; the message names file and line.
    """
    if not path.exists():
        return []
    whole, cut = _divided(path.read_bytes())
    if cut:
        warnings.warn(
            f"{path}: the last line was cut short and is left out; what it held is missing",
            CutLineWarning,
            stacklevel=2,
        )
    try:
        lines = whole.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text file: {error}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(parse(line))
            except (ConfigError, RecursionError) as error:
                raise ConfigError(f"{path}, line {number}: {error}") from error
    return rows


def append_json_lines(path: pathlib.Path, lines: Sequence[str]) -> None:
    """Adds lines to a file, all or none; makes the file and its folder if there is none.

    Raises:
        OSError: They cannot be written; the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines).encode("utf-8")
    with path.open("ab+", buffering=0) as file:
        file.seek(0)
        data = file.read()
        whole, cut = _divided(data)
        size = len(data) - len(cut)
        if cut:
            file.truncate(size)
        if whole and not whole.endswith(b"\n"):
            text = b"\n" + text
        try:
            written = file.write(text)
            if written != len(text):  # a full disk may take a part
                raise OSError(28, "No space left on device", os.fspath(path))
        except BaseException:
            file.truncate(size)
            raise


def _divided(data: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and a last one that was cut short, if there is one."""
    end = data.rfind(b"\n") + 1
    try:
        if data[end:].strip():
            json.loads(data[end:])
    except (ValueError, RecursionError):
        return data[:end], data[end:]
    return data, b""

"""Files of one JSON object a line; what is wrong in one is named with its line."""

import pathlib
from collections.abc import Callable
from typing import TypeVar

from overtone.errors import ConfigError

_T = TypeVar("_T")


def read_json_lines(path: pathlib.Path, parse: Callable[[str], _T]) -> list[_T]:
    """What `parse` makes of each line that is not blank; nothing if there is no file.

    Raises:
        ConfigError: `parse` raised it, or the file is no text; the message names file and line.
    """
    if not path.exists():
        return []
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text file: {error}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(parse(line))
            except ConfigError as error:
                raise ConfigError(f"{path}, line {number}: {error}") from error
    return rows

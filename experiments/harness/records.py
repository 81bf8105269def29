"""Rows that programs of experiments write themselves: one JSON object a line."""

import json
import pathlib
from typing import Any


def append_record(path: pathlib.Path, row: dict[str, Any]) -> None:
    """Adds a row to a file, which is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")

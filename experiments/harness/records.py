"""Rows that programs of experiments write themselves: one JSON object a line."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from overtone.evaluate.json_lines import append_json_lines


def append_record(path: pathlib.Path, row: dict[str, Any]) -> None:
    """Adds a row to a file, which is made if there is none."""
    append_json_lines(path, [json.dumps(row)])


def write_records(path: pathlib.Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows in place of what a file held; makes the folder it goes to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

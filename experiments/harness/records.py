"""Rows that programs of experiments write themselves: one JSON object a line."""

import json
import pathlib
from typing import Any

from overtone.evaluate.json_lines import append_json_lines


def append_record(path: pathlib.Path, row: dict[str, Any]) -> None:
    """Adds a row to a file, which is made if there is none."""
    append_json_lines(path, [json.dumps(row)])

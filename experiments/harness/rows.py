"""Rows of results, checked when they are read: what is wrong is named with file and line."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from overtone.errors import ConfigError
from overtone.evaluate.distribution.rows import DistributionRow
from overtone.evaluate.json_lines import read_json_lines

Record = dict[str, Any]
# Field -> its type, (type, None) if it may be null, or the fields of the object it holds; the name
# of a field that may be missing ends in "?".
Fields = Mapping[str, Any]
DISTANCES = ("frechet", "kernel", "precision", "recall", "coverage")


def read_records(path: pathlib.Path, fields: Fields) -> list[Record]:
    """The rows of a file, which have at least these fields; none if there is no file.

    Raises:
        ConfigError: A line is no JSON object, or a field is missing or of another type.
    """

    def parse(line: str) -> Record:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ConfigError(f"not a JSON object: {error}") from error
        _check(record, fields, "the row")
        return record

    return read_json_lines(path, parse)


def newest_of(rows: Sequence[Record], keys: Sequence[str]) -> list[Record]:
    """Of rows that agree in these fields, which measure the same thing, the last one."""
    return list({tuple(row[key] for key in keys): row for row in rows}.values())


def _check(record: Any, fields: Fields, name: str) -> None:
    if not isinstance(record, dict):
        raise ConfigError(f"{name} must be a JSON object, got {record!r:.60}")
    for field, kind in fields.items():
        key = field.removesuffix("?")
        if key not in record:
            if key != field:
                continue
            raise ConfigError(f"{name} has no {key}")
        value = record[key]
        if isinstance(kind, Mapping):
            _check(value, kind, key)
        elif isinstance(kind, tuple):
            if value is not None and not _is_of(value, kind[0]):
                raise ConfigError(
                    f"{key} must be null or of type {kind[0].__name__}, got {value!r:.60}"
                )
        elif not _is_of(value, kind):
            raise ConfigError(f"{key} must be of type {kind.__name__}, got {value!r:.60}")


def _is_of(value: Any, kind: type) -> bool:
    """A whole number is a float as well; true and false are no numbers."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def read_distances(path: pathlib.Path) -> list[DistributionRow]:
    """The rows of a file of distances, which have the metrics that pages show.

    Raises:
        ConfigError: A line is no such row.
    """

    def parse(line: str) -> DistributionRow:
        row = DistributionRow.from_json(line)
        _check(row.values, dict.fromkeys(DISTANCES, float), "values")
        _check(row.errors, {"kernel": float}, "errors")
        return row

    return read_json_lines(path, parse)

"""Mappings and TOML files to frozen dataclasses, strictly: an unknown key is an error."""

import dataclasses
import math
import pathlib
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, TypeVar

from overtone.errors import ConfigError, PathError, listed, suggestion, unknown_name

_T = TypeVar("_T")


def preset_names(folder: str) -> list[str]:
    """The names of the presets of a codec or model: the files in `presets/<folder>/`."""
    entries = resources.files("overtone").joinpath("presets", folder)
    if not entries.is_dir():
        return []
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in entries.iterdir()
        if entry.name.endswith(".toml")
    )


def read_preset(folder: str, name: str) -> dict[str, Any]:
    """What is in a preset: `presets/<folder>/<name>.toml` of this package, or a file of the user's.

    Args:
        folder: The name of a codec or model.
        name: Name of the preset, or the path of a TOML file, which ends in .toml or names a folder.

    Raises:
        ConfigError: There is no such preset, or the file is no TOML.
    """
    if name.endswith(".toml") or pathlib.PurePath(name).name != name:
        return _read_file(name)
    known = preset_names(folder)
    if name not in known:
        raise ConfigError(
            f"unknown preset {name}; {suggestion(name, known)}{folder} has {listed(known)}"
        )
    path = resources.files("overtone").joinpath("presets", folder, f"{name}.toml")
    return tomllib.loads(path.read_text("utf-8"))


def _read_file(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(pathlib.Path(path).read_text("utf-8"))
    except OSError as error:
        raise PathError(f"cannot read the preset {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"the preset {path} is not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"the preset {path} is nested too deeply") from error


def with_assignments(settings: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Settings changed by assignments such as `train.steps=500` or `network.hidden=[8, 8]`.

    Raises:
        ConfigError: An assignment has no name or no value, or names a part of a value.
    """
    return with_values(settings, parse_assignments(assignments))


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """Dotted names and their values, from texts such as `train.steps=500`; the last one counts.

    A value is written as in TOML; what is no TOML value is a string.

    Raises:
        ConfigError: An assignment has no name or no value.
    """
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not all(name.strip().split(".")):
            raise ConfigError(f"a setting is written a.b=value, got {assignment}")
        values[name.strip()] = _parsed(text.strip())
    return values


def with_values(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings changed by values under dotted names, such as {"train.steps": 500}.

    Raises:
        ConfigError: A name leads into a value instead of a table.
    """
    changed = _copied(settings)
    for path, value in values.items():
        *tables, name = path.split(".")
        table = changed
        for key in tables:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{path} cannot be set: {key} is a value, not a table")
        table[name] = value
    return changed


def _copied(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _copied(value) if isinstance(value, Mapping) else value
        for key, value in settings.items()
    }


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except RecursionError as error:
        raise ConfigError("the value of a setting is nested too deeply") from error


def setting_names(kind: type, path: str = "") -> list[str]:
    """The dotted names of all settings of a dataclass, those of nested dataclasses included."""
    names = []
    for name, hint in typing.get_type_hints(kind).items():
        nested = isinstance(hint, type) and dataclasses.is_dataclass(hint)
        names += setting_names(hint, f"{path}{name}.") if nested else [f"{path}{name}"]
    return names


def from_mapping(kind: type[_T], settings: Mapping[str, Any], path: str = "") -> _T:
    """An instance of the dataclass `kind`; nested dataclasses come from nested mappings.

    Args:
        kind: A dataclass.
        settings: Field names to values; what is missing keeps its default.
        path: Where `settings` sits in a larger mapping, for messages.

    Raises:
        ConfigError: A key is unknown, a value has the wrong type or the class refuses it.
    """
    if not isinstance(settings, Mapping):
        raise ConfigError(f"{path.rstrip('.') or 'settings'} must be a table, got {settings!r}")
    hints = typing.get_type_hints(kind)
    values = {}
    for key, value in settings.items():
        if key not in hints:
            raise unknown_name("setting", f"{path}{key}", [f"{path}{name}" for name in hints])
        values[key] = _converted(hints[key], value, f"{path}{key}")
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path.rstrip('.')}: {error}" if path else str(error)) from error


def _finite(value: float, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise ConfigError(f"{path} must be a finite number, got {number}")
    return number


def _converted(kind: Any, value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path} must be a table, got {value!r}")
        return from_mapping(kind, value, f"{path}.")
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        if value not in arguments:
            raise ConfigError(f"{path} must be one of {list(arguments)}, got {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{path} must be a list, got {value!r}")
        return tuple(_converted(arguments[0], item, path) for item in value)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        kind = next(argument for argument in arguments if argument is not type(None))
        return _converted(kind, value, path)
    if kind is float and type(value) in (int, float):
        return _finite(value, path)
    if type(value) is not kind:
        raise ConfigError(
            f"{path} must be of type {getattr(kind, '__name__', kind)}, got {value!r}"
        )
    return value

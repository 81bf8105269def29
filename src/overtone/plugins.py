"""Codecs, metrics, models and kinds of data that other packages bring, found by entry points.

A package names them in its `pyproject.toml`:

    [project.entry-points."overtone.codecs"]
    mine = "my_package.codec:MyCodec"

Nothing is read before a name is asked for that Overtone itself does not have, or all names are.
"""

import functools
import importlib.metadata
from collections.abc import Collection
from typing import TypeVar

from overtone.errors import ConfigError, unknown_name

T = TypeVar("T")

CODECS = "overtone.codecs"
METRICS = "overtone.metrics"
MODELS = "overtone.models"
DATA = "overtone.data"


def names_in(group: str) -> dict[str, str]:
    """Name -> "module:attribute" of what installed packages bring in a group.

    Raises:
        ConfigError: Two packages bring the same name.
    """
    return {name: point.value for name, point in _points(group).items()}


def load(group: str, name: str) -> object:
    """What a package brings under a name.

    Raises:
        ConfigError: It cannot be imported; the message names the package.
    """
    point = _points(group)[name]
    try:
        return point.load()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(
            f"{name} ({group}) of package {_package(point)} cannot be loaded: {reason}; "
            "mend or uninstall that package"
        ) from error


def load_named(group: str, name: str, kind: type[T], word: str, known: Collection[str]) -> type[T]:
    """The class that calls itself by the name under which a package brings it.

    Args:
        group: The group of entry points.
        name: Name that is none of Overtone's own.
        kind: What it must be a subclass of.
        word: What such things are called, for the message.
        known: Overtone's own names, for the message.

    Raises:
        ConfigError: There is none, or its package is broken.
    """
    others = names_in(group)
    if name not in others:
        raise unknown_name(word, name, [*known, *others])
    found = load(group, name)
    own = getattr(found, "name", None)
    if not (isinstance(found, type) and issubclass(found, kind) and own == name):
        raise expected(group, name, found, f"a subclass of {kind.__name__} with the name {name}")
    return found


def version_of(group: str, name: str) -> str:
    """Name and version of the package that brings something."""
    point = _points(group)[name]
    version = point.dist.version if point.dist is not None else "unknown"
    return f"{_package(point)} {version}"


def expected(group: str, name: str, found: object, wanted: str) -> ConfigError:
    """What to raise when a package brings something else than its group is for."""
    return ConfigError(
        f"{name} ({group}) of package {_package(_points(group)[name])} must be {wanted}, got "
        f"{found!r}; mend or uninstall that package"
    )


def _points(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    found: dict[str, importlib.metadata.EntryPoint] = {}
    for point in _read(group):
        if point.name in found and found[point.name].value != point.value:
            raise ConfigError(
                f"packages {_package(found[point.name])} and {_package(point)} both bring "
                f"{point.name} ({group}); uninstall one of them"
            )
        found[point.name] = point
    return found


@functools.cache
def _read(group: str) -> tuple[importlib.metadata.EntryPoint, ...]:
    return tuple(importlib.metadata.entry_points(group=group))


def _package(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module

"""Classes by the names that people give them."""

from collections.abc import Sequence

from overtone.errors import ConfigError, unknown_name
from overtone.models.base import AbstractModel


def position_of(wanted: str, names: Sequence[str]) -> int | None:
    """Where a name stands among others; case does not matter where no two differ in it alone."""
    if wanted in names:
        return names.index(wanted)
    lower = [name.lower() for name in names]
    return lower.index(wanted.lower()) if lower.count(wanted.lower()) == 1 else None


def class_index(model: AbstractModel, class_name: str) -> int:
    """The label of a class, given by its name or by the label itself.

    Case does not matter where no two names differ in it alone.

    Raises:
        ConfigError: The model knows no classes, or not this one.
    """
    names = model.spec.class_names
    if not names:
        raise ConfigError(f"this {model.name} was trained without classes; leave out the class")
    for known in (names, model.class_titles):
        found = position_of(class_name, known)
        if found is not None:
            return found
    if class_name.isdecimal() and int(class_name) < len(names):
        return int(class_name)
    raise unknown_name("class", class_name, model.class_titles or names)

"""Arguments that several verbs share. A lone dash is a standard stream, not an option."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter


def _refuse_options(_: object, names: str | Sequence[str] | None) -> None:
    """What the parser takes for a name because of its dash alone is a mistyped option."""
    for name in [names] if isinstance(names, str) else names or ():
        if name.startswith("-") and name != "-":
            raise ValueError(f"unknown option {name} (a file of that name is written ./{name})")


Inputs = Annotated[
    list[str], Parameter(name="IN", allow_leading_hyphen=True, validator=_refuse_options)
]
Output = Annotated[
    str | None,
    Parameter(name=["--output", "-o"], allow_leading_hyphen=True, validator=_refuse_options),
]

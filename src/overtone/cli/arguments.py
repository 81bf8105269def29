"""Arguments that several verbs share. A lone dash is a standard stream, not an option."""

from collections.abc import Sequence
from typing import Annotated

import cyclopts
from cyclopts import Parameter


def _refuse_options(_: object, names: str | Sequence[str] | None) -> None:
    """What the parser takes for a name because of its dash alone is a mistyped option."""
    for name in [names] if isinstance(names, str) else names or ():
        if name.startswith("-") and name != "-":
            raise ValueError(f"unknown option {name} (a file of that name is written ./{name})")


Inputs = Annotated[
    list[str], Parameter(name="IN", allow_leading_hyphen=True, validator=_refuse_options)
]
RequiredOutput = Annotated[
    str,
    Parameter(name=["--output", "-o"], allow_leading_hyphen=True, validator=_refuse_options),
]
Output = Annotated[
    str | None,
    Parameter(name=["--output", "-o"], allow_leading_hyphen=True, validator=_refuse_options),
]


def whole_numbers(text: str, separator: str, count: int, form: str) -> list[int]:
    """The numbers in a text such as 640x480; `form` such as WxH is for the message.

    Raises:
        ValueError: There are not `count` of them, or they are not whole.
    """
    parts = [part.strip() for part in text.lower().split(separator)]
    if len(parts) != count or not all(part.isdecimal() for part in parts):
        raise ValueError(f"expected {form} in whole pixels, got {text}")
    return [int(part) for part in parts]


def _size(_: object, tokens: Sequence[cyclopts.Token]) -> tuple[int, int]:
    width, height = whole_numbers(tokens[0].value, "x", 2, "WxH")
    return width, height


# Width, then height.
Size = Annotated[tuple[int, int] | None, Parameter(converter=_size, n_tokens=1)]

"""Arguments that several verbs share. A lone dash is a standard stream, not an option."""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

MAX_THREADS = 256  # of the native kernels; `overtone.codecs.base` has the same
LARGEST_SEED = (1 << 63) - 1


def _refuse_options(_: object, names: str | Sequence[str] | None) -> None:
    """What the parser takes for a name because of its dash alone is a mistyped option."""
    for name in [names] if isinstance(names, str) else names or ():
        if not name:
            raise ValueError("the name is empty")
        if name.startswith("-") and name != "-":
            raise ValueError(f"must be a name, and {name} is an option")


def _within(lowest: int, highest: int) -> Callable[[object, int | None], None]:
    def check(_: object, value: int | None) -> None:
        if value is not None and not lowest <= value <= highest:
            raise ValueError(f"must be in {lowest}..{highest}, got {value}")

    return check


def _whole(_: object, tokens: Sequence[cyclopts.Token]) -> int:
    """A whole number; the parser alone would round others."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"must be a whole number, got {text}") from None


def _at_least_1(_: object, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"must be at least 1, got {value}")


_OUTPUT = Parameter(
    name=["--output", "-o"], allow_leading_hyphen=True, validator=_refuse_options, metavar="OUT"
)
Inputs = Annotated[
    list[str], Parameter(name="IN...", allow_leading_hyphen=True, validator=_refuse_options)
]
OptionalInputs = Annotated[
    list[str] | None, Parameter(name="IN...", allow_leading_hyphen=True, validator=_refuse_options)
]
RowFolders = Annotated[tuple[str, ...], Parameter(name="--rows", metavar="FOLDER")]
RequiredOutput = Annotated[str, _OUTPUT]
Output = Annotated[str | None, _OUTPUT]
# A trained model: the first argument of the verbs about a model.
Model = Annotated[str, Parameter(name="MODEL")]
# The same as an option of the verbs about pictures or data.
ModelOption = Annotated[str | None, Parameter(metavar="MODEL")]
# Worker threads; None is one for each processor.
Threads = Annotated[
    int | None,
    Parameter(converter=_whole, n_tokens=1, validator=_within(1, MAX_THREADS), metavar="N"),
]
Seed = Annotated[
    int, Parameter(converter=_whole, n_tokens=1, validator=_within(0, LARGEST_SEED), metavar="N")
]
# Where a model computes.
Device = Literal["auto", "cpu", "cuda"]
# Number of things to make.
Count = Annotated[int, Parameter(converter=_whole, n_tokens=1, validator=_at_least_1, metavar="N")]
ClassName = Annotated[str | None, Parameter(name="--class", metavar="CLASS")]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"])]
Settings = Annotated[
    tuple[str, ...], Parameter(name="--set", metavar="NAME=VALUE", show_default=False)
]


Recursive = Annotated[bool, Parameter(name=["--recursive", "-r"])]
# What is not kept of what a file says about its picture; a lone `--strip` is `--strip all`.
Strip = Annotated[Literal["all", "gps"] | None, Parameter(name="--strip")]

_UNIT_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def spell_out(arguments: Sequence[str]) -> list[str]:
    """The arguments with the value that a lone `--strip` stands for."""
    return [
        "--strip=all" if word == "--strip" and following not in ("all", "gps") else word
        for word, following in itertools.pairwise([*arguments, ""])
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


def byte_count(text: str) -> int:
    """The number of bytes in a text such as 5000, 5k, 1.5M, 300kB or 64KiB.

    Raises:
        ValueError: It has another form.
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+) *([kmg]i?|)b?", text.strip().lower())
    if match is None:
        raise ValueError(f"expected a number of bytes such as 5000, 5k or 1.5M, got {text}")
    return round(float(match[1]) * _UNIT_BYTES[match[2]])


def _byte_count(_: object, tokens: Sequence[cyclopts.Token]) -> int:
    return byte_count(tokens[0].value)


def _size(_: object, tokens: Sequence[cyclopts.Token]) -> tuple[int, int]:
    width, height = whole_numbers(tokens[0].value, "x", 2, "WxH")
    return width, height


# Width, then height.
Size = Annotated[tuple[int, int] | None, Parameter(converter=_size, n_tokens=1, metavar="WxH")]

ByteCount = Annotated[int | None, Parameter(converter=_byte_count, n_tokens=1, metavar="BYTES")]

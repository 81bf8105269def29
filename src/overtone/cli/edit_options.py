"""What the options of `overtone edit` say: gains of bands, patterns, moves along directions."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from overtone.errors import ConfigError

if TYPE_CHECKING:
    from overtone.editing.through_model import Move

_MAX_STEPS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class ModelEdit:
    """What is asked of a model: moves along directions, or changes of bands.

    Attributes:
        directions: Texts of --direction.
        classes: Texts of --toward.
        gain: Factor of each band.
        keep_bands: Names of bands.
        mix: Name of a picture file.
        cutoff: Cutoff of the mix, cycles per image.
        edge_octaves: Width of the edges of bands.
        size: Width and height of the results.
        residual: What becomes of the part of a picture that the model cannot express.

    Raises:
        ConfigError: Both are asked for, or nothing is.
    """

    directions: Sequence[str]
    classes: Sequence[str]
    gain: Mapping[str, float] | None
    keep_bands: Sequence[str]
    mix: str | None
    cutoff: float | None
    edge_octaves: float
    size: tuple[int, int] | None
    residual: Literal["keep", "drop"] | None

    def __post_init__(self) -> None:
        if self.has_moves == bool(self.gain or self.keep_bands or self.mix):
            raise ConfigError(
                "with --model give either --direction and --toward, "
                "or --gain, --keep-bands and --mix"
            )

    @property
    def has_moves(self) -> bool:
        """Whether moves are asked for, not changes of bands."""
        return bool(self.directions or self.classes)

    def moves(self) -> "list[Move]":
        """Along directions, then toward classes.

        Raises:
            ConfigError: A text has another form.
        """
        moves = [_parse_move(text, is_class=False) for text in self.directions]
        return moves + [_parse_move(text, is_class=True) for text in self.classes]

    def __str__(self) -> str:
        words = [f"direction {text}" for text in self.directions]
        words += [f"toward {text}" for text in self.classes]
        words += [f"gain of {name} {factor:g}" for name, factor in (self.gain or {}).items()]
        words += [f"keep-bands {','.join(self.keep_bands)}"] if self.keep_bands else []
        words += [f"mix {self.mix}"] if self.mix else []
        return ", ".join(words)


def parse_gains(text: str) -> dict[str, float]:
    """The gain of each band in a text such as low=1,8-40=1.4.

    Raises:
        ConfigError: It has another form, or names a band twice.
    """
    gains: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals:
            raise ConfigError(f"a gain is given as BAND=FACTOR, such as high=0.5; got {part!r}")
        if name in gains:
            raise ConfigError(f"band {name} has two gains; give one")
        gains[name] = _number(value, f"the gain of band {name}")
    return gains


def parse_frequency(text: str) -> tuple[float, float]:
    """Cycles per image to the right and downwards, from a text such as 40,-12.5.

    Raises:
        ConfigError: It has another form.
    """
    parts = text.split(",")
    if len(parts) != 2:
        raise ConfigError(f"a pattern is given as X,Y in cycles per image, got {text!r}")
    x, y = (_number(part, "a pattern's frequency") for part in parts)
    return x, y


def _parse_move(text: str, *, is_class: bool) -> "Move":
    """What is written 3=2 or 3=-2:2:5, or with a class bag=0:1:5."""
    from overtone.editing.through_model import Move

    name, equals, amounts = text.rpartition("=")
    name = name.strip()
    if not (equals and (is_class or name.isdecimal())):
        form = "CLASS=AMOUNT" if is_class else "NUMBER=AMOUNT"
        raise ConfigError(f"a direction is given as {form} or ...=FROM:TO:COUNT, got {text!r}")
    return Move(name if is_class else int(name), _amounts(amounts))


def _amounts(text: str) -> tuple[float, ...]:
    import numpy as np

    parts = text.split(":")
    try:
        if len(parts) == 1:
            return (float(text),)
        first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        raise ConfigError(f"amounts are a number or FROM:TO:COUNT, got {text!r}") from None
    if len(parts) > 3 or not 2 <= count <= _MAX_STEPS:
        raise ConfigError(f"amounts are a number or FROM:TO:COUNT, of 2 and more; got {text!r}")
    return tuple(map(float, np.linspace(first, last, count)))


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{what} must be a number, got {text!r}") from None

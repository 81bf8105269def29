"""Every exception a user, a file or a setting can cause; messages say what to do."""

import difflib
from collections.abc import Iterable, Sequence

_MAX_LISTED = 40  # names in a message


class OvertoneError(Exception):
    """Base of everything Overtone raises on purpose."""


class ConfigError(OvertoneError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""


class PathError(ConfigError):
    """A file or folder that was named is missing, taken, or not what is needed there."""


class ImageError(OvertoneError, ValueError):
    """A picture cannot be read, or its mode or depth is not supported."""


class DataError(OvertoneError, ValueError):
    """A data set is missing, damaged or foreign, or contradicts itself."""


class FitError(OvertoneError, RuntimeError):
    """Fitting failed for good: every restart collapsed or the target cannot be met."""


class ModelError(OvertoneError, ValueError):
    """A model's file is missing, foreign, damaged, newer or does not fit."""


class CheckpointError(OvertoneError, RuntimeError):
    """A training run cannot be saved, or cannot go on from what its folder holds."""


class TrainError(OvertoneError, RuntimeError):
    """Training failed for good: a loss is not finite, or the model collapsed."""


class BitstreamError(OvertoneError, ValueError):
    """Bytes are not a file this version can decode.

    Attributes:
        offset: Byte position in the file where the problem was found, or None.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message if offset is None else f"{message} (at byte {offset})")
        self.offset = offset


class NotABitstreamError(BitstreamError):
    """The magic bytes are missing: a foreign file."""


class UnsupportedVersionError(BitstreamError):
    """The format version is newer than this program."""


class UnsupportedCodecError(BitstreamError):
    """The codec id is not in the table."""


class TruncatedError(BitstreamError):
    """The file ends before its contents do."""


class CorruptError(BitstreamError):
    """A checksum or a value contradicts the format."""


class LimitExceededError(BitstreamError):
    """The file asks for more pixels, symbols or layers than allowed."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> ConfigError:
    """What to raise for a name that is in no table: it gives the nearest known one, and all."""
    names = list(known)
    return ConfigError(f"unknown {kind} {name}; {suggestion(name, names)}known are {listed(names)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean X? ` with the nearest known name, or nothing if none is near."""
    by_lower = {each.lower(): each for each in reversed(list(known))}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"did you mean {by_lower[near[0]]}? " if near else ""


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: all of them, or the first and how many more."""
    more = len(names) - _MAX_LISTED
    shown = ", ".join(names[:_MAX_LISTED] if more > 0 else names) or "none"
    return f"{shown} and {more} more" if more > 0 else shown

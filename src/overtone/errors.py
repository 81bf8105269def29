"""Every exception a user, a file or a setting can cause; messages say what to do."""

import difflib
from collections.abc import Iterable


class OvertoneError(Exception):
    """Base of everything Overtone raises on purpose."""


class ConfigError(OvertoneError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""


class ImageError(OvertoneError, ValueError):
    """A picture cannot be read, or its mode or depth is not supported."""


class ConversionNeededError(ImageError):
    """A picture of a kind that is only read where it may be converted, which loses something."""


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
    """What to raise for a name that is in no table: it gives the nearest known one, or all."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
    return ConfigError(f"unknown {kind} {name}; {hint}")

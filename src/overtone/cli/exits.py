"""Exit codes, and how an error or a note becomes one line, in the command line's words."""

import errno
import os
import re
import sys

from overtone.errors import OvertoneError

EXIT_DONE, EXIT_ERROR, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143
# Set to anything, it shows where an error arose.
TRACEBACK_VARIABLE = "OVERTONE_TRACEBACK"

# Arguments of Python to the options that stand for them, where a message names them.
OPTIONS = {
    "class_name": "--class",
    "edge_octaves": "--edge",
    "feature_weights": "--feature-weights",
    "keep_bands": "--keep-bands",
    "luma_only": "--luma",
    "max_bytes": "--max-bytes",
    "max_pixels": "--max-pixels",
    "max_seconds": "--max-seconds",
    "max_size_bytes": "--max-size",
    "notch_threshold_db": "--notch-threshold",
    "num_results": "--num-results",
    "num_threads": "--threads",
    "psnr_db": "--psnr",
    "size_bytes": "--bytes",
}
# The same for words that are also plain English: only where a message asks for the argument.
PLAIN_OPTIONS = (
    *("bits", "bpp", "channels", "crop", "curve", "cutoff", "data", "device", "effort", "factor"),
    *("model", "preset", "prior", "quality", "scale", "seed", "size", "solve", "target"),
    *("guidance", "temperature"),
)
_ARGUMENT = re.compile(rf"(?<![\w.`/-])({'|'.join(OPTIONS)})\b(?!\.)")
# What a loader says that has no memory left.
_NO_ROOM = re.compile(r"map segment|allocate memory", re.IGNORECASE)
_PLAIN = "|".join(PLAIN_OPTIONS)
_SUBJECT = re.compile(rf"^({_PLAIN})(?= must )")
_SWITCH = re.compile(r"\b(resume)=True\b")
_REQUEST = re.compile(r"(?:^|(?<=; ))(?:give|leave out)\b[^;]*")
_REQUESTED = re.compile(rf"(?<![\w.`/-])(?<!\ba )(?<!\bthe )(?<!\banother )({_PLAIN})\b(?!\.)")


def describe(error: BaseException) -> str:
    """The message of an error a user can cause, without error numbers or line breaks."""
    if isinstance(error, MemoryError):
        return "not enough memory for this picture"
    if is_shortage(error):
        return "not enough memory, or too few threads are granted; give it more"
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "standard output is closed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    return in_options(" ".join(str(error).split()))


def in_options(message: str) -> str:
    """A message of the Python functions with their arguments called as on the command line."""
    message = _ARGUMENT.sub(lambda found: OPTIONS[found[1]], message)
    message = _SWITCH.sub(r"--\1", message)
    message = _SUBJECT.sub(r"--\1", message)
    return _REQUEST.sub(lambda found: _REQUESTED.sub(r"--\1", found[0]), message)


def is_shortage(error: BaseException) -> bool:
    """Whether an error tells in other words that memory or threads have run out."""
    said = str(error)
    return (isinstance(error, ImportError) and _NO_ROOM.search(said) is not None) or (
        isinstance(error, RuntimeError) and "can't start new thread" in said
    )


def describe_fault(error: BaseException) -> str:
    """The type and message of an error that nobody foresaw, and how to find its place."""
    said = f"{type(error).__name__}: {describe(error)}".removesuffix(": ")
    return f"{said} (a fault of this program; set {TRACEBACK_VARIABLE}=1 to see where it arose)"


def account_of(error: BaseException) -> str:
    """What is told of an error, foreseen or not; where it arose is shown to those who ask."""
    show_traceback(error)
    foreseen = isinstance(error, (OvertoneError, OSError, MemoryError)) or is_shortage(error)
    return describe(error) if foreseen else describe_fault(error)


def show_traceback(error: BaseException) -> None:
    """Where the error arose, on standard error, for those who ask for it."""
    if os.environ.get(TRACEBACK_VARIABLE):
        import traceback

        traceback.print_exception(error)


def printable(text: str) -> str:
    """The text with every character that could steer a terminal written as an escape.

    Names of files may hold any character.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def note(message: str) -> None:
    """One line on standard error."""
    print(printable(message), file=sys.stderr, flush=True)


def print_error(message: str) -> None:
    """`error: message` on standard error."""
    note(f"error: {message}")

"""Exit codes, and how an error or a note becomes one line on standard error."""

import os
import sys

EXIT_DONE, EXIT_ERROR, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143
# Set to anything, it shows where an error arose.
TRACEBACK_VARIABLE = "OVERTONE_TRACEBACK"


def describe(error: BaseException) -> str:
    """The message of an error a user can cause, without error numbers or line breaks."""
    if isinstance(error, MemoryError):
        return "not enough memory for this picture"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split())


def describe_fault(error: BaseException) -> str:
    """The type and message of an error that nobody foresaw, and how to find its place."""
    said = f"{type(error).__name__}: {describe(error)}".removesuffix(": ")
    return f"{said} (a fault of this program; set {TRACEBACK_VARIABLE}=1 to see where it arose)"


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
    print(printable(message), file=sys.stderr)


def print_error(message: str) -> None:
    """`error: message` on standard error."""
    note(f"error: {message}")

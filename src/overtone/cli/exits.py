"""Exit codes, and how an error becomes one line on standard error."""

import sys

EXIT_DONE, EXIT_ERROR, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


def describe(error: BaseException) -> str:
    """The message of an error a user can cause, without error numbers or line breaks."""
    if isinstance(error, MemoryError):
        return "not enough memory for this picture"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split())


def print_error(message: str) -> None:
    """`error: message` on standard error."""
    print(f"error: {message}", file=sys.stderr)

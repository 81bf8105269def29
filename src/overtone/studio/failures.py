"""What goes wrong in the studio, each as one line for the page and a status of HTTP."""

from overtone.errors import ImageError, OvertoneError
from overtone.extras import about_missing


class StudioError(OvertoneError):
    """A request that cannot be answered.

    Attributes:
        status: Status of HTTP that says so.
    """

    status = 400


class TooLargeError(StudioError, ImageError):
    """An upload is over the limit of bytes or pixels."""

    status = 413


class NotHeldError(StudioError):
    """A picture, file or job is not there, or not there any more."""

    status = 404


class BusyError(StudioError):
    """More is waiting than the queue takes."""

    status = 429


class ForbiddenError(StudioError):
    """The request comes from another page, or through another name of this machine."""

    status = 403


def status_of(error: BaseException) -> int:
    """The status of HTTP for an error, foreseen or not."""
    if isinstance(error, StudioError):
        return error.status
    if isinstance(error, OvertoneError):
        return 400
    return 503 if isinstance(error, (MemoryError, ModuleNotFoundError)) else 500


def line_about(error: BaseException) -> str:
    """An error in one line, for the page."""
    if isinstance(error, MemoryError):
        return "not enough memory for this; try a smaller picture or fewer of them"
    if isinstance(error, ModuleNotFoundError):
        missing = about_missing(error, "this")
        if missing is not None:
            return missing
    said = " ".join(str(error).split())
    if isinstance(error, OvertoneError):
        return said
    return f"{type(error).__name__}: {said}".removesuffix(": ") + " (a fault of this program)"

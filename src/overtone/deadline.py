"""A limit on the time that a call may take, checked by the work itself between its steps."""

import contextlib
import contextvars
import dataclasses
import math
import time
from collections.abc import Callable, Iterator

from overtone.errors import ConfigError, OvertoneError


@dataclasses.dataclass(frozen=True, slots=True)
class _Deadline:
    """When to stop, and what to raise then."""

    at_s: float
    error: Callable[[], OvertoneError]


_current: contextvars.ContextVar[_Deadline | None] = contextvars.ContextVar(
    "overtone deadline", default=None
)


@contextlib.contextmanager
def time_limit(
    max_seconds: float | None, error: Callable[[str], OvertoneError], what: str
) -> Iterator[None]:
    """Within it `check_time` raises once so many seconds have passed.

    Args:
        max_seconds: The limit, seconds; None for no limit of its own.
        error: Exception to raise, made of a message.
        what: What takes the time, such as "decoding".

    Raises:
        ConfigError: The limit is not a positive number.
    """
    if max_seconds is None:
        yield
        return
    if not (math.isfinite(max_seconds) and max_seconds > 0):
        raise ConfigError(f"max_seconds must be a positive number, got {max_seconds:g}")
    message = f"{what} takes more than the {max_seconds:g} seconds allowed; raise max_seconds"
    token = _current.set(_Deadline(time.monotonic() + max_seconds, lambda: error(message)))
    try:
        yield
    finally:
        _current.reset(token)


def check_time() -> None:
    """Raises the error of the `time_limit` around, if its time is over."""
    deadline = _current.get()
    if deadline is not None and time.monotonic() > deadline.at_s:
        raise deadline.error()

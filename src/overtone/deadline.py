"""A limit on the time that a call may take, checked by the work itself between its steps.

The limit is a context variable, so that no function on the way has to hand it on. Work that may
take long calls `check_time` between its steps; native work calls it some twenty times a second.
"""

import contextlib
import contextvars
import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from overtone.errors import ConfigError, OvertoneError

P = ParamSpec("P")
R = TypeVar("R")


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
    message = f"{what} takes more than the {max_seconds:g} seconds allowed; give more max_seconds"
    token = _current.set(_Deadline(time.monotonic() + max_seconds, lambda: error(message)))
    try:
        yield
    finally:
        _current.reset(token)


def limits_time(
    error: Callable[[str], OvertoneError], what: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For functions with a keyword argument `max_seconds`: makes it the limit of each call.

    Args:
        error: Exception to raise, made of a message.
        what: What takes the time, such as "decoding".
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def limited(*args: P.args, **kwargs: P.kwargs) -> R:
            max_seconds: Any = kwargs.get("max_seconds")
            with time_limit(max_seconds, error, what):
                return function(*args, **kwargs)

        return limited

    return decorate


def check_time() -> None:
    """Raises the error of the `time_limit` around, if its time is over."""
    deadline = _current.get()
    if deadline is not None and time.monotonic() > deadline.at_s:
        raise deadline.error()

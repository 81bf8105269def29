"""SIGINT and SIGTERM ask a run to save and stop; the second time they end it at once."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], Any] | int | None


class StopRequest:
    """Whether the run is to stop after the step it is at.

    Attributes:
        is_set: Whether a signal has come.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._before: dict[int, _Handler] = {}

    def take_signals(self) -> None:
        """From here a signal sets the request, and a second one does what it did before."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.is_set = True
            self.let_signals_end()

        self._before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            signal.signal(number, handle)

    def let_signals_end(self) -> None:
        """From here signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Yields what the signals set. Outside the main thread there are no signals to handle."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    request.take_signals()
    try:
        yield request
    finally:
        request.let_signals_end()

"""SIGINT and SIGTERM ask a run to save and stop; the second time they end it at once."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether the run is to stop after the step it is at."""

    def __init__(self) -> None:
        self.is_set = False


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Yields what the signals set. Outside the main thread there are no signals to handle."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        request.is_set = True
        for each in _SIGNALS:
            signal.signal(each, before[each])

    for number in _SIGNALS:
        signal.signal(number, handle)
    try:
        yield request
    finally:
        for number in _SIGNALS:
            signal.signal(number, before[number])

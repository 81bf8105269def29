"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt wherever it happens to be. In the code of a library, such as the
import of a large one, it may be caught and dropped; then it is raised again at the next report of
progress.
"""

import signal
import threading
from types import FrameType

_seen = False


def watch() -> None:
    """Notes interrupts, where nobody else has asked for them."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def raise_again() -> None:
    """Raises KeyboardInterrupt if there was one and the command went on."""
    if _seen and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _seen
    _seen = True
    raise KeyboardInterrupt

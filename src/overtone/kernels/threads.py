"""Work shared among threads, as many as the system grants."""

import _thread
import collections
import contextlib
import contextvars
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from overtone.kernels import _fourier

Item = TypeVar("Item")
Result = TypeVar("Result")

POLL_S = 0.2  # seconds between two calls of `poll`
# What a new thread must find free: the C library ends the process when there is no memory for a
# thread-local variable, so those of C++ and of NumPy are made at once.
HEADROOM_BYTES = 1 << 22
_beginning = threading.Lock()
_SOME = np.eye(3)


def map_on_threads(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    num_threads: int,
    poll: Callable[[Sequence[Result | None]], None] = lambda results: None,
    stop: Callable[[], None] = lambda: None,
) -> list[Result]:
    """`work` of each item, in the order of the items.

    Threads that cannot be started, for want of memory or because there are too many, are done
    without; if there is none at all, the caller does the work. The threads see the caller's
    context variables. What `work` or `poll` raises is passed on when all threads have stopped.

    Args:
        work: What to call, on several threads at the same time.
        items: What to call it with.
        num_threads: Number of threads.
        poll: Called from this thread now and then with the results so far, and at the end.
        stop: Called once something was raised, so that `work` can end early.
    """
    shared = _Shared(work, items)
    for _ in range(min(num_threads, len(items))):
        try:
            _thread.start_new_thread(_serve, (contextvars.copy_context(), shared))
        except (RuntimeError, MemoryError):
            break
    try:
        while not shared.is_over(POLL_S) and shared.failure is None:
            poll(shared.results)
            if shared.is_idle():
                shared.serve_one()
    except BaseException as error:
        shared.failure = error
    if shared.failure is not None:
        stop()
        shared.stop()
        raise shared.failure
    poll(shared.results)
    return [result for result in shared.results if result is not None]


def _serve(context: contextvars.Context, shared: "_Shared[Any, Any]") -> None:
    """What a thread runs, if it has the memory to begin."""
    with contextlib.suppress(MemoryError):
        context.run(shared.serve)


class _Shared(Generic[Item, Result]):
    """What the threads take from and add to."""

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self.results: list[Result | None] = [None] * len(items)
        self.failure: BaseException | None = None
        self._work = work
        self._items = items
        self._waiting = collections.deque(range(len(items)))
        self._num_running = 0
        self._changed = threading.Condition()

    def serve(self) -> None:
        """Works until nothing is left; not at all where a thread has no room to live."""
        try:
            # One after the other, so that each has the room to itself.
            with _beginning:
                bytearray(HEADROOM_BYTES)
                _fourier.prepare_thread()
                np.dot(_SOME, _SOME)
        except MemoryError:
            return
        while self.serve_one():
            pass

    def serve_one(self) -> bool:
        """Works on the next item; false if there was none."""
        with self._changed:
            if not self._waiting:
                return False
            index = self._waiting.popleft()
            self._num_running += 1
        try:
            self.results[index] = self._work(self._items[index])
        except BaseException as error:
            self.failure = self.failure or error
            self._waiting.clear()
        finally:
            with self._changed:
                self._num_running -= 1
                self._changed.notify_all()
        return True

    def is_over(self, timeout_s: float) -> bool:
        """Waits a little, and tells whether nothing is left to do."""
        with self._changed:
            return self._changed.wait_for(self._is_done, timeout_s)

    def is_idle(self) -> bool:
        """Whether there is work and nobody at it: no thread has started."""
        return self._num_running == 0 and bool(self._waiting)

    def stop(self) -> None:
        """Leaves what has not been begun and waits for what has."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(self._is_done)

    def _is_done(self) -> bool:
        return not self._waiting and self._num_running == 0

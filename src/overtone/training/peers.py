"""How each of the processes that train together learns that another has ended, or is silent."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from overtone.errors import TrainError

# A process that keeps the store stays so long at most, until the others have noticed its end.
LINGER_S = 2.0
_LOOK_EVERY_S = 0.1
_FAILED = "overtone/failed"  # how many processes have ended with an error


class PeerError(TrainError):
    """Another of the processes that train together has ended, or does not answer."""


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Turns what an exchange raises when another process has gone or is silent into one error."""
    try:
        yield
    except RuntimeError as error:
        said = str(error).lower()
        is_late = "timed out" in said or "timeout" in said
        raise PeerError(
            f"another process of this training {'does not answer' if is_late else 'has ended'}, so "
            "this one ends too; its checkpoints are whole: go on with resume=True"
        ) from error


def is_first_to_fail(store: Any) -> bool:
    """Counts this process as one that fails; whether no other has told why.

    Where the store has gone with the process that kept it, nobody knows, and all tell.
    """
    try:
        return store.add(_FAILED, 1) == 1
    except RuntimeError:
        return True


def linger(store: Any, count: int) -> None:
    """Keeps the store for a moment, where this process has failed, until all have."""
    end = time.monotonic() + LINGER_S
    with contextlib.suppress(RuntimeError):
        while 0 < store.add(_FAILED, 0) < count and time.monotonic() < end:
            time.sleep(_LOOK_EVERY_S)


def wait_for(store: Any, key: str) -> None:
    """Waits until another process has set the key, for as long as that takes.

    Raises:
        PeerError: The process that kept the store has ended.
    """
    with listening():
        while not store.check([key]):
            time.sleep(_LOOK_EVERY_S)

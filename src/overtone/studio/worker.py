"""A process for the work: it can be stopped at any moment, and what it breaks is only itself."""

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal, final

from overtone.studio.failures import StudioError, line_about
from overtone.studio.tasks import Part, Pictures, task_of

LOOK_EVERY_S = 5.0
# What the process says: a part of the answer, how far it is, that it is done, what went wrong, or
# nothing for a while.
Said = (
    tuple[Literal["part"], Part]
    | tuple[Literal["progress"], tuple[float, str]]
    | tuple[Literal["done"], None]
    | tuple[Literal["failed"], str]
    | tuple[Literal["nothing"], None]
)


class WorkerLostError(StudioError):
    """The process has ended in the middle of its work, or cannot be made."""


@final
class Worker:
    """The process; it is made by `spawn`, since threads of PyTorch do not live through a fork."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._process: BaseProcess | None = None

    def start(self) -> None:
        """Makes the process, if there is none.

        Raises:
            WorkerLostError: The system gives none.
        """
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        try:
            self._connection, theirs = context.Pipe()
            with theirs:
                process = context.Process(
                    target=_serve, args=(theirs,), name="overtone-studio-worker", daemon=True
                )
                process.start()
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise WorkerLostError(
                f"no process can be started for the work: {reason}; close other programs, then try "
                "again"
            ) from error
        self._process = process

    def run(self, kind: str, request: Any, pictures: Pictures) -> Iterator[Said]:
        """What the process says about a request, every few seconds, until it is done or has failed.

        It is not started here: what has been stopped meanwhile must not begin anew.

        Raises:
            WorkerLostError: It has ended before.
        """
        connection = self._connection
        if connection is None:
            raise AssertionError("the process has not been started")
        try:
            connection.send((kind, request, dict(pictures)))
            while True:
                said: Said = ("nothing", None)
                if connection.poll(LOOK_EVERY_S):
                    said = connection.recv()
                yield said
                if said[0] in ("done", "failed"):
                    return
        except (EOFError, OSError) as error:
            self.stop()
            raise WorkerLostError(
                "the work has ended before its time, most likely for want of memory; "
                "try a smaller picture"
            ) from error

    def stop(self) -> None:
        """Ends the process at once, whatever it is doing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()


def _serve(connection: Connection) -> None:
    """The process: answers one request after the other until the studio is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the studio, which ends this

    def report(fraction: float, message: str) -> None:
        connection.send(("progress", (min(max(fraction, 0.0), 1.0), message)))

    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            kind, request, pictures = connection.recv()
            try:
                for part in task_of(kind)(request, pictures, report):
                    connection.send(("part", part))
                answer = ("done", None)
            except (BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:
                answer = ("failed", line_about(error))
            connection.send(answer)

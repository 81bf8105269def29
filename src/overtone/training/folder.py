"""The folder of a run: made, locked for one process, and written in with one kind of error."""

import contextlib
import pathlib
from collections.abc import Iterator

from overtone.errors import CheckpointError
from overtone.training.log import RunLog


def make_folder(folder: pathlib.Path) -> None:
    """Makes the folder of a run.

    Raises:
        CheckpointError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"cannot make the folder {folder}: {error.strerror}") from error


@contextlib.contextmanager
def log_in(folder: pathlib.Path, step: int) -> Iterator[RunLog]:
    """The log of the run, closed at the end."""
    log = RunLog(folder, step=step)
    try:
        yield log
    except BaseException:
        with contextlib.suppress(OSError):  # what is under way says more
            log.close()
        raise
    log.close()


@contextlib.contextmanager
def writing_in(folder: pathlib.Path) -> Iterator[None]:
    """Turns the system's errors inside into `CheckpointError`."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"cannot write in {folder}: {error.strerror or error}; its checkpoints are whole; "
            "make room or give rights, then go on with resume=True"
        ) from error


@contextlib.contextmanager
def locked(folder: pathlib.Path) -> Iterator[None]:
    """One run of processes in a folder, where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CheckpointError(
                f"another process is training in {folder}; wait for it"
            ) from error
        yield

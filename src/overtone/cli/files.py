"""Where each result of a command goes, and how: beside its source, in folders, written whole."""

import contextlib
import dataclasses
import os
import pathlib
import sys
from collections.abc import Callable, Iterator, Sequence

from overtone.cli.exits import EXIT_DONE, EXIT_ERROR, describe, print_error
from overtone.errors import ConfigError, OvertoneError, PathError
from overtone.files import check_folder_of

STREAM = "-"


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One file to read and one to write; `STREAM` is standard input or output.

    Attributes:
        position: Which of how many, "3/12"; empty for a single one.
    """

    source: str
    destination: str
    position: str = ""


def plan_jobs(sources: Sequence[str], out: str | None, suffix: str, *, force: bool) -> list[Job]:
    """Where each source's result goes.

    Without `out` it goes beside its source with the ending replaced by `suffix`; `out` may be a
    file for one source, a folder, or `-`. A folder is made if it does not exist, not its parents.

    Raises:
        ConfigError: Two results would have one name, or one would replace its source, or the only
            one would replace a file without `force`.
    """
    if out is None:
        destinations = [s if s == STREAM else _renamed(s, None, suffix) for s in sources]
    elif out == STREAM:
        if len(sources) > 1:
            raise ConfigError("standard output (-) takes one result; give a folder with -o")
        destinations = [STREAM]
    elif len(sources) > 1 or out.endswith(("/", os.sep)) or os.path.isdir(out):
        folder = pathlib.Path(out)
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{out} is a file; several results need a folder")
        folder.mkdir(exist_ok=True)
        destinations = [_renamed(s, folder, suffix) for s in sources]
    else:
        destinations = [out]
    _refuse_collisions(sources, destinations)
    if len(sources) == 1:
        check_destination(destinations[0], force=force)  # now, not after a minute's work
        return [Job(sources[0], destinations[0])]
    return [
        Job(source, destination, f"{number}/{len(sources)}")
        for number, (source, destination) in enumerate(zip(sources, destinations, strict=True), 1)
    ]


def _renamed(source: str, folder: pathlib.Path | None, suffix: str) -> str:
    path = pathlib.Path("stdin" if source == STREAM else source)
    return str((folder or path.parent) / (path.stem + suffix))


def _refuse_collisions(sources: Sequence[str], destinations: Sequence[str]) -> None:
    taken: dict[str, str] = {}
    for source, destination in zip(sources, destinations, strict=True):
        if destination == STREAM:
            continue
        real = os.path.realpath(destination)
        if source != STREAM and real == os.path.realpath(source):
            raise ConfigError(f"{destination} would replace its own source; give another -o")
        if real in taken:
            raise ConfigError(f"{taken[real]} and {source} would both become {destination}")
        taken[real] = source


def check_destination(path: str, *, force: bool) -> None:
    """Refuses, before any work, a place that is taken or cannot be.

    Raises:
        ConfigError: The folder is missing, or there is something at `path` and `force` is off.
    """
    if path == STREAM:
        return
    check_folder_of(pathlib.Path(path))
    if os.path.lexists(path) and not force:
        raise PathError(f"{path} exists; give --force to replace it")


def run_jobs(jobs: Sequence[Job], work: Callable[[Job], None]) -> int:
    """Works on each job; one that fails leaves the others unharmed and is listed at the end.

    Returns:
        The exit code.
    """
    outcome = Outcome()
    for job in jobs:
        with outcome.of(job):
            work(job)
    return outcome.exit_code()


class Outcome:
    """What became of several jobs: a failure of one leaves the others unharmed."""

    def __init__(self) -> None:
        self._num_jobs = 0
        self._failures: list[str] = []

    @contextlib.contextmanager
    def of(self, job: Job) -> Iterator[None]:
        """Around the work of one job; takes note of what a user, a file or a setting can cause."""
        self._num_jobs += 1
        try:
            yield
        except BrokenPipeError:
            raise
        except (OvertoneError, OSError, MemoryError) as error:
            self._failures.append(f"{job.source}: {describe(error)}")

    def exit_code(self) -> int:
        """Lists the failures, after all jobs, and gives the exit code."""
        if self._num_jobs > 1 and self._failures:
            print(f"{len(self._failures)} of {self._num_jobs} files failed:", file=sys.stderr)
        for failure in self._failures:
            print_error(failure)
        return EXIT_ERROR if self._failures else EXIT_DONE


def write_bytes(destination: str, data: bytes, *, force: bool) -> None:
    """Writes a whole file or standard output; a file appears complete or not at all.

    Raises:
        ConfigError: Its folder is missing, the file exists and `force` is off, or standard output
            is a terminal.
    """
    if destination == STREAM:
        if sys.stdout.isatty():
            raise ConfigError("will not write a picture to a terminal; give -o or redirect it")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    check_destination(destination, force=force)
    with _temporary_beside(pathlib.Path(destination)) as temporary:
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(destination)


@contextlib.contextmanager
def _temporary_beside(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A name in the same folder, so that renaming is atomic; removed whatever happens."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)

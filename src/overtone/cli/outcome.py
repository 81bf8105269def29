"""What became of the files of a command: what was skipped, what failed, how long the rest takes."""

import collections
import contextlib
import dataclasses
import datetime
import os
import pathlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from overtone.cli.exits import (
    EXIT_DONE,
    EXIT_ERROR,
    EXIT_USAGE,
    account_of,
    note,
    print_error,
)
from overtone.cli.progress import progress_bar
from overtone.errors import ConfigError, DataError, PathError

if TYPE_CHECKING:
    from overtone.codecs.base import ProgressCallback


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One file to read and one to write; - is standard input or output.

    Attributes:
        source: Name of the file to read.
        destination: Name of the file to write.
        folder: Folder to make for the result, with its parents; empty for none.
        position: Which of how many, "3/12"; empty for a single one.
    """

    source: str
    destination: str
    folder: str = ""
    position: str = ""


class Outcome:
    """What became of several jobs: one that fails leaves the others unharmed.

    Args:
        quiet: Say nothing but errors.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._num_jobs = self._num_wrong_settings = 0
        self._failures: list[str] = []
        self._skipped: collections.Counter[str] = collections.Counter()
        self._endings: dict[str, set[str]] = collections.defaultdict(set)
        self._said: list[str] = []
        self._started = time.monotonic()
        self._bytes_done = self._bytes_left = 0

    def plan(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs, their positions filled in; how long they take is estimated from now on."""
        self._started = time.monotonic()
        self._bytes_left = sum(_size_of(job.source) for job in jobs)
        if len(jobs) == 1:
            return list(jobs)
        return [
            dataclasses.replace(job, position=f"{number}/{len(jobs)}")
            for number, job in enumerate(jobs, 1)
        ]

    @contextlib.contextmanager
    def of(self, job: Job, *, is_slow: bool = False) -> "Iterator[ProgressCallback | None]":
        """Around the work of one job; takes note of its failure, also of one nobody foresaw.

        Args:
            job: The job.
            is_slow: A bar is shown for a single job too, not only for one of several.

        Yields:
            What to call with the fraction done; None where nobody would see it.
        """
        self._num_jobs += 1
        shows = not self.quiet and (is_slow or job.position)
        try:
            # Nothing may fail between here and the work: a manager that does not yield is a fault.
            with progress_bar(self._title(job)) if shows else contextlib.nullcontext() as report:
                yield report
        except (BrokenPipeError, ModuleNotFoundError):
            raise
        except Exception as error:
            self._failures.append(f"{job.source}: {account_of(error)}")
            if isinstance(error, ConfigError) and not isinstance(error, PathError):
                self._num_wrong_settings += 1
        self._bytes_done += _size_of(job.source)
        self._bytes_left -= _size_of(job.source)
        self._print_said()

    def say(self, line: str) -> None:
        """Tells what was done, once the bar of the job is gone."""
        if not self.quiet:
            self._said.append(line)

    def _print_said(self) -> None:
        for line in self._said:
            note(line)
        self._said.clear()

    def skip(self, reason: str, count: int = 1, *, ending: str = "") -> None:
        """Counts what is left out.

        Args:
            reason: Why; `{s}` in it is the ending of its plural.
            count: How many.
            ending: Ending of a file's name, which is told.
        """
        self._skipped[reason] += count
        if ending:
            self._endings[reason].add(ending)

    def count(self, num_jobs: int) -> None:
        """Counts jobs that were done elsewhere."""
        self._num_jobs += num_jobs

    def fail(self, source: str, reason: str) -> None:
        """Takes note of a file that fails before there is a job for it."""
        self._num_jobs += 1
        self._failures.append(f"{source}: {reason}")

    def nothing_left(self) -> DataError:
        """What to raise where no picture can be read; several failures are listed before."""
        if len(self._failures) == 1:
            return DataError(self._failures[0])
        self.exit_code()
        return DataError("none of the pictures can be read")

    def exit_code(self) -> int:
        """Says what was skipped, lists the failures, after all jobs, and gives the exit code.

        Where all jobs failed for their settings, it is that of wrong usage.
        """
        self._print_said()
        if self._skipped and not self.quiet:
            parts = [
                f"{count} {reason.replace('{s}', '' if count == 1 else 's')}{self._told(reason)}"
                for reason, count in self._skipped.items()
            ]
            note(f"skipped: {', '.join(parts)}")
        if self._num_jobs > 1 and self._failures:
            note(f"{len(self._failures)} of {self._num_jobs} files failed:")
        for failure in self._failures:
            print_error(failure)
        if self._failures and self._num_wrong_settings == self._num_jobs:
            return EXIT_USAGE
        return EXIT_ERROR if self._failures else EXIT_DONE

    def _told(self, reason: str) -> str:
        endings = sorted(self._endings[reason])
        return f" ({', '.join(endings)})" if endings else ""

    def _title(self, job: Job) -> str:
        """Position and name of a job, and when all are done at the pace so far, by their bytes."""
        title = f"{job.position} {pathlib.PurePath(job.source).name}".strip()
        if not (job.position and self._bytes_done):
            return title
        elapsed_s = time.monotonic() - self._started
        left = datetime.timedelta(seconds=round(elapsed_s * self._bytes_left / self._bytes_done))
        return f"{title}, all done in {left}"


def _size_of(source: str) -> int:
    with contextlib.suppress(OSError):
        return os.path.getsize(source)
    return 0

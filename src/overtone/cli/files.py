"""Where each result of a command goes, and how: beside its source, in folders, written whole."""

import dataclasses
import os
import pathlib
import sys
from collections.abc import Callable, Collection, Sequence

from overtone.cli.outcome import Job, Outcome
from overtone.errors import ConfigError, PathError
from overtone.files import check_folder_of, is_stream, write_atomically
from overtone.imaging.formats import PICTURE_SUFFIXES

STREAM = "-"
EXISTS = "already there"


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file to read; `STREAM` is standard input.

    Attributes:
        path: Name of the file.
        below: Where it lies in the folder that was given: "" directly in it, "a/b" deeper. None if
            the file itself was named.
    """

    path: str
    below: str | None = None


def plan_jobs(
    sources: Sequence[Source],
    out: str | None,
    suffix: str,
    outcome: Outcome,
    *,
    endings: Collection[str] = (),
    skip_existing: bool = False,
    force: bool,
) -> list[Job]:
    """Where each source's result goes, but for what is skipped or cannot be, which is noted.

    Without `out` it goes beside its source with the ending replaced by `suffix`; `out` may be a
    file for one named source, a folder, or `-`. A folder is made if it does not exist, not its
    parents; the sub-folders in it are those of the sources.

    Args:
        sources: What is read.
        out: What was given with -o.
        suffix: Ending of the results.
        outcome: Takes note of what is skipped, and of failures where there are several sources.
        endings: The endings that a single result may have; any without.
        skip_existing: Leave out what has a result.
        force: Replace files that exist.

    Raises:
        ConfigError: The options contradict each other; or the only result would replace its source,
            or a file without `force`, or has the ending of another format.
    """
    if force and skip_existing:
        raise ConfigError("--force replaces what --skip-existing keeps; give one of them")
    jobs = []
    taken: dict[str, str] = {}
    for job in _all_jobs(sources, out, suffix, endings):
        reason = _obstacle(job, taken)
        exists = _is_taken(job.destination) and not force
        if reason is None and not exists:
            jobs.append(job)
        elif reason is None and skip_existing:
            outcome.skip(EXISTS)
        elif len(sources) == 1:
            if reason is not None:
                raise ConfigError(reason)
            raise PathError(f"{job.destination} exists; give --force to replace it")
        else:
            hint = "give --force to replace it or --skip-existing to keep it"
            outcome.fail(job.source, reason or f"{job.destination} exists; {hint}")
    return outcome.plan(jobs)


def _all_jobs(
    sources: Sequence[Source], out: str | None, suffix: str, endings: Collection[str]
) -> list[Job]:
    """A job for each source, whatever is in its way."""
    if out is None:
        return [Job(each.path, _beside(each.path, suffix)) for each in sources]
    if out == STREAM:
        if len(sources) > 1:
            raise ConfigError("standard output (-) takes one result; give a folder with -o")
        return [Job(sources[0].path, STREAM)]
    is_batch = len(sources) > 1 or sources[0].below is not None
    if is_batch or out.endswith(("/", os.sep)) or os.path.isdir(out):
        folder = _checked_folder(out)
        places = [folder / (each.below or "") for each in sources]
        return [
            Job(each.path, str(place / _name(each.path, suffix)), str(place))
            for each, place in zip(sources, places, strict=True)
        ]
    path = pathlib.PurePath(out)
    if endings and not is_stream(out) and path.suffix.lower() not in {"", *endings}:
        raise ConfigError(f"{out} would hold a {suffix} file; name it {path.with_suffix(suffix)}")
    check_folder_of(pathlib.Path(out))  # now, not after a minute's work
    return [Job(sources[0].path, out)]


def _checked_folder(out: str) -> pathlib.Path:
    """The folder for several results, which the first job makes."""
    folder = pathlib.Path(out)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ConfigError(f"{out} is a file; several results need a folder")
    if folder.suffix.lower() in {".ovt", *PICTURE_SUFFIXES}:
        raise ConfigError(
            f"a folder or several files become a folder, and {out} is the name of a file; "
            f"give -o {folder.with_suffix('')}"
        )
    check_folder_of(folder)
    return folder


def _beside(source: str, suffix: str) -> str:
    if source == STREAM:
        return STREAM
    return str(pathlib.Path(source).parent / _name(source, suffix))


def _name(source: str, suffix: str) -> str:
    return ("stdin" if source == STREAM else pathlib.PurePath(source).stem) + suffix


def _obstacle(job: Job, taken: dict[str, str]) -> str | None:
    """Why a job cannot be done even by force; `taken` holds the results planned so far."""
    if job.destination == STREAM or is_stream(job.destination):
        return None
    real = os.path.realpath(job.destination)
    if job.source != STREAM and real == os.path.realpath(job.source):
        return f"{job.destination} would replace its own source; give another -o"
    if real in taken:
        return f"{job.destination} is the result of {taken[real]}; give this one another -o"
    taken[real] = job.source
    return None


def _is_taken(path: str) -> bool:
    """Whether there is something that a result would replace."""
    return not (path == STREAM or is_stream(path)) and os.path.lexists(path)


def check_destination(path: str, *, force: bool) -> None:
    """Refuses, before any work, a place that is taken or cannot be.

    Raises:
        ConfigError: The folder is missing, or there is something at `path` and `force` is off.
    """
    if path == STREAM or is_stream(path):
        return
    check_folder_of(pathlib.Path(path))
    if _is_taken(path) and not force:
        raise PathError(f"{path} exists; give --force to replace it")


def suffix_of(destination: str) -> str:
    """The ending that chooses the format of a picture: that of the name, .png for a stream."""
    if destination == STREAM or is_stream(destination):
        return ".png"
    return pathlib.PurePath(destination).suffix


def run_jobs(jobs: Sequence[Job], outcome: Outcome, work: Callable[[Job], None]) -> int:
    """Works on each job; one that fails leaves the others unharmed and is listed at the end.

    Returns:
        The exit code.
    """
    for job in jobs:
        with outcome.of(job):
            work(job)
    return outcome.exit_code()


def write_result(job: Job, data: bytes, *, force: bool) -> None:
    """Writes the result of a job, see `write_bytes`, and makes the folder it goes to."""
    if job.folder:
        os.makedirs(job.folder, exist_ok=True)
    write_bytes(job.destination, data, force=force)


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
    write_atomically(pathlib.Path(destination), data)

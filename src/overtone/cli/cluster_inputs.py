"""What names stand for where a cluster works on them: also lists, tar files, remote addresses."""

import functools
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from overtone.cli.exits import account_of
from overtone.cli.files import STREAM, Source
from overtone.cli.outcome import Outcome
from overtone.cli.sources import find_inputs
from overtone.errors import ConfigError, DataError, PathError

if TYPE_CHECKING:
    from overtone.batch.plan import Picture

LIST = "@"
UNREADABLE = (DataError, PathError, OSError)


def found_pictures(
    names: Sequence[str],
    suffixes: Collection[str],
    outcome: Outcome,
    *,
    recursive: bool = False,
    output: str | None = None,
) -> "list[Picture]":
    """What names stand for: as `find_inputs`, and lists, tar files and remote addresses.

    Args:
        names: What was given; `@FILE` is a list of such, one a line, `{000..009}` so many names.
        suffixes: Endings that folders and tar files are searched for.
        outcome: Takes note of what is left out of folders.
        recursive: Search the folders in a folder too.
        output: Folder that is not searched, since results go there.

    One of several that cannot be read is a failure, and the others are worked on, unless tar files
    are to become as many tar files.

    Raises:
        ConfigError: A file or folder on this machine is missing, or there is none at all.
        DataError: None of them can be read.
    """
    from overtone.batch.shards import TAR

    found: dict[str, Picture] = {}
    failures: list[tuple[str, Exception]] = []

    def fail(name: str, error: Exception) -> None:
        if (output or "").endswith(TAR):
            raise error
        failures.append((name, error))

    for name, is_listed in _spelled_out(names):
        search = functools.partial(
            find_inputs,
            [name],
            suffixes,
            outcome,
            recursive=recursive,
            output=None if "://" in (output or "") else output,
        )
        for picture in _expand(name, suffixes, search, fail, recursive, is_listed):
            found.setdefault(picture.source, picture)
    if not (found or failures):
        raise ConfigError("the lists are empty; name pictures in them, one a line")
    if not found and len(failures) == 1:
        raise failures[0][1]
    for name, error in failures:
        outcome.fail(name, account_of(error))
    if not found:
        raise outcome.nothing_left()
    return list(found.values())


def _spelled_out(names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Every name that was given, on its own or in a list, and whether it was in one."""
    from overtone.batch.plan import listed_in
    from overtone.batch.shards import spelled_out

    for name in names:
        if name == STREAM:
            raise ConfigError("a cluster works on files; leave out - or --cluster")
        is_list = name.startswith(LIST)
        for inner in listed_in(name[len(LIST) :]) if is_list else [name]:
            for each in [inner] if os.path.exists(inner) else spelled_out(inner):
                yield each, is_list


def _expand(
    name: str,
    suffixes: Collection[str],
    search: Callable[[], list[Source]],
    fail: Callable[[str, Exception], None],
    recursive: bool,
    is_listed: bool,
) -> "Iterator[Picture]":
    """What one name stands for; what cannot be read goes to `fail`."""
    from overtone.batch import places
    from overtone.batch.plan import Picture, in_archive, remote_pictures
    from overtone.batch.shards import TAR

    if places.is_remote(name):
        try:
            yield from remote_pictures(name, suffixes, recursive=recursive)
        except UNREADABLE as error:
            fail(name, error)
    elif is_listed and not (os.path.isdir(name) or name.endswith(TAR)):
        yield Picture(name, name)  # one that is missing is a failure like others
    else:
        try:
            sources = search()
        except UNREADABLE as error:
            if not (is_listed or name.endswith(TAR)):
                raise
            fail(name, error)
            return
        for source in sources:
            if not source.path.endswith(TAR):
                yield Picture(source.path, source.path, source.below)
                continue
            try:
                yield from in_archive(source.path, suffixes)
            except UNREADABLE as error:
                fail(source.path, error)

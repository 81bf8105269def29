"""What names stand for where a cluster works on them: also lists, tar files, remote addresses."""

import os
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from overtone.cli.files import STREAM
from overtone.cli.outcome import Outcome
from overtone.cli.sources import find_inputs
from overtone.errors import ConfigError

if TYPE_CHECKING:
    from overtone.batch.plan import Picture

LIST = "@"


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

    Raises:
        ConfigError: A name stands for nothing.
    """
    from overtone.batch.plan import listed_in

    found: dict[str, Picture] = {}
    for name in names:
        if name == STREAM:
            raise ConfigError("a cluster works on files; leave out - or --cluster")
        inner = listed_in(name[len(LIST) :]) if name.startswith(LIST) else [name]
        for each in inner:
            pictures = _expand(
                each,
                suffixes,
                outcome,
                recursive=recursive,
                output=output,
                is_listed=len(inner) > 1,
            )
            for picture in pictures:
                found.setdefault(picture.source, picture)
    if not found:
        raise ConfigError("the lists are empty; name pictures in them, one a line")
    return list(found.values())


def _expand(
    name: str,
    suffixes: Collection[str],
    outcome: Outcome,
    *,
    recursive: bool,
    output: str | None,
    is_listed: bool,
) -> "Iterator[Picture]":
    from overtone.batch import places
    from overtone.batch.plan import Picture, in_archive, remote_pictures
    from overtone.batch.shards import TAR, spelled_out

    for each in [name] if os.path.exists(name) else spelled_out(name):
        if places.is_remote(each):
            yield from remote_pictures(each, suffixes, recursive=recursive)
        elif is_listed and not (os.path.isdir(each) or each.endswith(TAR)):
            yield Picture(each, each)  # one that is missing is a failure like others
        else:
            out = None if output is None or places.is_remote(output) else output
            for source in find_inputs([each], suffixes, outcome, recursive=recursive, output=out):
                if source.path.endswith(TAR):
                    yield from in_archive(source.path, suffixes)
                else:
                    yield Picture(source.path, source.path, source.below)

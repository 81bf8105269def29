"""What `overtone edit --match` takes over: the spectrum of a picture, or the look of a folder."""

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from overtone.cli.files import Source
from overtone.cli.outcome import Outcome
from overtone.cli.progress import progress_bar
from overtone.cli.sources import find_inputs, read_named_picture
from overtone.errors import ConfigError, ImageError
from overtone.imaging.formats import PICTURE_SUFFIXES

if TYPE_CHECKING:
    import numpy as np

    from overtone.codecs.base import ProgressCallback
    from overtone.editing.basis import Domain
    from overtone.editing.set_match import SetMatch
    from overtone.imaging.high_depth import DeepPicture
    from overtone.shapes import UInt


def read_match(
    reference: str | None,
    sources: Sequence[Source],
    read: "Callable[..., DeepPicture]",
    *,
    each: bool,
    domain: "Domain",
    quiet: bool,
) -> "UInt[np.ndarray, 'h w c'] | SetMatch | None":
    """The pixels of a picture; of a folder, the map to its pictures from all that are edited.

    Args:
        reference: Name of a picture, or of a folder, whose sub-folders are searched too; or None.
        sources: What is edited; one alone, and each with `each`, is a set of its own.
        read: Reads a source as it is read to be edited; with convert=True, a reference.
        each: Take each source for a set of its own.
        domain: Transform that is filtered.
        quiet: Show no progress.

    Raises:
        ConfigError: `each` is asked for without a folder.
        ImageError: The reference, or a picture in it, is no picture that can be edited.
        PathError: There is no such file, or the folder holds no picture.
    """
    if each and not (reference and os.path.isdir(reference)):
        raise ConfigError("--match-each is for --match with a folder; give that too")
    if reference is None:
        return None
    if not os.path.isdir(reference):
        return read_named_picture(reference, read).pixels
    from overtone.editing.set_match import SetMatch, set_spectrum

    found = find_inputs([reference], PICTURE_SUFFIXES, Outcome(quiet=True), recursive=True)
    with progress_bar(f"measuring {reference}", quiet=quiet) as progress:
        named = functools.partial(read_named_picture, read=read)
        wanted = set_spectrum(_pictures(found, named, progress), domain)
    if each or len(sources) < 2:
        return SetMatch(wanted)
    with progress_bar("measuring the inputs", quiet=quiet) as progress:
        # Those that cannot be read say why when it is their turn to be edited.
        readable = _pictures(sources, read, progress, passed_over=(ImageError, OSError))
        first = next(readable, None)
        if first is None:
            return SetMatch(wanted)
        own = set_spectrum(itertools.chain([first], readable), domain)
    return SetMatch(wanted, own)


def _pictures(
    sources: Sequence[Source],
    read: "Callable[[str], DeepPicture]",
    progress: "ProgressCallback | None",
    *,
    passed_over: tuple[type[Exception], ...] = (),
) -> "Iterator[UInt[np.ndarray, 'h w c']]":
    """The pixels of each source, but of those that raise an error that is passed over."""
    for number, source in enumerate(sources, 1):
        with contextlib.suppress(*passed_over):
            yield read(source.path).pixels
        if progress is not None:
            progress(number / len(sources), f"{number} pictures")

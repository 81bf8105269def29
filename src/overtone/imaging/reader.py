"""Pillow at work on the bytes of strangers: which formats, how many pixels, what its errors mean.

Pillow's readers and writers raise almost anything about damaged files. This is the one place where
that becomes an error of ours.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.errors import ImageError, OvertoneError
from overtone.imaging.formats import OPENED_FORMATS

if TYPE_CHECKING:
    from PIL import Image, ImageFile

_T = TypeVar("_T")
_opening = threading.Lock()  # Pillow's limit, at which it looks on opening, is one for all threads


def read_with(
    source: str | os.PathLike[str] | BinaryIO,
    convert: Callable[[Image.Image], _T],
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> _T:
    """What `convert` makes of the Pillow image in a file.

    Args:
        source: Path of the file, or a file open for reading.
        convert: Called with the image before its pixels are decoded.
        max_pixels: Largest number of pixels; checked before they are decoded, instead of Pillow's
            own limit.

    Raises:
        ImageError: It cannot be read, or is larger than that, or `convert` raises it.
        OSError: The file cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        is_path = isinstance(source, str | os.PathLike)
        file = stack.enter_context(open(source, "rb")) if is_path else source
        stack.enter_context(pillow_errors_as(_about_reading))
        return convert(stack.enter_context(open_picture(file, max_pixels=max_pixels)))


def open_picture(
    file: BinaryIO,
    *,
    formats: tuple[str, ...] = OPENED_FORMATS,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> ImageFile.ImageFile:
    """The Pillow image in an open file of one of the formats, of which the header has been read.

    Raises:
        ImageError: It has more pixels than `max_pixels`.
        Exception: Anything that Pillow raises; see `pillow_errors_as`.
    """
    from PIL import Image

    with _opening:
        usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            image = Image.open(file, formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = usual
    if image.width * image.height > max_pixels:
        image.close()
        raise ImageError(
            f"the picture says that it has {image.width}x{image.height} pixels, which is over the "
            f"limit max_pixels of {max_pixels}; raise the limit if you trust the file"
        )
    return image


@contextlib.contextmanager
def pillow_errors_as(make_error: Callable[[Exception], OvertoneError]) -> Iterator[None]:
    """Around a call of Pillow's readers or writers: whatever they raise becomes an error of ours.

    Memory that runs out stays what it is. Pillow's warnings, of odd but readable files, are not
    shown.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        raise make_error(error) from error


def reason_of(error: Exception) -> str:
    """What an error says, in one line, with its type where the message may say little alone."""
    said = " ".join(str(error).split())
    if said and isinstance(error, (OSError, SyntaxError, ValueError)):
        return said
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def _about_reading(error: Exception) -> ImageError:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, OvertoneError):  # of a file of ours, which Pillow opens too
        return ImageError(str(error))
    if isinstance(error, UnidentifiedImageError):
        return ImageError("this is no picture in a format that is read here")
    if isinstance(error, Image.DecompressionBombError):
        return ImageError(f"the picture is too large: {reason_of(error)}")
    return ImageError(f"the picture is damaged: {reason_of(error)}")

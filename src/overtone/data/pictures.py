"""Picture files to 8-bit gray or RGB of one size; those that cannot be read fail or are named."""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from overtone.data.base import LoadOptions
from overtone.data.pixels import fit_to_size, to_array
from overtone.errors import DataError, ImageError
from overtone.imaging.convert import upper_byte, upright
from overtone.imaging.reader import read_with
from overtone.shapes import Int64, UInt8

# A name for messages, and how to get the file's bytes.
NamedFile = tuple[str, Callable[[], bytes]]
_GRAY_MODES = ("1", "L", "LA", "La")
_ALPHA_MODES = ("LA", "La", "PA", "RGBA", "RGBa")


def read_pictures(
    files: Sequence[NamedFile], options: LoadOptions, where: str
) -> tuple[UInt8[np.ndarray, "n h w c"], Int64[np.ndarray, " n"], tuple[str, ...]]:
    """The pictures that can be read, their positions in `files`, and "file: reason" of the others.

    They are gray if all are gray, otherwise RGB, unless the options says.

    Raises:
        DataError: A picture cannot be read and the options is to fail; or none can; or their
            sizes differ and the options has none. `where` begins the message.
    """
    pictures: list[np.ndarray] = []
    kept: list[int] = []
    skipped: list[str] = []
    for position, (name, read) in enumerate(files):
        try:
            pixels = to_pixels(read(), options)
        except ImageError as error:
            if options.on_corrupt == "fail":
                raise DataError(f"{where}: {name}: {error}") from error
            skipped.append(f"{name}: {error}")
            continue
        pictures.append(pixels)
        kept.append(position)
        if pictures[-1].shape[:2] != pictures[0].shape[:2]:
            sizes = [f"{each.shape[1]}x{each.shape[0]}" for each in (pictures[0], pictures[-1])]
            raise DataError(
                f"{where}: pictures of one size are expected, found {files[kept[0]][0]} of "
                f"{sizes[0]} and {name} of {sizes[1]} pixels; give a size"
            )
    if not pictures:
        raise DataError(
            f"{where}: no picture can be read; the first of {len(skipped)}: {skipped[0]}"
        )
    channels = max(each.shape[2] for each in pictures)
    pixels = np.stack([np.broadcast_to(each, (*each.shape[:2], channels)) for each in pictures])
    return pixels, np.array(kept, np.int64), tuple(skipped)


def to_pixels(data: bytes, options: LoadOptions) -> UInt8[np.ndarray, "h w c"]:
    """The picture in a file, gray or RGB, at the size and with the channels of the options.

    Raises:
        ImageError: As `to_gray_or_rgb`.
    """
    image = to_gray_or_rgb(data)
    if options.channels is not None:
        image = image.convert("L" if options.channels == 1 else "RGB")
    return to_array(image if options.size is None else fit_to_size(image, options.size))


def to_gray_or_rgb(data: bytes) -> Image.Image:
    """The picture in a file, upright, of mode L or RGB.

    Alpha and transparent colours are laid on white; 16 bits a sample keep their upper 8; palettes,
    CMYK and the like become RGB as Pillow converts them; of several frames the first is taken.

    Raises:
        ImageError: The file is damaged, foreign, too large, or its samples are no levels.
    """
    return read_with(io.BytesIO(data), _upright)


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    return _converted(upright(image))


def _converted(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(upper_byte(np.asarray(image), image.mode))
    gray = image.mode in _GRAY_MODES
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, coloured)
    return image.convert("L" if gray else "RGB")

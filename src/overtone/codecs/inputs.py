"""What `encode` takes for a picture and `decode` for a file; the rest is refused with advice."""

import os
import pathlib
import sys
from typing import TYPE_CHECKING, BinaryIO, TypeGuard

import numpy as np

from overtone.bitstream.container import DEFAULT_MAX_PIXELS, Metadata
from overtone.errors import ConfigError, ImageError
from overtone.imaging.image import Picture, from_pillow, read_picture

if TYPE_CHECKING:
    from PIL import Image

    FileSource = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO
else:
    FileSource = object  # the tests check annotations, and `file_bytes` is to refuse the rest


def picture_of(image: object, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Picture:
    """Pixels `h w c` and metadata of what a caller has.

    Args:
        image: An array of 8-bit pixels, `h w` or `h w c`; a Pillow image, with its ICC profile,
            EXIF block and resolution; the path of a picture file, or one open in binary mode.
        max_pixels: Largest number of pixels of a picture file; checked before they are decoded.

    Raises:
        ImageError: It is something else; the message says how to convert it. Or it has more pixels.
        OSError: The file cannot be opened.
    """
    if isinstance(image, np.ndarray):
        return Picture(_pixels(image), Metadata())
    if _is_pillow_image(image):
        return from_pillow(image)
    if isinstance(image, (str, os.PathLike)):
        return read_picture(os.fspath(image), max_pixels=max_pixels)
    if hasattr(image, "read"):
        return read_picture(image, max_pixels=max_pixels)  # pyright: ignore[reportArgumentType]
    raise ImageError(
        "image must be an array, a Pillow image, a path or an open file, got "
        f"{type(image).__name__}; {_conversion(image)}"
    )


def file_bytes(source: FileSource) -> bytes:
    """All bytes of a file: given as such, by its path, or open in binary mode.

    Raises:
        ConfigError: It is none of these.
        OSError: The file cannot be read.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, (bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, (str, os.PathLike)):
        return pathlib.Path(source).read_bytes()
    data = source.read() if hasattr(source, "read") else source
    if isinstance(data, str):
        raise ConfigError('the file is open as text; open it in binary mode, as open(path, "rb")')
    if not isinstance(data, bytes):
        raise ConfigError(
            "data must be bytes, a path or a file open in binary mode, got "
            f"{type(source).__name__}; of an array of bytes take array.tobytes()"
        )
    return data


def _is_pillow_image(image: object) -> "TypeGuard[Image.Image]":
    """Without Pillow imported, nothing can be one of its images."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(image, pillow.Image)


def _pixels(image: np.ndarray) -> np.ndarray:
    """An array of 8-bit pixels with an axis of channels."""
    if isinstance(image, np.ma.MaskedArray):
        raise ImageError("image must have no mask; give image.filled(0), or another level")
    if image.dtype != np.uint8:
        raise ImageError(f"image must be an array of uint8, got {image.dtype}; {_to_8_bits(image)}")
    if image.ndim == 2:
        return image[:, :, None]
    if image.ndim == 3 and image.shape[0] in (1, 3, 4) and image.shape[2] > 4:
        raise ImageError(
            f"image must have its channels last, got the shape {image.shape}; "
            "give image.transpose(1, 2, 0)"
        )
    if image.ndim == 4:
        raise ImageError(
            f"image must be one picture, got the shape {image.shape}; encode one after the other"
        )
    return image


def _to_8_bits(image: np.ndarray) -> str:
    """How to make an array of another type one of 8-bit pixels."""
    if image.dtype == np.bool_:
        return "give image.astype(np.uint8) * 255"
    if np.issubdtype(image.dtype, np.uint16):  # in either order of bytes
        return "give np.rint(image / 257).astype(np.uint8) if white is 65535"
    if np.issubdtype(image.dtype, np.integer):
        return "give np.clip(image, 0, 255).astype(np.uint8) if white is 255"
    if np.issubdtype(image.dtype, np.floating):
        return (
            "give np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8) if white is 1, or "
            "np.rint(np.clip(image, 0, 255)).astype(np.uint8) if it is 255"
        )
    return "convert it to 8 bits first"


def _conversion(image: object) -> str:
    """How to make something of another type an array."""
    if type(image).__module__.partition(".")[0] == "torch":
        return (
            "of a tensor c h w in [0, 1] give "
            "(image * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()"
        )
    if isinstance(image, (bytes, bytearray, memoryview)):
        return "of the bytes of a picture file give io.BytesIO(image)"
    if isinstance(image, (list, tuple)):
        return "of nested lists give np.array(image, np.uint8)"
    return "np.asarray makes arrays of many things"

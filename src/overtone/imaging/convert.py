"""Pictures of kinds that are not read as they are, made gray or RGB of 8 bits a sample."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import numpy as np

from overtone.errors import ImageError
from overtone.imaging.reader import pillow_errors_as
from overtone.shapes import UInt8

if TYPE_CHECKING:
    from PIL import Image

_COLOUR_MODELS = ("CMYK", "HSV", "LAB", "YCbCr")


def to_8_bits(image: Image.Image) -> Image.Image:
    """The frame that is open, of CMYK and the like as RGB, of 16 bits a sample the upper 8.

    Colours are converted by the ICC profile, which is then that of the result no more. Pictures of
    other kinds come back as they are.

    Raises:
        ImageError: The samples are no levels of 8 or 16 bits.
    """
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        converted = Image.fromarray(upper_byte(np.asarray(image), image.mode))
        converted.info = {key: value for key, value in image.info.items() if key != "transparency"}
        return converted
    if image.mode not in _COLOUR_MODELS:
        return image
    converted = to_srgb(image, image.info.get("icc_profile"), "RGB") or image.convert("RGB")
    converted.info = {key: value for key, value in image.info.items() if key != "icc_profile"}
    return converted


def upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF block says; as it is where that makes no sense."""
    from PIL import ImageOps

    with contextlib.suppress(ImageError), pillow_errors_as(lambda error: ImageError(str(error))):
        return ImageOps.exif_transpose(image)
    return image


def to_srgb(image: Image.Image, icc: bytes | None, mode: str) -> Image.Image | None:
    """The picture with the colours of its profile in sRGB; None where the profile is of no use."""
    from PIL import ImageCms

    if not (icc or image.mode == "LAB"):
        return None
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else ImageCms.createProfile("LAB")
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, own, srgb, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def upper_byte(samples: np.ndarray, mode: str) -> UInt8[np.ndarray, "h w"]:
    """The upper 8 of 16 bits a sample.

    Raises:
        ImageError: The samples are no levels of 8 or 16 bits; `mode` is Pillow's name for them.
    """
    if mode.startswith("F") or samples.min() < 0 or samples.max() > 65535:
        raise ImageError(
            f"levels of 8 or 16 bits are expected, found {samples.min()}..{samples.max()} "
            f"(mode {mode})"
        )
    return (samples.astype(np.uint16) >> 8).astype(np.uint8)

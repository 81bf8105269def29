"""JPEG, WebP, AVIF and JPEG 2000 through Pillow, as baselines behind the codec interface.

Each has the settings a careful user would choose, and writes ordinary files of its format.
"""

import abc
import dataclasses
import io
from collections.abc import Iterator
from typing import ClassVar, final

import numpy as np
from PIL import Image
from typing_extensions import override

from overtone.bitstream.container import Layout
from overtone.codecs.base import AbstractCodec, EncodeOptions, View
from overtone.errors import CorruptError, ImageError, NotABitstreamError
from overtone.imaging.image import saved
from overtone.imaging.reader import open_picture, pillow_errors_as, reason_of
from overtone.shapes import UInt8

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
JPEG2000_BPP = (0.04, 8.0)  # rates at quality 1 and 100, on top of
JPEG2000_HEADER_BYTES, JPEG2000_CHANNEL_BYTES = 160, 40  # headers, plus packets of each channel
JPEG2000_MAX_RESOLUTIONS = 6


@dataclasses.dataclass(frozen=True, slots=True)
class PillowFile:
    """A file of which only the header has been read.

    Attributes:
        picture: The picture; Pillow decodes its pixels when they are asked for.
        size_bytes: Size of the file.
    """

    picture: Image.Image
    size_bytes: int


class PillowCodec(AbstractCodec[PillowFile]):
    """What the four formats share; a format adds its settings.

    Attributes:
        pillow_format: Pillow's name of the format.
    """

    quality_step: ClassVar[float] = 1.0
    pillow_format: ClassVar[str]

    @abc.abstractmethod
    def save_options(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions
    ) -> dict[str, object]:
        """Keywords of `PIL.Image.Image.save` for this picture."""

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        if image.shape[2] not in self.layouts:
            known = ", ".join(MODES[layout] for layout in sorted(self.layouts))
            raise ImageError(
                f"{self.pillow_format} files hold {known}, not {MODES[image.shape[2]]}; "
                "convert the picture first"
            )
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        return saved(picture, self.pillow_format, self.save_options(image, options))

    @override
    def open(self, data: bytes) -> PillowFile:
        with pillow_errors_as(self._not_this_format):
            picture = open_picture(io.BytesIO(data), formats=(self.pillow_format,))
        if picture.mode not in MODES.values():
            raise ImageError(f"{self.pillow_format} files of mode {picture.mode} are not supported")
        return PillowFile(picture, len(data))

    @override
    def decode_rows(
        self, file: PillowFile, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        picture = file.picture
        if not view.is_full(picture.width, picture.height):
            raise ImageError(
                f"{self.pillow_format} files decode whole and at 1x only; "
                "an .ovt file decodes at any size and crop"
            )
        with pillow_errors_as(self._damaged):
            pixels = np.asarray(picture)
        yield pixels if pixels.ndim == 3 else pixels[..., None]

    @override
    def describe(self, file: PillowFile, *, full: bool) -> dict[str, object]:
        return {
            "format": self.pillow_format,
            "width": file.picture.width,
            "height": file.picture.height,
            "layout": file.picture.mode,
            "sections": {"file": file.size_bytes},
        }

    def _not_this_format(self, error: Exception) -> NotABitstreamError:
        return NotABitstreamError(f"not a {self.pillow_format} file: {reason_of(error)}", 0)

    def _damaged(self, error: Exception) -> CorruptError:
        return CorruptError(f"damaged {self.pillow_format} file: {reason_of(error)}")


def _metadata_options(options: EncodeOptions) -> dict[str, object]:
    """Keywords that keep the ICC profile and EXIF block; absent ones are left out."""
    metadata = options.metadata
    kept: dict[str, object] = {}
    if metadata.icc:
        kept["icc_profile"] = metadata.icc
    if metadata.exif:
        kept["exif"] = b"Exif\x00\x00" + metadata.exif
    return kept


@final
class JpegCodec(PillowCodec):
    """JPEG with 4:2:0 chroma, optimised Huffman tables and progressive scans."""

    name = "jpeg"
    suffix = ".jpg"
    pillow_format = "JPEG"
    layouts = frozenset({Layout.GRAY, Layout.RGB})

    @override
    def save_options(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions
    ) -> dict[str, object]:
        return {
            "quality": round(options.quality),
            "optimize": True,
            "progressive": True,
            "subsampling": "4:2:0",
            **({"dpi": options.metadata.dpi} if options.metadata.dpi else {}),
            **_metadata_options(options),
        }


@final
class WebpCodec(PillowCodec):
    """Lossy WebP with the slowest, smallest method."""

    name = "webp"
    suffix = ".webp"
    pillow_format = "WEBP"
    layouts = frozenset({Layout.RGB, Layout.RGBA})

    @override
    def save_options(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions
    ) -> dict[str, object]:
        return {"quality": round(options.quality), "method": 6, **_metadata_options(options)}


@final
class AvifCodec(PillowCodec):
    """AVIF by libaom with 4:4:4 chroma; `effort` sets the speed."""

    name = "avif"
    suffix = ".avif"
    pillow_format = "AVIF"
    layouts = frozenset({Layout.RGB, Layout.RGBA})

    @override
    def save_options(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions
    ) -> dict[str, object]:
        return {
            "quality": round(options.quality),
            "subsampling": "4:4:4",
            "speed": {"fast": 8, "default": 4, "best": 1}[options.effort],
            "max_threads": 1,  # more threads cut the picture into tiles, which costs bytes
            **_metadata_options(options),
        }


@final
class Jpeg2000Codec(PillowCodec):
    """JPEG 2000 by OpenJPEG: 9/7 wavelet, one quality layer; `quality` fixes the *rate*.

    The rate in bits per pixel grows geometrically from 0.04 at quality 1 to 8 at quality 100
    for every picture alike, as the format is commonly used. Averages of PSNR over pictures flatter
    such a codec; compare it by mean squared error too. Metadata is not kept.
    """

    name = "jpeg2000"
    suffix = ".jp2"
    quality_step = 0.1
    pillow_format = "JPEG2000"
    layouts = frozenset(Layout)

    @override
    def save_options(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions
    ) -> dict[str, object]:
        lowest, highest = JPEG2000_BPP
        quality = round(options.quality, 1)
        target_bpp = lowest * (highest / lowest) ** ((quality - 1) / 99)
        height, width, channels = image.shape
        target_bytes = target_bpp * height * width / 8
        target_bytes += JPEG2000_HEADER_BYTES + JPEG2000_CHANNEL_BYTES * channels
        return {
            "quality_mode": "rates",
            "quality_layers": [max(1.0, image.size / target_bytes)],
            "irreversible": True,
            "mct": int(channels >= Layout.RGB),  # decorrelate the colours
            "num_resolutions": min(
                JPEG2000_MAX_RESOLUTIONS, height.bit_length(), width.bit_length()
            ),
        }

"""What every codec is: the interface, the options it is given, the view it decodes."""

import abc
import dataclasses
import os
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import MAX_SIDE_PX, Container, Layout, Metadata
from overtone.errors import ConfigError, ImageError, UnsupportedCodecError
from overtone.shapes import Float64, UInt8

Effort = Literal["fast", "default", "best"]
MIN_QUALITY, MAX_QUALITY = 1.0, 100.0
MAX_THREADS = 256  # as many as the native kernels take
File = TypeVar("File")  # a file as a codec decodes it


@runtime_checkable
class ProgressCallback(Protocol):
    """Called now and then by a codec at work; it may raise KeyboardInterrupt to stop it."""

    def __call__(self, fraction: float, message: str) -> None:
        """`fraction` of the work done, 0..1; `message` such as "0.312 bpp, 28.41 dB"."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EncodeOptions:
    """Everything a codec may be asked for besides the picture.

    Attributes:
        quality: 1..100, larger is better and bigger; a codec rounds it to its `quality_step`.
        effort: How much time to spend for fewer bytes.
        preset: A named set of settings of the codec; None is its own choice.
        settings: Changes of single settings of the preset: dotted names and values.
        seed: Seed for all randomness.
        num_threads: Number of worker threads, 1..256.
        metadata: ICC profile, EXIF block and resolution, kept in the file unchanged.
        progress: Called now and then; None is silent.
    """

    quality: float = 50.0
    effort: Effort = "default"
    preset: str | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seed: int = 0
    num_threads: int = 2
    metadata: Metadata = dataclasses.field(default_factory=Metadata)
    progress: ProgressCallback | None = None

    def __post_init__(self) -> None:
        if not MIN_QUALITY <= self.quality <= MAX_QUALITY:
            raise ConfigError(
                f"quality must be in {MIN_QUALITY:g}..{MAX_QUALITY:g}, got {self.quality:g}"
            )
        if self.effort not in ("fast", "default", "best"):
            raise ConfigError(f"effort must be fast, default or best, got {self.effort!r}")
        if not 0 <= self.seed < 1 << 32:
            raise ConfigError(f"seed must be in 0..{(1 << 32) - 1}, got {self.seed}")
        check_num_threads(self.num_threads)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which part of the picture to evaluate, and at which size.

    The box is in source pixels: pixel i covers i to i + 1. Output pixel i is centred at
    `x + (i + 0.5) * width / out_width`, and likewise down the rows.

    Attributes:
        x: Left edge of the box, source pixels.
        y: Top edge of the box, source pixels.
        width: Width of the box, source pixels, > 0.
        height: Height of the box, source pixels, > 0.
        out_width: Pixels to make across.
        out_height: Pixels to make down.
    """

    x: float
    y: float
    width: float
    height: float
    out_width: int
    out_height: int

    def positions(self) -> tuple[Float64[np.ndarray, " w"], Float64[np.ndarray, " h"]]:
        """Where the output pixels are centred: from left to right, and down; source pixels."""
        xs = self.x + (np.arange(self.out_width) + 0.5) * (self.width / self.out_width)
        ys = self.y + (np.arange(self.out_height) + 0.5) * (self.height / self.out_height)
        return xs, ys

    def is_full(self, width: int, height: int) -> bool:
        """Whether this is the whole of a `width` x `height` picture at its own size."""
        return self == full_view(width, height)


def full_view(width: int, height: int) -> View:
    """The whole picture, pixel for pixel."""
    return View(x=0, y=0, width=width, height=height, out_width=width, out_height=height)


def check_num_threads(number: int) -> None:
    """Raises `ConfigError` unless there can be so many worker threads."""
    if not 1 <= number <= MAX_THREADS:
        raise ConfigError(f"num_threads must be in 1..{MAX_THREADS}, got {number}")


def resolve_num_threads(asked: int | None) -> int:
    """The number asked for, or the processors this process may use, at most `MAX_THREADS`.

    Raises:
        ConfigError: The number asked for is below 1 or above `MAX_THREADS`.
    """
    if asked is not None:
        check_num_threads(asked)
        return asked
    has_affinity = hasattr(os, "sched_getaffinity")
    available = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return min(available, MAX_THREADS)


def check_image(image: object) -> None:
    """Raises `ImageError` if this is no array of 8-bit pixels of 1 to 4 channels."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        kind = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise ImageError(f"image must be an array of uint8, got {kind}; convert it to 8 bits first")
    if image.ndim != 3 or not 1 <= image.shape[2] <= 4:
        raise ImageError(
            f"image must have the shape (height, width, 1..4 channels), got {image.shape}"
        )
    height, width, _ = image.shape
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise ImageError(f"image sides must be in 1..{MAX_SIDE_PX}, got {width}x{height}")


class AbstractCodec(abc.ABC, Generic[File]):
    """A way to turn pixels into the bytes of one file and back.

    A codec of `.ovt` files derives from `NativeCodec`; one of foreign files derives from this
    class and says by `open` what it decodes.

    Attributes:
        name: Key in the table of codecs.
        quality_step: The finest step of `quality` that can change the file.
        suffix: Ending of the names of its files.
        layouts: Colour layouts that come back from its files as they went in.
    """

    name: ClassVar[str]
    quality_step: ClassVar[float]
    suffix: ClassVar[str] = ".ovt"
    layouts: ClassVar[frozenset[Layout]] = frozenset(Layout)

    def check(self, options: EncodeOptions) -> None:
        """Refuses a preset and settings that cannot be followed; no codec has any by default.

        Raises:
            ConfigError: One of them is unknown or does not fit.
        """
        if options.preset is not None:
            raise ConfigError(f"codec {self.name} has no preset {options.preset}; leave it out")
        if options.settings:
            names = ", ".join(options.settings)
            raise ConfigError(f"codec {self.name} has no settings; leave out {names}")

    @abc.abstractmethod
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        """The whole file for `image`, with 1 to 4 channels as in `Layout`."""

    @abc.abstractmethod
    def open(self, data: bytes) -> File:
        """The bytes of a file, read as far as `decode_rows` and `describe` need.

        Raises:
            BitstreamError: They are no file of this codec, or a damaged one.
        """

    @abc.abstractmethod
    def decode_rows(
        self, file: File, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        """Strips of the view from top to bottom, together `view.out_height` rows.

        Raises:
            BitstreamError: The file is damaged.
            ImageError: A codec of foreign files was asked for any view but the full one.
        """

    @abc.abstractmethod
    def describe(self, file: File, *, full: bool) -> dict[str, object]:
        """What `overtone info` shows of a file, ready for JSON.

        The key "sections" maps the name of each section to its size in bytes; other keys are
        settings read from the file.

        Args:
            file: The file.
            full: Also what only decoding the coefficients tells, such as the number of tiles.
        """


class NativeCodec(AbstractCodec[Container]):
    """A codec of `.ovt` files: it decodes a container that has been taken apart.

    Attributes:
        codec_id: Its number in the header of files.
    """

    codec_id: ClassVar[int]

    @override
    def open(self, data: bytes) -> Container:
        container = Container.from_bytes(data)
        if container.codec_id != self.codec_id:
            raise UnsupportedCodecError(
                f"codec id {container.codec_id} in the file is not {self.codec_id}, that of "
                f"{self.name}; decode it with its own codec",
                5,
            )
        return container


@runtime_checkable
class ProgressiveCodec(Protocol):
    """A codec whose files say something from the first bytes on, and more with each byte."""

    def shorten(self, data: bytes, max_bytes: int) -> bytes:
        """A whole file of at most `max_bytes` that holds what the first bytes of `data` say.

        Args:
            data: A file, or as much of it as has arrived.
            max_bytes: Largest size of the result, bytes.

        Raises:
            BitstreamError: So few bytes say nothing, or they are damaged.
        """
        ...


@runtime_checkable
class SizedCodec(Protocol):
    """A codec that, with some of its settings, knows the size of a file before it encodes."""

    def knows_size(self, options: EncodeOptions) -> bool:
        """Whether the settings and the picture's shape decide the size, and not its pixels."""
        ...

    def has_quality(self, options: EncodeOptions) -> bool:
        """Whether the quality changes the file with these settings."""
        ...

    def options_within(
        self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions, max_bytes: int
    ) -> EncodeOptions:
        """The options of the best file of at most `max_bytes`, where the size is known.

        Raises:
            ConfigError: The settings leave nothing to choose.
            FitError: The smallest file is larger.
        """
        ...

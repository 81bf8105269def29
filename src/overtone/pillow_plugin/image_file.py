"""`.ovt` files as Pillow images: `Image.open` reads the header, `load` decodes, `save` encodes."""

import difflib
import io
import math
from typing import IO, Any

from PIL import Image, ImageFile, UnidentifiedImageError

from overtone.bitstream.container import Container
from overtone.codecs.registry import decode, encode, read_container
from overtone.errors import BitstreamError, ConfigError, OvertoneError
from overtone.imaging.image import from_pillow, pillow_info

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# What `save` passes on to `overtone.encode`, and what replaces the image's own metadata.
_SETTINGS = frozenset(
    {
        "bpp",
        "codec",
        "effort",
        "max_size_bytes",
        "num_threads",
        "preset",
        "progress",
        "psnr_db",
        "quality",
        "seed",
        "settings",
        "size_bytes",
        "verify",
    }
)
_METADATA = frozenset({"dpi", "exif", "icc_profile"})


class UnidentifiedFileError(BitstreamError, UnidentifiedImageError):
    """`Image.open` met a file that cannot be read, as Pillow's users expect to hear of it."""


class DamagedFileError(BitstreamError, OSError):
    """The pixels of a file cannot be decoded, as Pillow's users expect to hear of it."""


class OvertoneImageFile(ImageFile.ImageFile):
    """An opened file: size, mode and metadata are known, pixels are decoded when asked for."""

    format = "OVT"
    format_description = "Overtone"

    def _open(self) -> None:
        assert self.fp is not None
        try:
            container = read_container(self.fp.read())
        except BitstreamError as error:
            raise UnidentifiedFileError(str(error)) from error
        self._container: Container | None = container
        self._size = (container.width, container.height)
        self._mode = _MODES[container.layout]
        self.info.update(pillow_info(container.metadata))
        self.tile = []

    def draft(
        self, mode: str | None, size: tuple[int, int] | None
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Asks for a smaller picture, before it is decoded: the codec evaluates it at that size.

        Args:
            mode: Ignored; the mode stays that of the file.
            size: Width and height that the picture is to have at least; its proportions are kept.

        Returns:
            The mode and the part of the result that is the picture, which is all of it; None if
            nothing is changed.
        """
        container = self._container
        if container is None or size is None:
            return None
        whole = (container.width, container.height)
        scale = max(wanted / side for wanted, side in zip(size, whole, strict=True))
        if scale >= 1:
            return None
        width, height = (max(1, math.ceil(side * scale)) for side in whole)
        self._size = (width, height)
        return self.mode, (0, 0, width, height)

    def load(self) -> Any:
        """Decodes the pixels the first time it is called."""
        if self._container is not None:
            try:
                pixels = decode(self._container, size=self.size)
            except OvertoneError as error:
                raise DamagedFileError(str(error)) from error
            self._container = None
            if self.fp is not None and self._exclusive_fp:
                self.fp.close()
            self.fp = io.BytesIO(pixels.tobytes())
            self.tile = [ImageFile._Tile("raw", (0, 0, *self.size), 0, self.mode)]
        return super().load()


def save(image: Image.Image, fp: IO[bytes]) -> None:
    """Encodes a Pillow image with the settings given to its `save`, in the words of `encode`.

    Raises:
        ConfigError: A setting is unknown.
        ImageError: The mode is not supported.
    """
    given: dict[str, Any] = getattr(image, "encoderinfo", {})
    for name in given.keys() - _SETTINGS - _METADATA:
        near = difflib.get_close_matches(name, _SETTINGS | _METADATA, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"unknown setting {name} for an .ovt file{hint}")
    source = image.copy()
    source.info = image.info | {name: given[name] for name in given.keys() & _METADATA}
    picture = from_pillow(source)
    settings = {name: given[name] for name in given.keys() & _SETTINGS}
    fp.write(encode(picture.pixels, metadata=picture.metadata, **settings))

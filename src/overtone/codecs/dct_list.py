"""The codec `dct-list`: small pictures coded with a trained model of lists, for one machine only.

One section: the model's fingerprint (16 bytes), then a range code of the list's symbols. The
model's probabilities are rounded to integers, but they are made of floating-point sums, and other
sums would ask for other bits. So the fingerprint covers the weights, the libraries that compute
with them and the processor's instructions, and a file of another is refused.
"""

from collections.abc import Iterator
from typing import ClassVar, Protocol, final, runtime_checkable

import numpy as np
from typing_extensions import override

from overtone.bitstream.container import Container, Layout
from overtone.codecs.base import EncodeOptions, NativeCodec, View
from overtone.entropy.symbols import ListModel, SymbolReader, SymbolWriter
from overtone.errors import ConfigError, CorruptError, UnsupportedCodecError
from overtone.shapes import Int32, UInt8

FINGERPRINT_BYTES = 16


@runtime_checkable
class PictureListModel(ListModel, Protocol):
    """A probability over the lists of pictures of one size, such as a `dct-transformer`."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of its pictures."""
        ...

    def triples_of(self, image: UInt8[np.ndarray, "h w c"]) -> Int32[np.ndarray, "n 3"]:
        """The list of a picture: its quantised coefficients."""
        ...

    def image_of(self, triples: Int32[np.ndarray, "n 3"]) -> UInt8[np.ndarray, "h w c"]:
        """The picture of a list."""
        ...


@final
class DctListCodec(NativeCodec):
    """A picture as the list of its coefficients, each symbol under a model's probabilities.

    Args:
        model: The model; without one, files can be described and nothing else.
    """

    name: ClassVar[str] = "dct-list"
    codec_id: ClassVar[int] = 4
    quality_step: ClassVar[float] = 99.0  # the model's quantiser is the only one

    def __init__(self, model: PictureListModel | None = None) -> None:
        self._model = None if model is None else as_list_model(model)

    @override
    def encode(self, image: UInt8[np.ndarray, "h w c"], options: EncodeOptions) -> bytes:
        model = self._model
        if model is None:
            raise ConfigError("codec dct-list codes with a trained model; give model")
        self.check(options)
        if image.shape != model.image_shape:
            raise ConfigError(
                f"the model codes pictures of {model.image_shape} (height, width, channels), "
                f"got {image.shape}; resize it first"
            )
        writer = SymbolWriter(model.symbols(model.triples_of(image)))
        model.write(writer)
        return Container(
            codec_id=self.codec_id,
            width=image.shape[1],
            height=image.shape[0],
            layout=Layout(image.shape[2]),
            sections=(model.fingerprint() + writer.finish(),),
            metadata=options.metadata,
        ).to_bytes()

    @override
    def decode_rows(
        self, file: Container, view: View, num_threads: int
    ) -> Iterator[UInt8[np.ndarray, "rows w c"]]:
        model = self._model
        if model is None:
            raise UnsupportedCodecError("the file was coded with a trained model; give model", 5)
        if file.codec_id != self.codec_id:
            raise UnsupportedCodecError(
                f"codec id {file.codec_id} needs no model; decode the file without one", 5
            )
        if not view.is_full(file.width, file.height):
            raise ConfigError(
                "files coded with a model decode whole and at 1x only; leave out scale and crop"
            )
        fingerprint, code = _read_section(file)
        if fingerprint != model.fingerprint():
            raise UnsupportedCodecError(
                "the file was coded with another model, another version of PyTorch or on a "
                "processor with other instructions; its probabilities cannot be made again here",
                file.offsets[0],
            )
        shape = (file.height, file.width, int(file.layout))
        if shape != model.image_shape:
            raise CorruptError("the file's size is not that of the model's pictures")
        reader = SymbolReader(code)
        triples = model.write(reader)
        reader.finish()
        return iter([model.image_of(triples)])

    @override
    def describe(self, file: Container) -> dict[str, object]:
        fingerprint, code = _read_section(file)
        return {
            "model_fingerprint": fingerprint.hex(),
            "sections": {"fingerprint": len(fingerprint), "symbols": len(code)},
        }


def as_list_model(model: object) -> PictureListModel:
    """The model, if it is one of lists.

    Raises:
        ConfigError: It is another kind of model.
    """
    if not isinstance(model, PictureListModel):
        kind = getattr(model, "name", type(model).__name__)
        raise ConfigError(f"a dct-transformer is needed to code pictures, this is a {kind}")
    return model


def _read_section(container: Container) -> tuple[bytes, bytes]:
    """Fingerprint and range code of a file."""
    if len(container.sections) != 1:
        raise CorruptError(f"codec dct-list has 1 section, the file {len(container.sections)}")
    reader = container.reader(0)
    fingerprint = reader.take(FINGERPRINT_BYTES, "fingerprint")
    return fingerprint, reader.take(reader.remaining, "symbols")

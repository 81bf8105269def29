"""Small pictures as files coded with a trained model of lists, for the same machine only.

The file is an `.ovt` container of codec id 4 with one section: the model's fingerprint (16 bytes),
then a range code of the list's symbols. The network's probabilities are rounded to integers, but
they are made of floating-point sums, and other sums would ask for other bits. So the fingerprint
covers the weights, PyTorch's version and the processor's instructions, and a file of another is
refused.
"""

import pathlib

import numpy as np

from overtone.bitstream.container import Container, Layout
from overtone.codecs.registry import FINGERPRINT_BYTES, MODEL_CODEC_ID
from overtone.entropy.symbols import SymbolReader, SymbolWriter
from overtone.errors import ConfigError, CorruptError, UnsupportedCodecError
from overtone.models.base import AbstractModel
from overtone.models.dct_transformer.model import DctTransformer
from overtone.models.store import resolve_model
from overtone.shapes import UInt8
from overtone.transform.triples import TripleLists


def encode_with_model(
    model: str | pathlib.Path | AbstractModel, image: UInt8[np.ndarray, "h w c"]
) -> bytes:
    """The file of a picture: the model's quantised coefficients of it.

    Args:
        model: A dct-transformer, its file or the folder of its run.
        image: Of the model's height, width and channels.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: It is another kind of model, or the picture does not fit it.
    """
    chosen = _list_model(model)
    spec = chosen.spec
    if image.shape != (spec.height, spec.width, spec.channels):
        raise ConfigError(
            f"the model codes pictures of {(spec.height, spec.width, spec.channels)} (height, "
            f"width, channels), got {image.shape}; resize it first"
        )
    triples = chosen.vocabulary.lists_of(image[None]).triples
    writer = SymbolWriter(chosen.symbols(triples))
    chosen.write(writer)
    return Container(
        codec_id=MODEL_CODEC_ID,
        width=spec.width,
        height=spec.height,
        layout=Layout(spec.channels),
        sections=(chosen.fingerprint() + writer.finish(),),
    ).to_bytes()


def decode_with_model(
    model: str | pathlib.Path | AbstractModel, data: bytes
) -> UInt8[np.ndarray, "h w c"]:
    """The picture of a file that `encode_with_model` wrote with the same model on such a machine.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        BitstreamError: The file is foreign or damaged, or from another model or machine.
    """
    chosen = _list_model(model)
    container = Container.from_bytes(data)
    if container.codec_id != MODEL_CODEC_ID:
        raise UnsupportedCodecError(
            f"codec id {container.codec_id} needs no model; decode the file without one", 5
        )
    reader = container.reader(0)
    found = reader.take(FINGERPRINT_BYTES, "fingerprint")
    if found != chosen.fingerprint():
        raise UnsupportedCodecError(
            "the file was coded with another model, another version of PyTorch or on a processor "
            "with other instructions; its probabilities cannot be made again here",
            container.offsets[0],
        )
    symbols = SymbolReader(reader.take(reader.remaining, "symbols"))
    triples = chosen.write(symbols)
    symbols.finish()
    spec = chosen.spec
    if (container.height, container.width) != (spec.height, spec.width):
        raise CorruptError("the file's size is not that of the model's pictures")
    return chosen.vocabulary.images_of(TripleLists(triples, np.array([len(triples)])))[0]


def _list_model(model: str | pathlib.Path | AbstractModel) -> DctTransformer:
    found = resolve_model(model)
    if not isinstance(found, DctTransformer):
        raise ConfigError(f"a dct-transformer is needed to code pictures, this is a {found.name}")
    return found

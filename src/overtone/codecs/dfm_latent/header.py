"""The shape of the machine in a file: the head of the codec's section."""

import dataclasses
from typing import ClassVar

from overtone.bitstream.container import Container
from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.dfm_latent.shared import start_of
from overtone.errors import ConfigError, CorruptError
from overtone.kernels.latent_shape import Shapes, Spec, Trunk
from overtone.kernels.latent_starts import Start

CODEC_ID = 6

_FLAGS = Field("flags of dfm-latent", 0, 1)
_START = Field("start of the networks", 0, 255)
_TRUNK = Field("trunk", 0, 3)
_FIELDS = {
    "num_mixed": Field("units of the trunk", 0, 128),
    "num_residual_layers": Field("residual layers", 0, 3),
    "num_grids": Field("number of grids", 2, 10),
    "first_hyper_grid": Field("first level with a hyper grid", 1, 10),
    "num_context_layers": Field("layers of the context network", 1, 3),
    "num_neighbours": Field("neighbours of a context", 1, 20),
    "num_features": Field("features of a context", 0, 16),
}
_FEATURE_FIELDS = {
    "num_feature_grids": Field("grids with features", 1, 9),
    "parent_side": Field("side of the window on the parent grid", 1, 3),
}


@dataclasses.dataclass(frozen=True)
class DfmLatentHeader:
    """Settings stored in the file.

    Attributes:
        spec: Sizes of the machine.
        start: Shipped networks that those of the file are coded as differences from, if any.
        is_prefix: Whether networks and symbols are the beginning of a longer stream.
    """

    spec: Spec
    start: Start | None = None
    is_prefix: bool = False

    TRUNKS: ClassVar[tuple[Trunk, ...]] = ("linear", "rectified", "fourier", "products")

    def write(self, writer: Writer) -> None:
        """Appends the head."""
        _FLAGS.write(writer, int(self.is_prefix))
        _START.write(writer, self.start.number if self.start else 0)
        _TRUNK.write(writer, self.TRUNKS.index(self.spec.trunk))
        fields = _FIELDS | (_FEATURE_FIELDS if self.spec.num_features else {})
        for name, field in fields.items():
            field.write(writer, getattr(self.spec, name))

    @classmethod
    def read(cls, reader: Reader, container: Container) -> "DfmLatentHeader":
        """Reads the head, checking every range."""
        offset = reader.offset
        is_prefix = bool(_FLAGS.read(reader))
        number = _START.read(reader)
        trunk = cls.TRUNKS[_TRUNK.read(reader)]
        found = {name: field.read(reader) for name, field in _FIELDS.items()}
        features = {"num_feature_grids": 0, "parent_side": 1}
        if found["num_features"]:
            features = {name: field.read(reader) for name, field in _FEATURE_FIELDS.items()}
        spec = Spec(
            height=container.height,
            width=container.width,
            channels=int(container.layout),
            trunk=trunk,
            **found,
            **features,
        )
        try:
            Shapes(spec)
        except ConfigError as error:
            raise CorruptError(f"head of the machine: {error.__cause__}", offset) from error
        return cls(spec, start_of(number, spec, offset), is_prefix)

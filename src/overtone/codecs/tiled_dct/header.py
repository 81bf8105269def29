"""What the decoder must know besides the coefficients: the head of the codec's section."""

import dataclasses

from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.tiled_dct.color import ANGLE_STEPS
from overtone.kernels.tiled_dct import Reconstruction

CODEC_ID = 1
PACKAGE = "overtone.codecs.tiled_dct"  # where the initial context state is
QUALITY_STEP = 0.1
MAX_STEP_INDEX = 990  # quality 100
COARSEST_STEP = 512.0  # pixel units of an orthonormal coefficient, at quality 1
STEPS_PER_OCTAVE = 110  # the finest step is 1
OVERLAP_UNIT_PX = 0.1

_STEP = Field("quantiser step index", 0, MAX_STEP_INDEX)
_ANGLE = Field("colour angle", 0, ANGLE_STEPS - 1)
_OVERLAP = Field("overlap", 0, 40)
_OFFSET = Field("reconstruction offset", 0, 50)
_BLEND = Field("blending of smooth tiles", 0, 16)
_POST_FILTER = Field("planes the post-filter refines", 0, 3)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TiledDctHeader:
    """Settings stored in the file.

    Attributes:
        step_index: Quantiser step, `COARSEST_STEP * 2 ** (-step_index / STEPS_PER_OCTAVE)`.
        angles: Rotation of RGB, in 1/256 turn; None for pictures without colour.
        overlap_tenths: How far facing tiles blend to each side of their seam, 0.1 pixel.
        reconstruction_offset_one: A level of magnitude 1 stands for 1 minus this many hundredths.
        reconstruction_offset: A larger level stands for itself minus this many hundredths.
        blend_eighths: How far smooth tiles blend, in 1/8 half-cycle of their highest coded
            frequency, where that is more than the overlap.
        uses_post_filter: Whether the post-filter refines the first plane, and the colour planes.
    """

    step_index: int
    angles: tuple[int, int, int] | None
    overlap_tenths: int = 10
    reconstruction_offset_one: int = 2
    reconstruction_offset: int = 2
    blend_eighths: int = 8
    uses_post_filter: tuple[bool, bool] = (True, True)

    @property
    def step(self) -> float:
        """Quantiser step, pixel units."""
        return COARSEST_STEP * 2.0 ** (-self.step_index / STEPS_PER_OCTAVE)

    @property
    def overlap_px(self) -> float:
        """Overlap of facing tiles, pixels."""
        return self.overlap_tenths * OVERLAP_UNIT_PX

    @property
    def reconstruction(self) -> Reconstruction:
        """What levels stand for, and how tiles blend, in the kernel's units."""
        return Reconstruction(
            step=self.step,
            overlap_px=self.overlap_px,
            offset_one=self.reconstruction_offset_one / 100,
            offset=self.reconstruction_offset / 100,
            blend=self.blend_eighths / 8,
        )

    def write(self, writer: Writer) -> None:
        """Appends the head."""
        _STEP.write(writer, self.step_index)
        for angle in self.angles or ():
            _ANGLE.write(writer, angle)
        _OVERLAP.write(writer, self.overlap_tenths)
        _OFFSET.write(writer, self.reconstruction_offset_one)
        _OFFSET.write(writer, self.reconstruction_offset)
        _BLEND.write(writer, self.blend_eighths)
        _POST_FILTER.write(writer, self.uses_post_filter[0] + 2 * self.uses_post_filter[1])

    @classmethod
    def read(cls, reader: Reader, *, has_color: bool) -> "TiledDctHeader":
        """Reads the head, checking every range."""
        step_index = _STEP.read(reader)
        angles = None
        if has_color:
            angles = (_ANGLE.read(reader), _ANGLE.read(reader), _ANGLE.read(reader))
        overlap_tenths = _OVERLAP.read(reader)
        reconstruction_offset_one, reconstruction_offset = (
            _OFFSET.read(reader),
            _OFFSET.read(reader),
        )
        blend_eighths, planes = _BLEND.read(reader), _POST_FILTER.read(reader)
        return cls(
            step_index=step_index,
            angles=angles,
            overlap_tenths=overlap_tenths,
            reconstruction_offset_one=reconstruction_offset_one,
            reconstruction_offset=reconstruction_offset,
            blend_eighths=blend_eighths,
            uses_post_filter=(bool(planes & 1), bool(planes & 2)),
        )


def step_index_of(quality: float) -> int:
    """Step index of a quality 1..100; equal steps of quality are equal ratios of the step."""
    return round((quality - 1.0) / QUALITY_STEP)

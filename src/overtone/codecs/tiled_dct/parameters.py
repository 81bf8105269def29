"""What the decoder must know besides the coefficients: the head of the codec's section."""

import dataclasses

from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.tiled_dct.color import ANGLE_STEPS

QUALITY_STEP = 0.1
MAX_STEP_INDEX = 990  # quality 100
COARSEST_STEP = 512.0  # pixel units of an orthonormal coefficient, at quality 1
STEPS_PER_OCTAVE = 110  # the finest step is 1
OVERLAP_UNIT_PX = 0.1
SHRINK_UNIT = 0.01

_STEP = Field("quantiser step index", 0, MAX_STEP_INDEX)
_ANGLE = Field("colour angle", 0, ANGLE_STEPS - 1)
_OVERLAP = Field("overlap", 0, 40)
_SHRINK = Field("reconstruction shift", 0, 50)
_BLEND = Field("blending of smooth tiles", 0, 16)
_NARROW = Field("planes the narrow layer refines", 0, 3)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Settings stored in the file.

    Attributes:
        step_index: Quantiser step, `COARSEST_STEP * 2 ** (-step_index / STEPS_PER_OCTAVE)`.
        angles: Rotation of RGB, in 1/256 turn; None for pictures without colour.
        overlap_tenths: How far facing tiles blend to each side of their seam, 0.1 pixel.
        shrink_one: A level of magnitude 1 stands for 1 minus this many hundredths.
        shrink: A larger level stands for itself minus this many hundredths.
        blend_eighths: How far smooth tiles blend, in 1/8 half-cycle of their highest coded
            frequency, where that is more than the overlap.
        uses_narrow: Whether the narrow layer refines the first plane, and the colour planes.
    """

    step_index: int
    angles: tuple[int, int, int] | None
    overlap_tenths: int = 10
    shrink_one: int = 2
    shrink: int = 2
    blend_eighths: int = 8
    uses_narrow: tuple[bool, bool] = (True, True)

    @property
    def step(self) -> float:
        """Quantiser step, pixel units."""
        return COARSEST_STEP * 2.0 ** (-self.step_index / STEPS_PER_OCTAVE)

    @property
    def overlap_px(self) -> float:
        """Overlap of facing tiles, pixels."""
        return self.overlap_tenths * OVERLAP_UNIT_PX

    def write(self, writer: Writer) -> None:
        """Appends the head."""
        _STEP.write(writer, self.step_index)
        for angle in self.angles or ():
            _ANGLE.write(writer, angle)
        _OVERLAP.write(writer, self.overlap_tenths)
        _SHRINK.write(writer, self.shrink_one)
        _SHRINK.write(writer, self.shrink)
        _BLEND.write(writer, self.blend_eighths)
        _NARROW.write(writer, self.uses_narrow[0] + 2 * self.uses_narrow[1])

    @classmethod
    def read(cls, reader: Reader, *, has_color: bool) -> "Parameters":
        """Reads the head, checking every range."""
        step_index = _STEP.read(reader)
        angles = None
        if has_color:
            angles = (_ANGLE.read(reader), _ANGLE.read(reader), _ANGLE.read(reader))
        overlap_tenths = _OVERLAP.read(reader)
        shrink_one, shrink = _SHRINK.read(reader), _SHRINK.read(reader)
        blend_eighths, narrow = _BLEND.read(reader), _NARROW.read(reader)
        return cls(
            step_index=step_index,
            angles=angles,
            overlap_tenths=overlap_tenths,
            shrink_one=shrink_one,
            shrink=shrink,
            blend_eighths=blend_eighths,
            uses_narrow=(bool(narrow & 1), bool(narrow & 2)),
        )


def step_index_of(quality: float) -> int:
    """Step index of a quality 1..100; equal steps of quality are equal ratios of the step."""
    return round((quality - 1.0) / QUALITY_STEP)

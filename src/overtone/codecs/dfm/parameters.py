"""What the decoder must know besides the coefficients: the head of the codec's section."""

import dataclasses

from overtone.bitstream.field import Field
from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.dfm.color import ANGLE_STEPS

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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Settings stored in the file.

    Attributes:
        step_index: Quantiser step, `COARSEST_STEP * 2 ** (-step_index / STEPS_PER_OCTAVE)`.
        angles: Rotation of RGB, in 1/256 turn; None for pictures without colour.
        overlap_tenths: How far facing tiles blend to each side of their seam, 0.1 pixel.
        shrink_one: A level of magnitude 1 stands for 1 minus this many hundredths.
        shrink: A larger level stands for itself minus this many hundredths.
    """

    step_index: int
    angles: tuple[int, int, int] | None
    overlap_tenths: int = 8
    shrink_one: int = 2
    shrink: int = 2

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

    @classmethod
    def read(cls, reader: Reader, *, has_color: bool) -> "Parameters":
        """Reads the head, checking every range."""
        step_index = _STEP.read(reader)
        angles = None
        if has_color:
            angles = (_ANGLE.read(reader), _ANGLE.read(reader), _ANGLE.read(reader))
        return cls(
            step_index=step_index,
            angles=angles,
            overlap_tenths=_OVERLAP.read(reader),
            shrink_one=_SHRINK.read(reader),
            shrink=_SHRINK.read(reader),
        )


def step_index_of(quality: float) -> int:
    """Step index of a quality 1..100; equal steps of quality are equal ratios of the step."""
    return round((quality - 1.0) / QUALITY_STEP)

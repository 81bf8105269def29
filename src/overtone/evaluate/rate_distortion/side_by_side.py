"""Pictures to look at: one file of ours and files of the others with the same number of bytes."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from overtone.codecs.base import EncodeOptions
from overtone.codecs.registry import get_codec
from overtone.evaluate.rate_distortion.match import encode_near
from overtone.evaluate.rate_distortion.run import Measured, Sample, Setting, as_held_by, score
from overtone.shapes import UInt8

DETAIL_PX = 112


@dataclasses.dataclass(frozen=True, slots=True)
class SideBySide:
    """A picture and files of nearly one size; the first sets the size."""

    sample: Sample
    files: tuple[Measured, ...]


def equal_bytes(
    sample: Sample, first: Measured, others: Sequence[Setting], *, suite: str
) -> Iterator[Measured]:
    """For each of the other settings the file nearest in size to the first, whatever its quality.

    A codec whose files cannot be as small gives its smallest one.
    """
    for setting in others:
        codec = get_codec(setting.codec)
        options = EncodeOptions(
            effort=setting.effort,
            preset=setting.preset,
            seed=setting.seed,
            num_threads=setting.num_threads,
        )
        image = as_held_by(codec, sample.image)
        attempt = encode_near(codec, image, options, len(first.data))
        yield score(sample, setting, attempt, suite=suite)


def detail_box(image: UInt8[np.ndarray, "h w c"]) -> tuple[int, int, int, int]:
    """Left, top, width and height of the part with the strongest edges: where codecs differ."""
    height, width = image.shape[:2]
    box_height, box_width = min(DETAIL_PX, height), min(DETAIL_PX, width)
    luma = image[..., :3].astype(np.float64).mean(axis=2)
    energy = np.zeros((height + 1, width + 1))  # summed-area table
    edges = np.abs(np.diff(luma, axis=0, append=luma[-1:])) ** 0.5
    edges += np.abs(np.diff(luma, axis=1, append=luma[:, -1:])) ** 0.5
    energy[1:, 1:] = edges.cumsum(axis=0).cumsum(axis=1)
    boxes = (
        energy[box_height:, box_width:]
        - energy[:-box_height, box_width:]
        - energy[box_height:, :-box_width]
        + energy[:-box_height, :-box_width]
    )
    top, left = np.unravel_index(int(boxes.argmax()), boxes.shape)
    return int(left), int(top), box_width, box_height

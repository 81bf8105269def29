"""New pictures of a class: its own fine frequencies, coarse ones partly those of other pictures.

What a thing is shows in edges and textures; how bright and of which colour its surroundings are is
in the lowest frequencies, and there a class of few examples has seen little. So these are mixed
with those of pictures of other classes, at a cutoff and a strength drawn for each picture.
"""

import dataclasses

import numpy as np

from overtone.shapes import Float64, UInt8
from overtone.transform.plane_dct import dct_cycles, inverse_plane_dct2, plane_dct2
from overtone.transform.soft_edge import step_at

# Cycles per image; the cutoff is drawn between, evenly in octaves. `experiments/balance` has the
# reasons.
LOWEST_CUTOFF, HIGHEST_CUTOFF = 0.5, 4.0
EDGE_OCTAVES = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class MixDraw:
    """How pictures are mixed, a number for each.

    Attributes:
        cutoffs: Below it the other picture comes in, cycles per image.
        strengths: Share of the other picture there, 0..1.
    """

    cutoffs: Float64[np.ndarray, " n"]
    strengths: Float64[np.ndarray, " n"]

    @classmethod
    def random(cls, count: int, rng: np.random.Generator) -> "MixDraw":
        """Cutoffs even in octaves, strengths even in 0..1."""
        low, high = np.log([LOWEST_CUTOFF, HIGHEST_CUTOFF])
        return cls(np.exp(rng.uniform(low, high, count)), rng.random(count))


def mix_coarse(
    own: UInt8[np.ndarray, "n h w c"], others: UInt8[np.ndarray, "n h w c"], draw: MixDraw
) -> UInt8[np.ndarray, "n h w c"]:
    """Each picture with the frequencies below its cutoff, the mean too, moved to another's.

    Args:
        own: Pictures whose fine frequencies stay.
        others: A picture for each, of the same shape.
        draw: How far below which frequency.
    """
    planes = own.transpose(0, 3, 1, 2).astype(np.float64)
    change = plane_dct2(others.transpose(0, 3, 1, 2) - planes)
    cycles = dct_cycles((own.shape[1], own.shape[2]))
    shares = np.stack(
        [
            strength * (1 - step_at(cycles, cutoff, EDGE_OCTAVES))
            for cutoff, strength in zip(draw.cutoffs, draw.strengths, strict=True)
        ]
    )
    planes += inverse_plane_dct2(change * shares[:, None])
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)

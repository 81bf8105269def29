"""The sizes of the thesis's figure 5.1 follow from the formula and from our networks."""

import itertools

import pytest
from experiments.thesis_compression.figure import (
    FIGURE,
    LOSS_BINS_PERCENT,
    num_weights,
    size_percent,
)

from overtone.codecs.dfm.sizing import NEARLY, preference
from overtone.kernels.fourier import NetSpec


def test_the_figure_has_55_cells():
    assert len(FIGURE) == 55


@pytest.mark.parametrize("cell", sorted(FIGURE), ids=str)
def test_every_size_of_figure_5_1_follows_from_the_formula(cell):
    width, depth = cell
    assert NetSpec(hidden=(width,) * depth).num_weights == num_weights(width, depth)
    published, letter = FIGURE[cell]
    assert letter in LOSS_BINS_PERCENT
    # The figure prints two decimals, some of them cut off.
    assert size_percent(width, depth) == pytest.approx(published, abs=0.0101)


def test_of_two_networks_of_nearly_one_size_the_codec_takes_the_better_one_of_the_figure():
    """Better is a bin of smaller loss. Neighbours of one width are left out: there size decides."""
    right = wrong = 0
    for one, other in itertools.combinations(FIGURE, 2):
        (size, letter), (other_size, other_letter) = FIGURE[one], FIGURE[other]
        near = min(size, other_size) >= NEARLY * max(size, other_size)
        if near and one[0] != other[0] and letter != other_letter:
            best, worse = sorted((one, other), key=preference, reverse=True)
            right += FIGURE[best][1] < FIGURE[worse][1]
            wrong += FIGURE[best][1] > FIGURE[worse][1]
    assert (right, wrong) == (26, 5)

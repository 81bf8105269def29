"""The sizes of the thesis's figure 5.1 follow from the formula and from our networks."""

import pytest
from experiments.thesis_compression.figure import FIGURE, num_weights, size_percent

from overtone.kernels.fourier import NetSpec


def test_the_figure_has_55_cells():
    assert len(FIGURE) == 55


@pytest.mark.parametrize("cell", sorted(FIGURE), ids=str)
def test_every_size_of_figure_5_1_follows_from_the_formula(cell):
    width, depth = cell
    assert NetSpec(hidden=(width,) * depth).num_weights == num_weights(width, depth)
    published, _ = FIGURE[cell]
    if published is not None:  # the figure prints two decimals, some of them cut off
        assert size_percent(width, depth) == pytest.approx(published, abs=0.0101)

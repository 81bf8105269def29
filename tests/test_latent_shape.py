"""Grids and tensors of latent machines follow from their sizes, which have ranges."""

import dataclasses

import pytest

from overtone.errors import ConfigError
from overtone.kernels.latent_file import KINDS
from overtone.kernels.latent_shape import Shapes, Spec

SMALL = Spec(height=5, width=9, num_grids=3, first_hyper_grid=1, num_feature_grids=2, parent_side=3)


def test_grids_are_halves_rounded_up():
    grids = Shapes(SMALL).grids
    assert [(each.name, *each.shape) for each in grids] == [
        ("L0", 5, 9),
        ("L1", 3, 5),
        ("H1", 3, 5),
        ("L2", 2, 3),
        ("H2", 2, 3),
    ]
    assert [each.offset for each in grids] == [0, 45, 60, 75, 81]
    assert Shapes(SMALL).num_symbols == 87


def test_tensors_follow_from_the_sizes():
    shapes = Shapes(dataclasses.replace(SMALL, channels=2, num_mixed=7))
    found = {each.name: (each.shape, KINDS[each.kind]) for each in shapes.tensors}
    assert len(found) == len(shapes.tensors) == 24
    assert found["context.hidden1.weight"] == ((20, 20), "context weights")
    # A window on L1 and one number each of H1, L2 and H2.
    assert found["features0.weight"] == ((6, 12), "feature weights")
    assert found["features1.weight"] == ((6, 10), "feature weights")
    assert found["upsampling1.smooth"] == ((4,), "upsampling")
    assert found["synthesis.mix.weight"] == ((7, 3), "mix")
    assert found["synthesis.residual1.weight"] == ((2, 2, 3, 3), "residual weights")
    stops = [each.part.stop for each in shapes.tensors]
    assert [each.offset for each in shapes.tensors] == [0, *stops[:-1]]
    assert shapes.num_weights == stops[-1]


@pytest.mark.parametrize(
    ("trunk", "num_mixed", "basis"),
    [("rectified", 5, 5), ("fourier", 3, 14), ("products", 3, 7), ("linear", 0, None)],
)
def test_a_trunk_has_functions_that_colours_are_sums_of(trunk, num_mixed, basis):
    shapes = Shapes(dataclasses.replace(SMALL, trunk=trunk, num_mixed=num_mixed))
    found = {each.name: each.shape for each in shapes.tensors}
    assert found.get("synthesis.output.weight") == (None if basis is None else (3, basis))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 0}, "height must be 1 to 65535, got 0"),
        ({"width": 65536}, "width must be 1 to 65535, got 65536"),
        ({"channels": 5}, "channels must be 1 to 4, got 5"),
        ({"num_grids": 1}, "num_grids must be 2 to 10, got 1"),
        ({"num_mixed": 0}, "num_mixed must be 1 to 128, got 0"),
        ({"trunk": "fourier"}, "num_mixed must be 1 to 7, got 48"),
        ({"trunk": "linear"}, "num_mixed must be 0 to 0, got 48"),
        ({"trunk": "cubic"}, "trunk must be linear, rectified, fourier or products, got cubic"),
        ({"num_neighbours": 21}, "num_neighbours must be 1 to 20, got 21"),
        ({"num_features": 0}, "num_feature_grids must be 0 to 0, got 2"),
        ({"num_feature_grids": 0}, "num_feature_grids must be 1 to 2, got 0"),
        ({"parent_side": 2}, "parent_side must be 1 or 3, got 2"),
    ],
)
def test_sizes_out_of_range_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        Shapes(dataclasses.replace(SMALL, **change))

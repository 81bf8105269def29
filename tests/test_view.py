"""Scale, size and crop to a view."""

from __future__ import annotations

import math

import pytest

from overtone.codecs.base import full_view
from overtone.codecs.view import resolve_view
from overtone.errors import ConfigError


def resolve(**asked):
    return resolve_view(40, 24, max_pixels=asked.pop("max_pixels", 1 << 20), **asked)


def test_nothing_asked_is_the_full_view():
    assert resolve() == full_view(40, 24)
    assert resolve().is_full(40, 24)
    assert not resolve().is_full(24, 40)
    assert not resolve(scale=2).is_full(40, 24)


@pytest.mark.parametrize(
    ("asked", "box", "out"),
    [
        ({"scale": 2}, (0, 0, 40, 24), (80, 48)),
        ({"scale": 0.3}, (0, 0, 40, 24), (12, 7)),
        ({"scale": 1e-9}, (0, 0, 40, 24), (1, 1)),
        ({"size": (7, 100)}, (0, 0, 40, 24), (7, 100)),
        ({"crop": (3, 5, 10, 4)}, (3, 5, 10, 4), (10, 4)),
        ({"crop": (3, 5, 10, 4), "scale": 1.5}, (3, 5, 10, 4), (15, 6)),
        ({"crop": (30, 20, 10, 4), "size": (1, 2)}, (30, 20, 10, 4), (1, 2)),
        ({"crop": (0.5, 0.25, 2.5, 0.4)}, (0.5, 0.25, 2.5, 0.4), (2, 1)),
    ],
)
def test_views(asked, box, out):
    view = resolve(**asked)
    assert (view.x, view.y, view.width, view.height) == box
    assert (view.out_width, view.out_height) == out


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"scale": 0}, "scale must be a positive number, got 0"),
        ({"scale": math.nan}, "scale must be a positive number, got nan"),
        ({"scale": math.inf}, "scale must be a positive number, got inf"),
        ({"scale": 1e300}, "over the limit"),
        ({"scale": 2, "size": (1, 1)}, "not both"),
        ({"size": (0, 4)}, "at least 1x1, got 0x4"),
        ({"size": (1 << 40, 1 << 40)}, "over the limit of 1048576"),
        ({"crop": (-1, 0, 4, 4)}, "not inside the picture of 40x24"),
        ({"crop": (0, 0, 41, 4)}, "crop 0,0,41,4"),
        ({"crop": (0, 21, 4, 4)}, "not inside"),
        ({"crop": (0, 0, 0, 4)}, "not inside"),
        ({"crop": (0, 0, math.nan, 4)}, "not inside"),
    ],
)
def test_impossible_views_are_refused(asked, message):
    with pytest.raises(ConfigError, match=message):
        resolve(**asked)

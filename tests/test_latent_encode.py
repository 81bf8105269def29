"""Encoding with `dfm-latent`: flat pictures, what is refused, what settings change."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import scene

import overtone
from overtone.codecs.dfm_latent.config import resolve
from overtone.codecs.info import info
from overtone.errors import ConfigError, FitError

QUICK = {"codec": "dfm-latent", "effort": "fast", "num_threads": 1}


@pytest.mark.parametrize("quality", [1, 30, 90])
@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 14, 1), (40, 23, 4)])
def test_a_picture_of_one_colour_keeps_it(shape, quality):
    picture = np.broadcast_to(np.array((251, 3, 120, 77), np.uint8)[: shape[2]], shape).copy()
    data = overtone.encode(picture, quality=quality, settings={"steps": 20}, **QUICK)
    error = overtone.decode(data).astype(int) - picture
    assert np.sqrt(np.mean(np.square(error))) <= (1 if quality == 90 else 8)


def test_a_picture_that_comes_out_as_one_colour_is_refused():
    with pytest.raises(FitError, match="came out as one colour 3 times, so nothing was written"):
        overtone.encode(scene(3, 9), quality=1, settings={"steps": 20}, **QUICK)


def test_files_name_their_sizes_and_start():
    image = scene(15, 26)
    few = {"steps": 20, "sizes.trunk": "fourier", "sizes.num_mixed": 3}
    shared = info(overtone.encode(image, preset="hop", settings=few, **QUICK))
    assert shared["trunk"] == "fourier, 3 units"
    assert shared["context"] == "14 neighbours, 6 features"
    assert shared["start"] != 0
    alone = info(overtone.encode(image, preset="hop", settings={**few, "start": "none"}, **QUICK))
    assert alone["start"] == 0


def test_effort_is_steps_and_steps_that_are_asked_for_stay():
    default = resolve("hop", "default").train.num_steps
    assert resolve("hop", "best").train.num_steps > default > resolve("hop", "fast").train.num_steps
    assert resolve("hop", "best", {"steps": 77}).train.num_steps == 77


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step": 9}, "unknown setting step; did you mean steps"),
        ({"steps": 3}, r"num_steps must be in 20\.\.1e\+08, got 3"),
        ({"start": "warm"}, "start"),
        ({"sizes.trunk": "sine"}, "trunk"),
    ],
)
def test_wrong_settings_are_explained_before_anything_is_trained(settings, message):
    with pytest.raises(ConfigError, match=message):
        overtone.encode(scene(8, 8), settings=settings, **QUICK)

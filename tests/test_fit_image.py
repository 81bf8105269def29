"""`overtone.fit`: a network for a picture, for a number of steps or of seconds."""

from typing import Any

import numpy as np
import pytest
from tests.helpers import scene

import overtone
from overtone.codecs.dfm import fit_image
from overtone.errors import ConfigError, ImageError
from overtone.metrics.psnr import psnr_db

SIZES: dict[str, Any] = {"width": 4, "depth": 2, "num_threads": 1}


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_network_is_fitted_and_its_file_decodes_to_it(channels):
    image = scene(24, 41, channels)
    network = overtone.fit(image, steps=300, **SIZES)
    assert (network.width, network.height, len(network.tiles)) == (41, 24, 1)
    assert network.tiles[0].spec.hidden == (4, 4)
    values = network(network.pixel_centres)
    pixels = overtone.decode(network.data)
    assert np.abs(255 * values.clip(0, 1) - pixels).max() <= 0.501
    assert psnr_db(reference=image, reconstruction=pixels) > 25
    again = overtone.open_network(network.data)
    np.testing.assert_array_equal(again.tiles[0].weights, network.tiles[0].weights)


def test_it_is_what_encode_writes_and_repeats_for_a_seed():
    image = scene(24, 41)
    network = overtone.fit(image, steps=300, seed=3, **SIZES)
    settings = {"width": 4, "depth": 2, "steps": 300}
    data = overtone.encode(
        image, codec="dfm", preset="single", settings=settings, seed=3, num_threads=1
    )
    assert network.data == data
    assert overtone.fit(image, steps=300, seed=4, **SIZES).data != data


def test_tiles_and_settings_and_presets_are_taken():
    image = scene(40, 64)
    network = overtone.fit(
        image, tile_px=32, steps=300, settings={"fit.optimizer": "adam"}, preset="single", **SIZES
    )
    assert (network.columns, network.rows) == (2, 1)
    thesis = overtone.fit(
        image, steps=400, settings={"fit.learning_rate": 4e-3}, preset="thesis", **SIZES
    )
    assert thesis.tiles[0].spec.output == "tanh"


def test_seconds_become_steps(monkeypatch):
    """The number of steps is the time left over that of a step, times tiles that wait."""
    seen = []

    def keep(image, config, options):
        seen.append(config.fit.num_steps)
        raise KeyboardInterrupt

    monkeypatch.setattr(fit_image, "fit_picture", keep)
    for seconds in (0.5, 50.0):
        monkeypatch.setattr(fit_image, "TRIAL_FRACTION", 0.1 / seconds)
        with pytest.raises(KeyboardInterrupt):
            overtone.fit(scene(24, 41), seconds=seconds, **SIZES)
    assert 1 <= seen[0] < seen[1]


def test_progress_is_told_and_may_stop_it():
    fractions = []
    image = scene(24, 41)
    overtone.fit(
        image, steps=300, progress=lambda fraction, message: fractions.append(fraction), **SIZES
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1

    def stop(fraction, message):
        raise KeyboardInterrupt

    durations: list[dict[str, Any]] = [{"steps": 1_000_000}, {"seconds": 1000.0}]
    for duration in durations:
        with pytest.raises(KeyboardInterrupt):
            overtone.fit(image, progress=stop, **duration, **SIZES)


def test_mistakes_are_named():
    image = scene(24, 41)
    with pytest.raises(ConfigError, match="steps or seconds, not both"):
        overtone.fit(image, steps=1, seconds=1.0)
    with pytest.raises(ConfigError, match="seconds must be over 0"):
        overtone.fit(image, seconds=0.0)
    with pytest.raises(ConfigError, match="width must be in 1"):
        overtone.fit(image, width=11)
    with pytest.raises(ConfigError, match="unknown setting"):
        overtone.fit(image, settings={"widht": 3})
    with pytest.raises(ImageError):
        overtone.fit(image.astype(float))

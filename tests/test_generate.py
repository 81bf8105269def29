"""Sampling, reconstructing and interpolating with a model that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import scene
from toy_model import HEIGHT, WIDTH, NoiseModel, RampConfig, make_ramp_model, ramps, skewed_ramps

from overtone import interpolate, reconstruct, sample
from overtone.errors import ConfigError, ModelError
from overtone.models.base import ImageSpec
from overtone.tasks.interpolate import between

SPEC = ImageSpec(height=HEIGHT, width=WIDTH, channels=3, num_images=4)


def test_the_same_seed_gives_the_same_pictures_and_another_does_not():
    model = make_ramp_model()
    first = sample(model, 5, seed=1)
    assert first.shape == (5, HEIGHT, WIDTH, 1)
    assert (first == sample(model, 5, seed=1)).all()
    assert (first != sample(model, 5, seed=2)).any()


def test_another_size_is_the_same_picture_on_a_finer_grid():
    model = make_ramp_model()
    small, large = sample(model, 3, seed=1), sample(model, 3, seed=1, size=(18, 27))
    assert large.shape == (3, 18, 27, 1)
    # the middle of each three by three pixels of a ramp is the small pixel
    assert (large[:, 1::3, 1::3] == small).all()


def test_temperature_scales_the_spread():
    model = make_ramp_model()
    spreads = [
        sample(model, 200, seed=1, temperature=t).std(axis=0).mean() for t in (0.0, 0.5, 1.0)
    ]
    assert spreads[0] == 0
    assert 0 < spreads[1] < 0.6 * spreads[2]


@pytest.mark.parametrize("name", ["T-shirt/top", "2"])
def test_a_class_is_given_by_name_or_number(name):
    drawn = sample(make_ramp_model(), 20, seed=1, class_name=name)
    of_class = skewed_ramps().images[-3:]  # slopes of about 0.4 in both directions
    assert np.abs(drawn.astype(int) - of_class.mean(axis=0)).mean() < 12
    assert (drawn[:, -1, -1] > drawn[:, 0, 0]).all()


def test_a_model_without_latents_is_sampled_too():
    model = NoiseModel(RampConfig(), SPEC, generator=torch.Generator())
    assert sample(model, 2, seed=3).shape == (2, HEIGHT, WIDTH, 3)
    with pytest.raises(ConfigError, match="with latents is needed to interpolate; noise has none"):
        interpolate(model, 1, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_images": 0}, "at least 1 picture"),
        ({"size": (0, 5)}, "got 1 of 5x0"),
        ({"num_images": 10**6, "size": (640, 480)}, "over the limit of 268435456 pixels"),
        ({"seed": -1}, "seed must be in"),
        ({"temperature": -0.5}, "temperature must not be below 0, got -0.5"),
        ({"temperature": float("nan")}, "got nan"),
        ({"guidance": 1.5}, "a ramp draws without guidance, which must be 1, not 1.5"),
        ({"guidance": -1}, r"guidance must be in 0\.\.100, got -1"),
        ({"guidance": float("nan")}, "got nan"),
        ({"class_name": "bags"}, "unknown class bags; did you mean bag"),
        ({"class_name": "3"}, "known are hat, bag, T-shirt/top"),
        ({"prior": "gausian"}, "did you mean gaussian"),
    ],
)
def test_impossible_wishes_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        sample(make_ramp_model(), **settings)


def test_a_model_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nothing\.safetensors"):
        sample(tmp_path / "nothing.safetensors")


def test_pictures_the_model_can_make_come_back():
    model = make_ramp_model()
    images = ramps(np.array([[0.5, -0.25], [-0.75, 0.5]]))
    again = reconstruct(model, images)
    assert np.abs(again.astype(int) - images).max() <= 1  # a level of rounding in, one out
    assert reconstruct(model, images, size=(12, 9)).shape == (2, 12, 9, 1)


def test_many_pictures_go_through_in_chunks(monkeypatch):
    monkeypatch.setattr("overtone.tasks.latents._CHUNK_PIXELS", 3 * HEIGHT * WIDTH)
    model = make_ramp_model()
    images = skewed_ramps().images
    seen = []
    again = reconstruct(model, images, progress=lambda fraction, _: seen.append(fraction))
    assert seen == [pytest.approx((i + 1) / 6) for i in range(6)]
    assert np.abs(again.astype(int) - images).max() <= 1


def test_pictures_of_another_shape_are_refused():
    with pytest.raises(ConfigError, match=r"takes pictures of \(6, 9, 1\).*got \(9, 6, 3\)"):
        reconstruct(make_ramp_model(), scene(9, 6)[None])


def test_a_way_begins_and_ends_where_it_should():
    model = make_ramp_model()
    start, end = ramps(np.array([[0.8, 0.0], [0.0, 0.8]]))
    for curve in ("linear", "spherical"):
        way = interpolate(model, start, end, 5, curve=curve)
        assert way.shape == (5, HEIGHT, WIDTH, 1)
        assert np.abs(way[[0, -1]].astype(int) - np.stack([start, end])).max() <= 1
    drawn = interpolate(model, 7, 8, 3, size=(12, 18))
    assert (drawn[0] == sample(model, 1, seed=7, size=(12, 18))[0]).all()


def test_the_arc_keeps_the_length_and_the_line_does_not():
    start, end = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    half = torch.tensor([0.0, 0.5, 1.0])
    arc = between(start, end, half, "spherical")
    assert arc.norm(dim=1).tolist() == pytest.approx([3, 3, 3])
    assert arc[1].tolist() == pytest.approx([3 / 2**0.5] * 2)
    assert between(start, end, half, "linear")[1].tolist() == pytest.approx([1.5, 1.5])
    longer = between(start, 2 * end, half, "spherical")
    assert longer.norm(dim=1).tolist() == pytest.approx([3, 4.5, 6])


@pytest.mark.parametrize("end", [[0.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
def test_where_there_is_no_one_arc_the_line_is_taken(end):
    way = between(torch.tensor([1.0, 0.0]), torch.tensor(end), torch.tensor([0.5]), "spherical")
    assert way[0].tolist() == pytest.approx([(1 + end[0]) / 2, 0])


def test_one_step_is_no_way():
    with pytest.raises(ConfigError, match="at least 2 steps"):
        interpolate(make_ramp_model(), 1, 2, 1)

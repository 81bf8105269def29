"""Thin places of a set of pictures: what is thin, what lands there, what is written."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from test_evaluate_distribution import BlockMeans
from toy_model import NoiseModel, RampConfig, make_ramp_model, ramps
from typing_extensions import override

import overtone.metrics.distribution.features.registry as networks
from overtone import fill_thin_regions
from overtone.cli.main import main
from overtone.data import ImageSet, load_images
from overtone.errors import ConfigError
from overtone.metrics.distribution.features.base import Features
from overtone.models.base import ImageSpec
from overtone.models.registry import MODELS
from overtone.models.store import save_model
from overtone.tasks.density import Density
from overtone.tasks.thin_regions import AROUND_THIN

LINE = np.concatenate([np.arange(0, 10, 0.5), [20.0, 23.0, 26.0]])[:, None] * [3.0, 4.0] / 5


class Pixels(BlockMeans):
    """Features are the pixels themselves."""

    name: ClassVar[str] = "pixels"

    def __init__(self, weights: str | None) -> None:
        assert weights is None
        super().__init__()

    @override
    def check(self, height: int, width: int, num_channels: int) -> None:
        del height, width, num_channels

    @override
    def run(self, images: np.ndarray) -> Features:
        flat = images.reshape(len(images), -1).astype(np.float32)
        return Features(flat, np.ones((len(images), 1), np.float32), flat)


@pytest.fixture
def lopsided(tmp_path, monkeypatch):
    """Ramps without classes, most of small slopes, a few of large ones; and a model of them."""
    rng = np.random.default_rng(5)
    latents = np.concatenate([rng.normal(-0.5, 0.05, (90, 2)), rng.normal(0.6, 0.15, (10, 2))])
    images = ImageSet("ramps", ramps(latents))
    monkeypatch.setitem(MODELS, "ramp", "toy_model:RampModel")
    monkeypatch.setitem(MODELS, "noise", "toy_model:NoiseModel")
    monkeypatch.setitem(networks.FEATURE_NETWORKS, "pixels", "test_density:Pixels")
    save_model(tmp_path / "ramp.safetensors", make_ramp_model(images), {})
    return images, tmp_path


def test_the_distance_is_that_to_the_kth_other():
    density = Density.of(LINE, neighbours=2, share=3 / 23)
    np.testing.assert_allclose(density.distances[[0, 5]], [1.0, 0.5], atol=1e-9)
    np.testing.assert_allclose(density.distances[-3:], [6.0, 3.0, 6.0], atol=1e-9)
    assert set(density.thin) == {20, 21, 22}
    assert density.threshold == pytest.approx(3.0)


def test_what_lands_is_far_from_all_but_near_a_thin_one():
    density = Density.of(LINE, neighbours=2, share=3 / 23)
    along = np.array([24.4, 5.2, 60.0, 21.0, 13.0])[:, None] * [3.0, 4.0] / 5
    landing = density.landing(along)
    # 5.2 has near neighbours, 60 is far from everything, 13 is within 6 of no thin one.
    assert landing.has_landed.tolist() == [True, False, False, True, False]
    assert landing.homes[0] == 22


def test_the_added_are_spread_over_the_thin_places_before_one_gets_a_second():
    density = Density.of(LINE, neighbours=2, share=3 / 23)
    places = [25.5, 25.9, 26.2, 19.0, 17.9]
    landing = density.landing(np.array(places)[:, None] * [3.0, 4.0] / 5)
    assert landing.has_landed.all()
    assert [places[k] for k in landing.spread_out(3)] == [25.9, 19.0, 26.2]
    assert len(landing.spread_out(99)) == 5


def test_distances_with_others_are_those_of_the_set_with_them():
    density = Density.of(LINE, neighbours=2, share=0.2)
    others = np.array([[12.0, 16.0], [15.0, 20.5]])
    both = Density.of(np.concatenate([LINE, others]), neighbours=2, share=0.2)
    np.testing.assert_allclose(
        density.distances_with(others), both.distances[: len(LINE)], atol=1e-9
    )
    np.testing.assert_allclose(density.distances_with(others[:0]), density.distances, atol=1e-9)


def test_drawn_pictures_are_marked_and_make_thin_places_less_thin(lopsided):
    images, folder = lopsided
    filled = fill_thin_regions(
        images, folder / "out", model=folder / "ramp.safetensors", features="pixels", share=0.1
    )
    assert set(filled.density.thin) <= set(range(90, 100))
    assert filled.drawn_from == AROUND_THIN
    assert 0 < len(filled.added) <= 10 <= filled.num_landed <= filled.num_drawn == 100
    assert filled.after < 0.9 * filled.before
    made = load_images(str(folder / "out"))
    assert made.labels is None
    assert sorted(map(bytes, made.images)) == sorted(map(bytes, filled.added))
    manifest = json.loads((folder / "out/manifest.json").read_text("utf-8"))
    assert manifest["thin_regions"] == filled.as_json()
    for entry in manifest["files"]:
        with Image.open(folder / "out" / entry["file"]) as image:
            assert json.loads(image.info["Synthetic"]) == entry
        assert entry["synthetic"] is True
        assert entry["nearest_thin"] in filled.density.thin


def test_choosing_beats_as_many_random_draws_from_the_prior(lopsided):
    images, folder = lopsided
    filled = fill_thin_regions(
        images, folder / "out", model=folder / "ramp.safetensors", features="pixels",
        prior="gaussian", draws=600,
    )  # fmt: skip
    assert filled.drawn_from == "gaussian"
    assert filled.after < filled.control < filled.before * 1.001


def test_the_command_says_before_and_after_and_draws_a_figure(lopsided, capsys):
    images, folder = lopsided
    np.savez(folder / "set.npz", x=images.images)
    command = ["balance", str(folder / "set.npz"), "--by", "density", "--features", "pixels"]
    command += ["--model", str(folder / "ramp.safetensors"), "-o", str(folder / "out")]
    command += ["--count", "6", "--neighbours", "4", "--figure", str(folder / "thin.png")]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "10 of 100 pictures are thin: their neighbour 4 is " in said
    assert "of 60 pictures drawn from kernel of the thin pictures' latents landed there" in said
    assert "before, " in said
    assert f"{folder / 'set.npz'} -> {folder / 'out'}: 6 synthetic pictures" in said
    with Image.open(folder / "thin.png") as figure:
        assert figure.width > 3 * figure.height - 100


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"share": 1.0}, "share of thin pictures must be between 0 and 1, got 1"),
        ({"neighbours": 100}, "from 1 to one less than the 100 pictures, got 100"),
        ({"count": 0}, "from 1 to the 0 that are drawn, got 0"),
        ({"count": 20, "draws": 10}, "from 1 to the 10 that are drawn, got 20"),
    ],
)
def test_numbers_out_of_range_are_refused(lopsided, settings, message):
    images, folder = lopsided
    with pytest.raises(ConfigError, match=message):
        fill_thin_regions(
            images, folder / "out", model=folder / "ramp.safetensors", features="pixels", **settings
        )
    assert not (folder / "out").exists()


def test_pictures_that_are_like_nothing_in_the_set_are_not_added(lopsided):
    images, folder = lopsided
    model = NoiseModel(RampConfig(), ImageSpec.of(images), generator=torch.Generator())
    save_model(folder / "noise.safetensors", model, {})
    with pytest.raises(ConfigError, match="none of 100 drawn pictures landed in a thin place"):
        fill_thin_regions(
            images, folder / "out", model=folder / "noise.safetensors", features="pixels"
        )
    assert not (folder / "out").exists()


def test_a_set_of_copies_has_no_thin_place(lopsided):
    images, folder = lopsided
    copies = ImageSet("copies", np.repeat(images.images[:3], 8, axis=0))
    with pytest.raises(ConfigError, match="have 5 others with the same features"):
        fill_thin_regions(
            copies, folder / "out", model=folder / "ramp.safetensors", features="pixels"
        )

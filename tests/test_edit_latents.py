"""Edits through models: gains on atoms by their frequency, moves along directions of latents."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from helpers import scene
from toy_cosines import make_dictionary, make_pictures
from toy_model import NoiseModel, RampConfig, RampModel, make_ramp_model, ramps, skewed_ramps

from overtone import edit
from overtone.editing.bands import BandGains
from overtone.editing.mix import Mix
from overtone.editing.through_model import (
    HasAtoms,
    Move,
    edit_atoms,
    move_latents,
    principal_direction,
    way_to_class,
)
from overtone.errors import ConfigError
from overtone.imaging.image import to_uint8
from overtone.models.base import ImageSpec
from overtone.models.priors.gaussian import GaussianPrior
from overtone.tasks.latents import encode_pixels

NEUTRAL = {"low": 1.0, "mid": 1.0, "high": 1.0}


@pytest.fixture
def dictionary():
    return make_dictionary()


@pytest.fixture
def pictures():
    return make_pictures()


def test_what_has_atoms_is_known_by_their_frequencies(dictionary):
    assert isinstance(dictionary, HasAtoms)
    assert not isinstance(make_ramp_model(), HasAtoms)


def test_neutral_gains_on_atoms_are_lossless(dictionary, pictures):
    for bands in (BandGains(gain=NEUTRAL), BandGains(["0-"])):
        np.testing.assert_array_equal(edit_atoms(dictionary, pictures, bands), pictures)


def test_gains_on_all_cosines_are_gains_on_the_picture(dictionary, pictures):
    gain = {"low": 0.5, "2-": 1.5}
    smooth = edit_atoms(
        dictionary, pictures, BandGains(["0-"]), residual="drop"
    )  # has no other atoms
    through = edit_atoms(dictionary, smooth, BandGains(gain=gain))
    # Rounding of `smooth` leaves a trace in other cosines, which no atom has.
    direct = np.stack([edit(image, gain=gain) for image in smooth])
    assert np.abs(through.astype(int) - direct).max() <= 2
    assert np.abs(through.astype(int) - smooth).max() > 10


def test_bands_of_atoms_are_kept_and_the_mean_with_them(dictionary, pictures):
    kept = edit_atoms(dictionary, pictures, BandGains(["2-"]), residual="drop")
    weights = encode_pixels(dictionary, kept).numpy()
    before = encode_pixels(dictionary, pictures).numpy()
    low = (dictionary.cycles > 0) & (dictionary.cycles < 2 * 2**-0.5)
    assert np.abs(weights[:, low]).max() < 0.02  # of 8-bit levels
    assert np.abs(weights - before)[:, dictionary.cycles == 0].max() < 0.02
    high = dictionary.cycles > 2 * 2**0.5
    assert np.abs(weights - before)[:, high].max() < 0.02


def test_atoms_are_mixed_at_the_cutoff(dictionary, pictures):
    other = pictures[1:2]
    mixed = edit_atoms(
        dictionary, pictures[:1], BandGains(), mix=Mix(other[0], 1.5, 0), residual="drop"
    )
    weights = encode_pixels(dictionary, mixed).numpy()[0]
    first, second = encode_pixels(dictionary, pictures[:2]).numpy()
    expected = np.where(dictionary.cycles >= 1.5, second, first)
    np.testing.assert_allclose(weights, expected, atol=0.03)
    same = edit_atoms(dictionary, other, BandGains(), mix=Mix(other[0]))
    np.testing.assert_array_equal(same, other)


def test_what_atoms_cannot_express_is_kept_or_dropped(dictionary, pictures):
    gain = {"high": 0.0}
    kept = edit_atoms(dictionary, pictures, BandGains(gain=gain)).astype(int)
    dropped = edit_atoms(dictionary, pictures, BandGains(gain=gain), residual="drop").astype(int)
    through = edit_atoms(dictionary, pictures, BandGains(gain=NEUTRAL), residual="drop").astype(int)
    inside = (kept > 0) & (kept < 255) & (through > 0) & (through < 255)
    assert np.abs(kept - dropped - (pictures - through))[inside].max() <= 2
    larger = edit_atoms(dictionary, pictures, BandGains(gain=gain), residual="drop", size=(20, 32))
    assert larger.shape == (3, 20, 32, 1)
    with pytest.raises(ConfigError, match="at the model's own size only"):
        edit_atoms(dictionary, pictures, BandGains(gain=gain), size=(20, 32))


def test_a_model_without_atoms_has_no_gains():
    with pytest.raises(ConfigError, match=r"need a model of atoms.*ramp has none"):
        edit_atoms(make_ramp_model(), ramps(np.zeros((1, 2))), BandGains(gain=NEUTRAL))


def test_principal_directions_are_those_of_the_covariance():
    model, images = make_ramp_model(), skewed_ramps()
    latents = encode_pixels(model, images.images).numpy()
    values, vectors = np.linalg.eigh(np.cov(latents, rowvar=False))
    for number, place in ((1, 1), (2, 0)):
        unit = principal_direction(model, number)
        assert np.linalg.norm(unit) == pytest.approx(math.sqrt(values[place]), rel=1e-3)
        cosine = unit @ vectors[:, place] / np.linalg.norm(unit)
        assert abs(cosine) == pytest.approx(1, abs=1e-4)
        assert unit[np.abs(unit).argmax()] > 0


def test_moves_are_all_combinations_of_steps():
    model = make_ramp_model()
    images = ramps(np.array([[0.2, -0.1], [-0.3, 0.25]]))
    moves = [Move(2, (-1.0, 0.0)), Move(1, (0.0, 0.5, 1.0))]
    results = move_latents(model, images, moves)
    assert results.shape == (2, 6, 6, 9, 1)
    latents = encode_pixels(model, images).double().numpy()
    first, second = principal_direction(model, 1), principal_direction(model, 2)
    for image in range(2):
        for step, (b, a) in enumerate((b, a) for b in (-1, 0) for a in (0, 0.5, 1)):
            latent = torch.from_numpy(latents[image] + a * first + b * second)[None].float()
            levels = (model.decode(latent)[0].permute(1, 2, 0).detach().numpy() + 1) * 127.5
            np.testing.assert_array_equal(results[image, step], to_uint8(levels))


def test_no_move_is_a_reconstruction_and_with_the_rest_the_picture_itself():
    model = make_ramp_model()
    picture = scene(6, 9, 1)[None]
    still = [Move(1, (0.0,))]
    np.testing.assert_array_equal(
        move_latents(model, picture, still, residual="keep")[:, 0], picture
    )
    assert (move_latents(model, picture, still)[:, 0] != picture).any()


def test_a_move_to_a_class_starts_at_the_likeliest_one():
    model = make_ramp_model()
    priors = model.priors.by_class["gaussian"].priors
    means = [prior.mean for prior in priors if isinstance(prior, GaussianPrior)]
    latents = np.stack([mean + 0.01 for mean in means])
    ways = way_to_class(model, latents, "bag")
    np.testing.assert_allclose(ways, means[1] - np.stack(means), atol=1e-12)
    images = ramps(latents)
    moved = move_latents(model, images, [Move("bag", (1.0,))])[:, 0]
    latents = encode_pixels(model, moved).numpy()
    np.testing.assert_allclose(latents, np.repeat(means[1][None] + 0.01, 3, 0), atol=0.02)


def test_edit_goes_through_a_model(dictionary, pictures):
    through = edit(pictures[0], model=dictionary, gain={"high": 2.0}, mix=pictures[1])
    expected = edit_atoms(
        dictionary, pictures[:1], BandGains(gain={"high": 2.0}), mix=Mix(pictures[1])
    )
    np.testing.assert_array_equal(through, expected[0])
    model, image = make_ramp_model(), ramps(np.array([[0.2, -0.1]]))
    moved = edit(image[0], model=model, move={1: 0.5, "hat": 0.25})
    expected = move_latents(model, image, [Move(1, (0.5,)), Move("hat", (0.25,))])
    np.testing.assert_array_equal(moved, expected[0, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"move": {3: 1.0}}, r"directions of this ramp are 1\.\.2, got 3"),
        ({"move": {0: 1.0}}, r"directions of this ramp are 1\.\.2, got 0"),
        ({"move": {1: math.nan}}, "must be finite numbers"),
        ({"move": {}}, "at least one direction"),
        ({"move": {"bags": 1.0}}, "did you mean bag"),
        ({"move": {1: 1.0}, "gain": NEUTRAL}, "moves pictures or changes their bands"),
        ({"move": {1: 1.0}, "notch": True}, "only gain, keep_bands, mix and move"),
        ({"gain": NEUTRAL}, "need a model of atoms"),
    ],
)
def test_what_a_model_cannot_do_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        edit(ramps(np.zeros((1, 2)))[0], model=make_ramp_model(), **options)


def test_what_needs_a_model_or_prior_is_refused():
    picture = ramps(np.zeros((1, 2)))
    with pytest.raises(ConfigError, match="give the model too"):
        edit(picture[0], move={1: 1.0})
    images = skewed_ramps()
    bare = RampModel(RampConfig(), ImageSpec.of(images), generator=torch.Generator())
    with pytest.raises(ConfigError, match=r'give a .*fitted = \["gaussian"\], such as series'):
        edit(picture[0], model=bare, move={1: 1.0})
    with pytest.raises(ConfigError, match="of class bag, which this ramp has not"):
        edit(picture[0], model=bare, move={"bag": 1.0})
    unlabelled = make_ramp_model(dataclasses.replace(images, labels=None, class_names=()))
    with pytest.raises(ConfigError, match="without classes"):
        edit(picture[0], model=unlabelled, move={"bag": 1.0})
    noise = NoiseModel(RampConfig(), ImageSpec.of(images), generator=torch.Generator())
    with pytest.raises(ConfigError, match="a model with latents is needed to edit"):
        edit(picture[0], model=noise, move={1: 1.0})

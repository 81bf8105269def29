"""The trained models that come with the package."""

import numpy as np
import pytest

import overtone
from overtone.models.store import read_summary, shipped_models

MODELS = shipped_models()


def test_there_is_a_model_of_each_gray_set_and_a_dictionary():
    assert {"fashion-mnist", "mnist", "fashion-mnist-dictionary"} <= MODELS.keys()


@pytest.mark.parametrize("name", MODELS)
def test_it_is_small_and_says_how_it_was_trained(name):
    assert MODELS[name].stat().st_size <= 5_000_000
    summary = read_summary(name)["summary"]
    assert summary["preset"] == name.removesuffix("-dictionary")
    assert summary["steps"] > 100


@pytest.mark.parametrize("name", MODELS)
def test_it_draws_different_pictures_of_any_size_and_class(name):
    pictures = overtone.sample(name, 3, seed=1)
    assert pictures.shape == (3, 28, 28, 1)
    assert np.abs(np.diff(pictures.astype(int), axis=0)).mean() > 5
    assert overtone.sample(name, 2, seed=1, class_name="3", size=(40, 23)).shape == (2, 40, 23, 1)


@pytest.mark.parametrize("name", MODELS)
def test_larger_pictures_are_the_same_pictures(name):
    small = overtone.sample(name, 2, seed=2).astype(float)
    large = overtone.sample(name, 2, seed=2, size=(84, 84)).astype(float)
    assert np.abs(large[:, 1::3, 1::3] - small).mean() < 1  # every third centre is a coarse one

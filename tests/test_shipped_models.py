"""The trained models that come with the package."""

import numpy as np
import pytest
import torch

import overtone
from overtone.errors import ConfigError
from overtone.models.class_index import class_index
from overtone.models.store import read_summary, shipped_models

MODELS = shipped_models()
OF_ANY_SIZE = [name for name in MODELS if not name.endswith("-dct")]  # lists have one size


def test_there_is_a_model_of_each_set_and_one_of_each_other_kind():
    others = {"fashion-mnist-dictionary", "fashion-mnist-dct"}
    assert {"cifar10", "fashion-mnist", "mnist"} | others <= MODELS.keys()


@pytest.mark.parametrize("name", MODELS)
def test_it_is_small_and_says_how_it_was_trained(name):
    assert MODELS[name].stat().st_size <= (10_000_000 if name.endswith("-dct") else 5_000_000)
    summary = read_summary(name)["summary"]
    data = name.removesuffix("-dictionary").removesuffix("-dct")
    assert summary["preset"] in (data, f"{data}-b4")
    assert summary["steps"] > 100


@pytest.mark.parametrize("name", MODELS)
def test_it_draws_different_pictures_of_a_class(name):
    pictures = overtone.sample(name, 3, seed=1, class_name="3")
    assert pictures.shape == ((3, 32, 32, 3) if name == "cifar10" else (3, 28, 28, 1))
    assert np.abs(np.diff(pictures.astype(int), axis=0)).mean() > 5


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("fashion")])
def test_classes_have_names_and_numbers(name):
    model = overtone.load_model(name)
    assert [class_index(model, word) for word in ("Sneaker", "sneaker", "7", "ankle BOOT")] == [
        *(7, 7, 7, 9)
    ]
    known = "did you mean Sneaker\\? known are T-shirt/top, Trouser, .*, Ankle boot"
    with pytest.raises(ConfigError, match=f"unknown class sneakers; {known}"):
        overtone.sample(model, class_name="sneakers")


def test_a_model_may_be_put_on_a_device_that_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_cpu = overtone.sample(overtone.load_model("mnist", device="cpu"), 2, seed=3)
    on_any = overtone.sample(overtone.load_model("mnist", device="auto"), 2, seed=3)
    np.testing.assert_array_equal(on_cpu, on_any)
    with pytest.raises(ConfigError, match="device cuda is not there"):
        overtone.load_model("mnist", device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(ConfigError, match="a dct-transformer draws on the processor only"):
        overtone.load_model("fashion-mnist-dct", device="cuda")


@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_it_draws_pictures_of_any_size(name):
    pictures = overtone.sample(name, 2, seed=1, class_name="3", size=(40, 23))
    assert pictures.shape[:3] == (2, 40, 23)


@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_larger_pictures_are_the_same_pictures(name):
    small = overtone.sample(name, 2, seed=2).astype(float)
    height, width = small.shape[1:3]
    large = overtone.sample(name, 2, seed=2, size=(3 * height, 3 * width)).astype(float)
    assert np.abs(large[:, 1::3, 1::3] - small).mean() < 1  # every third centre is a coarse one

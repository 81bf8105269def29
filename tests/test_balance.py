"""Synthetic pictures for rare classes: how many, how marked, and that nothing is replaced."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import re
import statistics

import numpy as np
import pytest
import torch
from experiments.balance.page import read
from helpers import pictures
from PIL import Image
from toy_model import CLASSES, make_ramp_model, skewed_ramps

from overtone import balance, sample
from overtone.data import ImageSet, load_images
from overtone.data.class_folders import folders_of_classes
from overtone.errors import ConfigError, DataError, ModelError
from overtone.evaluate.distribution.reference import load_real
from overtone.evaluate.distribution.sample_source import open_source, restrict_to_class
from overtone.models.base import ImageSpec
from overtone.models.registry import MODELS, get_model_class
from overtone.models.store import load_model, save_model
from overtone.tasks.rare_classes import MEASURED, describe

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def model_file(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "ramp", "toy_model:RampModel")
    save_model(tmp_path / "ramp.safetensors", make_ramp_model(), {})
    return tmp_path / "ramp.safetensors"


def test_rare_classes_are_filled_up_to_the_largest(tmp_path, model_file):
    added = balance(skewed_ramps(), tmp_path / "out", model=model_file)
    assert {name: filled.num_added for name, filled in added.items()} == {
        "bag": 3,
        "T-shirt/top": 6,
    }
    made = load_images(str(tmp_path / "out"))
    assert made.class_names == ("T-shirt/top", "bag")
    assert made.class_counts().tolist() == [6, 3]
    assert made.images.shape == (9, 6, 9, 1)


def test_every_file_is_marked_in_the_manifest_and_in_itself(tmp_path, model_file):
    balance(skewed_ramps(), tmp_path / "out", model=model_file, seed=5, temperature=0.5)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert manifest["synthetic"] is True
    assert manifest["source"]["name"] == "ramps/train"
    assert manifest["source"]["counts"] == dict(zip(CLASSES, (9, 6, 3), strict=True))
    files = sorted(path for path in (tmp_path / "out").rglob("*.png"))
    entries = {entry["file"]: entry for entry in manifest["files"]}
    assert sorted(entries) == [str(path.relative_to(tmp_path / "out")) for path in files]
    for path in files:
        entry = entries[str(path.relative_to(tmp_path / "out"))]
        with Image.open(path) as image:
            assert json.loads(image.info["Synthetic"]) == entry
        assert entry["synthetic"] is True
        assert entry["model_sha256"] == hashlib.sha256(model_file.read_bytes()).hexdigest()
        assert (entry["prior"], entry["temperature"]) == ("kernel", 0.5)


def test_each_picture_can_be_drawn_again_from_its_entry(tmp_path, model_file):
    balance(skewed_ramps(), tmp_path / "out", model=model_file, seed=5)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        drawn = sample(
            entry["model"],
            entry["num_drawn"],
            seed=entry["seed"],
            class_name=entry["class"],
            temperature=entry["temperature"],
            prior=entry["prior"],
        )
        with Image.open(tmp_path / "out" / entry["file"]) as image:
            assert (np.asarray(image) == drawn[entry["index"], ..., 0]).all()


def test_few_examples_are_warned_of_in_the_result_and_the_manifest(tmp_path, model_file):
    classes = balance(skewed_ramps(), tmp_path / "out", model=model_file)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    bag = classes["T-shirt/top"]
    assert (bag.num_real, bag.num_added, bag.num_learned, bag.prior) == (3, 6, 3, "kernel")
    assert bag.warning is not None
    assert "\n" not in bag.warning
    assert bag.warning.startswith("T-shirt/top: learned from 3 examples, fewer than 100; expect")
    assert "with fewer nothing was measured" in bag.warning
    assert f"{bag.nearest_drawn:.1f} levels of 255 from the nearest real one" in bag.warning
    assert manifest["classes"]["T-shirt/top"] == dataclasses.asdict(bag)


def test_the_distance_of_copies_is_zero_and_that_of_real_ones_is_not():
    images = skewed_ramps()
    copies = images.images[images.labels == 2][[0, 1, 1]]
    filled = describe("T-shirt/top", images, copies, num_learned=3, prior="kernel")
    assert filled.nearest_drawn == 0
    assert (filled.nearest_real or 0) > 0.5


def test_a_class_that_the_model_knows_well_is_told_from_a_new_one():
    few, many = skewed_ramps(), skewed_ramps((120, 120, 120))
    drawn = few.images[few.labels == 1]
    known = describe("bag", few, drawn, num_learned=6000, prior="mixture").warning
    assert known is not None
    assert "6 examples here, but the model learned the class from 6000 of its own" in known
    assert describe("bag", many, drawn, num_learned=120, prior="kernel").warning is None
    unsure = describe("bag", few, drawn, num_learned=None, prior=None).warning
    assert unsure is not None
    assert "6 examples here; the model does not say how many it learned from: if no" in unsure
    assert "learned from 6 examples" not in unsure


def test_the_shipped_models_say_how_many_pictures_of_a_class_they_have_seen():
    counts = {name: [load_model(name).num_of_class(number) for number in range(10)]
              for name in ("cifar10", "fashion-mnist", "fashion-mnist-dct")}  # fmt: skip
    assert counts == {
        "cifar10": [5000] * 10,
        "fashion-mnist": [6000] * 10,
        "fashion-mnist-dct": [6000] * 10,
    }


@pytest.mark.parametrize("name", ["dct-flow", "local-series-autoencoder", "local-series-generator"])
def test_models_without_priors_of_classes_know_their_shares(name):
    images = ImageSet("s", pictures(8, 16, 24, 3), np.repeat([0, 2], [7, 1]), ("a", "b", "c"))
    model_class = get_model_class(name)
    model = model_class(
        model_class.config_class(), ImageSpec.of(images), generator=torch.Generator().manual_seed(0)
    )
    assert model.num_of_class(0) is None  # not trained yet
    model.begin(images, generator=torch.Generator().manual_seed(0))
    assert [model.num_of_class(number) for number in range(3)] == [7, 0, 1]


def test_the_warning_says_what_the_rows_of_the_experiment_say():
    rows = [row for row in read(ROOT) if row["steps"] == 1000]
    means = {
        arm: statistics.mean(100 * row["rare_accuracy"] for row in rows if row["arm"] == arm)
        for arm in ("synthetic", "repeat", "half")
    }
    told = tuple(map(int, re.findall(r"(\d+) %", MEASURED)))
    assert told == tuple(round(mean) for mean in means.values())


def test_large_classes_keep_the_prior_of_the_model(tmp_path, model_file, monkeypatch):
    monkeypatch.setattr("overtone.models.latent_priors.SMALL_CLASS", 5)
    save_model(model_file, make_ramp_model(), {})
    classes = balance(skewed_ramps(), tmp_path / "out", model=model_file)
    assert [filled.prior for filled in classes.values()] == ["gaussian", "kernel"]
    with pytest.raises(ConfigError, match="fitted to small classes only; it had 6"):
        sample(model_file, class_name="bag", prior="kernel")


def test_priors_of_another_number_of_classes_are_refused(tmp_path, model_file):
    model = make_ramp_model()
    tensors = model.extra_tensors()
    tensors["counts.kernel"] = tensors["counts.kernel"][:2]
    with pytest.raises(ValueError, match="the priors kernel are of 2 classes, the model knows 3"):
        model.load_extra_tensors(tensors)


def test_a_folder_of_pictures_is_counted_and_left_alone(tmp_path, model_file):
    source = tmp_path / "source"
    for number, label in enumerate([0, 0, 0, 1]):
        path = source / CLASSES[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pictures(1, 7, 5, 3)[0]).save(path)
    before = {path: path.stat().st_mtime_ns for path in source.rglob("*")}
    classes = balance(str(source), tmp_path / "out", model=model_file, size=(12, 18))
    assert [(name, filled.num_added) for name, filled in classes.items()] == [("bag", 2)]
    assert {path: path.stat().st_mtime_ns for path in source.rglob("*")} == before
    assert load_images(str(tmp_path / "out")).images.shape == (2, 12, 18, 1)


def test_classes_keep_their_names_in_the_folder_and_for_evaluate(tmp_path, model_file):
    """A class of two words, and one that no folder can be called."""
    named = dataclasses.replace(skewed_ramps(), class_names=("hat", "rain coat", "T-shirt/top"))
    save_model(model_file, make_ramp_model(named), {})
    out = tmp_path / "out"
    balance(named, out, model=model_file, target=12)
    folders = ["T-shirt_top", "hat", "rain coat"]
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == folders
    for name in ("rain coat", "T-shirt/top"):
        _, number = restrict_to_class(name, load_real(str(out)), open_source(str(out)))
        assert load_images(str(out)).class_names[number] == name


def test_folders_of_classes_are_called_as_the_classes():
    names = ["a_b", "a/b", "A/B", "rare coat", ".hidden", "", "train", "manifest.json", "é" * 200]
    folders = folders_of_classes(names)
    assert (folders["a_b"], folders["a/b"], folders["A/B"]) == ("a_b", "a_b_2", "A_B_3")
    assert folders["rare coat"] == "rare coat"
    assert (folders[".hidden"], folders[""], folders["train"]) == ("_.hidden", "_", "_train")
    assert folders["manifest.json"] == "_manifest.json"
    assert folders["é" * 200] == "é" * 100
    assert len({name.casefold() for name in folders.values()}) == len(names)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"class_folders": 3}', '{"class_folders": {"a":1}}']
)
def test_a_manifest_of_something_else_is_passed_over(tmp_path, text):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(pictures(1, 7, 5, 3)[0]).save(tmp_path / name / "0.png")
    (tmp_path / "manifest.json").write_text(text)
    assert load_images(str(tmp_path)).class_names == ("a", "b")


def test_a_target_may_be_given(tmp_path, model_file):
    classes = balance(skewed_ramps(), tmp_path / "out", model=model_file, target=5)
    assert [(name, filled.num_added) for name, filled in classes.items()] == [("T-shirt/top", 2)]
    with pytest.raises(ConfigError, match="has at least 2 pictures already"):
        balance(skewed_ramps(), tmp_path / "more", model=model_file, target=2)


def test_nothing_is_ever_replaced(tmp_path, model_file):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("keep me")
    with pytest.raises(ConfigError, match="exists and is not empty; nothing is replaced"):
        balance(skewed_ramps(), tmp_path / "out", model=model_file)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    with pytest.raises(ConfigError, match="lies inside the source"):
        balance(str(tmp_path), tmp_path / "new", model=model_file)
    with pytest.raises(ConfigError, match=r"there is no folder .*none for .*new; make it first"):
        balance(skewed_ramps(), tmp_path / "none/new", model=model_file)


def test_an_interrupted_run_leaves_nothing_behind(tmp_path, model_file, monkeypatch):
    def interrupt(fraction, message):
        raise KeyboardInterrupt

    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        balance(skewed_ramps(), tmp_path / "out", model=model_file, progress=interrupt)
    assert sorted(tmp_path.iterdir()) == before


def test_an_empty_folder_may_be_used(tmp_path, model_file):
    (tmp_path / "out").mkdir()
    balance(skewed_ramps(), tmp_path / "out", model=model_file)
    assert (tmp_path / "out/manifest.json").exists()


def test_classes_must_be_known(tmp_path, model_file):
    images = skewed_ramps()
    unlabelled = ImageSet("plain", images.images)
    with pytest.raises(DataError, match="plain has no classes to balance"):
        balance(unlabelled, tmp_path / "out", model=model_file)
    assert images.labels is not None
    others = ImageSet("others", images.images, images.labels, ("hat", "bag", "shoe"))
    with pytest.raises(ConfigError, match="unknown class shoe; known are hat, bag, T-s"):
        balance(others, tmp_path / "out", model=model_file)
    with pytest.raises(ModelError):
        balance(images, tmp_path / "out", model=tmp_path / "missing")

"""Synthetic pictures for rare classes: how many, how marked, and that nothing is replaced."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from helpers import pictures
from PIL import Image
from toy_model import CLASSES, make_ramp_model, skewed_ramps

from overtone import balance, sample
from overtone.data import ImageSet, load_images
from overtone.errors import ConfigError, DataError, ModelError
from overtone.models.registry import MODELS
from overtone.models.store import save_model


@pytest.fixture
def model_file(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "ramp", "toy_model:RampModel")
    save_model(tmp_path / "ramp.safetensors", make_ramp_model(), {})
    return tmp_path / "ramp.safetensors"


def test_rare_classes_are_filled_up_to_the_largest(tmp_path, model_file):
    added = balance(skewed_ramps(), tmp_path / "out", model=model_file)
    assert added == {"bag": 3, "T-shirt/top": 6}
    made = load_images(str(tmp_path / "out"))
    assert made.class_names == ("T-shirt_top", "bag")
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
        assert (entry["prior"], entry["temperature"]) == ("gaussian", 0.5)


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


def test_a_folder_of_pictures_is_counted_and_left_alone(tmp_path, model_file):
    source = tmp_path / "source"
    for number, label in enumerate([0, 0, 0, 1]):
        path = source / CLASSES[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pictures(1, 7, 5, 3)[0]).save(path)
    before = {path: path.stat().st_mtime_ns for path in source.rglob("*")}
    assert balance(str(source), tmp_path / "out", model=model_file, size=(12, 18)) == {"bag": 2}
    assert {path: path.stat().st_mtime_ns for path in source.rglob("*")} == before
    assert load_images(str(tmp_path / "out")).images.shape == (2, 12, 18, 1)


def test_a_target_may_be_given(tmp_path, model_file):
    assert balance(skewed_ramps(), tmp_path / "out", model=model_file, target=5) == {
        "T-shirt/top": 2
    }
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

"""Rare classes filled with mixtures of their own pictures: what is mixed, how it is marked."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import scene
from PIL import Image

from overtone import mix_rare_classes
from overtone.cli.main import main
from overtone.data import ImageSet, load_images
from overtone.errors import ConfigError, DataError
from overtone.transform.plane_dct import dct_cycles, plane_dct2
from overtone.transform.spectral_mix import MixDraw, mix_coarse

CLASSES = ("hat", "T-shirt/top", "bag")


@pytest.fixture
def scenes():
    labels = np.repeat([0, 1, 2], [9, 2, 4])
    pictures = np.stack([scene(16, 24, seed=seed) // (1 + seed % 3) for seed in range(15)])
    return ImageSet("scenes", pictures, labels, CLASSES)


def test_fine_frequencies_stay_and_coarse_ones_are_the_others():
    own, others = (np.stack([scene(20, 32, seed=seed) // 2 + 40] * 2) for seed in (1, 2))
    others = others[:, ::-1, ::-1] // 2 + 60  # far from black and white, so nothing is clipped
    mixed = mix_coarse(own, others, MixDraw(np.array([2.0, 4.0]), np.array([1.0, 0.25])))
    cycles = dct_cycles((20, 32))
    had, other, has = (
        plane_dct2(each.transpose(0, 3, 1, 2).astype(np.float64)) for each in (own, others, mixed)
    )
    for number, (cutoff, strength) in enumerate([(2.0, 1.0), (4.0, 0.25)]):
        fine, coarse = cycles > cutoff * 1.5, cycles < cutoff / 1.5
        rounding = 2.0  # eight-bit rounding puts some of it into every coefficient
        assert np.abs(has[number] - had[number])[:, fine].max() < rounding
        wanted = had[number] + strength * (other[number] - had[number])
        assert np.abs(has[number] - wanted)[:, coarse].max() < rounding
    assert np.abs(other - had).max() > 100


def test_each_mixture_is_what_its_entry_says(scenes, tmp_path):
    mixed = mix_rare_classes(scenes, tmp_path / "out", seed=4)
    for name, counts in (("T-shirt/top", (2, 7)), ("bag", (4, 5))):
        assert (mixed[name].num_real, mixed[name].num_added) == counts
        assert f"{name}: {counts[0]} examples, fewer than the 50" in (mixed[name].warning or "")
    assert len(mixed) == 2
    added = {name: each.num_added for name, each in mixed.items()}
    made = load_images(str(tmp_path / "out"))
    assert dict(zip(made.class_names, made.class_counts(), strict=True)) == added
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert (manifest["synthetic"], manifest["added"]) == (True, added)
    assert len(manifest["files"]) == 12
    for entry in manifest["files"]:
        with Image.open(tmp_path / "out" / entry["file"]) as image:
            assert json.loads(image.info["Synthetic"]) == entry
            pixels = np.asarray(image)
        assert entry["synthetic"] is True
        own, other = entry["own"], entry["other"]
        assert scenes.class_names[scenes.labels[own]] == entry["class"]
        assert scenes.labels[other] != scenes.labels[own]
        draw = MixDraw(np.array([entry["cutoff"]]), np.array([entry["strength"]]))
        expected = mix_coarse(scenes.images[[own]], scenes.images[[other]], draw)[0]
        np.testing.assert_array_equal(pixels, expected)
    uses = [entry["own"] for entry in manifest["files"] if entry["class"] == "bag"]
    assert set(uses) == {11, 12, 13, 14}  # every own picture in turn


def test_a_seed_gives_the_same_mixtures_and_another_does_not(scenes, tmp_path):
    for name, seed in {"a": 1, "b": 1, "c": 2}.items():
        mix_rare_classes(scenes, tmp_path / name, seed=seed, target=6)
    first, same, other = (load_images(str(tmp_path / name)).images for name in "abc")
    np.testing.assert_array_equal(first, same)
    assert len(other) == len(first) == 6
    assert (other != first).any()


@pytest.mark.parametrize(
    ("labels", "names", "error", "message"),
    [
        (None, (), DataError, "scenes has no classes to balance"),
        ([0] * 15, ("hat",), ConfigError, "every class of scenes has at least 15 pictures already"),
        ([0] * 14 + [2], CLASSES, DataError, "class T-shirt/top of scenes has no picture to mix"),
    ],
)
def test_what_cannot_be_mixed_is_refused(scenes, tmp_path, labels, names, error, message):
    labels = None if labels is None else np.array(labels)
    with pytest.raises(error, match=message):
        mix_rare_classes(ImageSet("scenes", scenes.images, labels, names), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_class_alone_has_nothing_to_mix_with(scenes, tmp_path):
    alone = ImageSet("scenes", scenes.images, np.zeros(15, np.int64), ("hat",))
    with pytest.raises(ConfigError, match="needs pictures of another class, which scenes has not"):
        mix_rare_classes(alone, tmp_path / "out", target=20)


def test_a_class_of_many_examples_is_warned_of(scenes, tmp_path, capsys):
    labels = np.repeat([0, 1, 2], [260, 255, 30])
    pictures = np.resize(scenes.images, (545, *scenes.images.shape[1:]))
    np.savez(tmp_path / "set.npz", x=pictures, y=labels, class_names=CLASSES)
    command = ["balance", str(tmp_path / "set.npz"), "--mix", "-o", str(tmp_path / "out")]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "warning: T-shirt/top: 255 examples; on CIFAR-10 with 50 examples a class" in said
    assert said.count("warning: ") == 1


def test_the_command_mixes_without_a_model(scenes, tmp_path, capsys):
    np.savez(tmp_path / "set.npz", x=scenes.images, y=scenes.labels, class_names=CLASSES)
    out = tmp_path / "out"
    arguments = ["balance", str(tmp_path / "set.npz"), "--mix", "--seed", "4", "-o", str(out)]
    assert main([*arguments, "--size", "12x8"]) == 0
    error = capsys.readouterr().err
    assert "bag: 5 mixed pictures\n" in error
    assert f"set.npz -> {out}: 12 synthetic pictures\n" in error
    assert load_images(str(out)).images.shape == (12, 8, 12, 3)
    assert main(arguments) == 1
    assert "nothing is replaced" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --model, or --mix to do without"),
        (["--by", "density"], "error: give --model\n"),
        (["--mix", "--model", "m"], "--mix needs no model: leave out --model, --temp"),
        (["--mix", "--temperature", "0.5"], "--mix needs no model"),
        (["--mix", "--device", "cuda"], "leave out --model, --temperature, --prior and --device"),
        (["--mix", "--draws", "5"], "--draws needs --by density"),
        (["--by", "density", "--model", "m", "--mix"], "--mix cannot be used with --by density"),
        (["--by", "density", "--model", "m", "--target", "5"], "--target cannot be used with --by"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, capsys, options, message):
    assert main(["balance", "data", "-o", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

"""Which real pictures are measured against: splits, halves, classes."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import labels_of, pictures

from overtone.data import ImageSet
from overtone.errors import ConfigError, DataError
from overtone.evaluate.distribution import copying
from overtone.evaluate.distribution.copying import measure_copying, neighbour_sheet
from overtone.evaluate.distribution.reference import find_class, load_real
from overtone.metrics.distribution.features.registry import name_of_network_for


@pytest.fixture
def split_file(tmp_path):
    np.savez(
        tmp_path / "split.npz",
        x_train=pictures(9, 5, 7, 1), y_train=labels_of(9),
        x_test=pictures(6, 5, 7, 1, seed=1), y_test=labels_of(6),
    )  # fmt: skip
    return str(tmp_path / "split.npz")


@pytest.mark.parametrize(
    ("split", "counts"), [(None, (6, 9)), ("test", (6, 9)), ("train", (9, 6)), ("all", (15, None))]
)
def test_the_other_split_is_what_is_not_measured_against(split_file, split, counts):
    real = load_real(split_file, split=split)
    other = None if real.other_split is None else len(real.other_split)
    assert (len(real.images), other) == counts
    assert real.training is not None
    assert real.unseen is not None
    assert (len(real.training), len(real.unseen), real.note) == (9, 6, None)


def test_a_class_of_data_that_is_not_split_is_halved_by_itself(tmp_path):
    """Halves of all pictures may leave a small class with no picture in one of them."""
    labels = np.array([0] * 40 + [1] * 3 + [2])
    np.savez(tmp_path / "few.npz", x=np.zeros((44, 6, 9), np.uint8), y=labels)
    for seed in range(5):
        real = load_real(str(tmp_path / "few.npz"), seed=seed).of_class(1)
        assert real.other_split is not None
        assert real.training is not None
        assert [len(each) for each in (real.images, real.other_split, real.training)] == [2, 1, 3]
        assert real.images.name == f"few, class 1, half 2, seed {seed}"
    with pytest.raises(DataError, match="class 2 has one picture"):
        load_real(str(tmp_path / "few.npz")).of_class(2)


def test_halves_are_disjoint_and_follow_the_seed(tmp_path):
    np.savez(tmp_path / "whole.npz", x=pictures(11, 5, 7, 3))
    source = str(tmp_path / "whole.npz")
    real, again, other = (load_real(source, seed=seed) for seed in (1, 1, 2))
    assert real.other_split is not None
    both = np.concatenate([real.other_split.images, real.images.images])
    assert (len(real.images), len(np.unique(both, axis=0))) == (6, 11)
    assert real.images.fingerprint() == again.images.fingerprint() != other.images.fingerprint()
    assert real.unseen is None
    assert load_real(source, split="train").note is None
    with pytest.raises(DataError, match="no test split"):
        load_real(source, split="test")


def test_a_class_is_taken_everywhere(split_file):
    real = load_real(split_file).of_class(1)
    assert real.images.name == "split/test, class 1"
    assert [len(s) for s in (real.images, real.other_split, real.training, real.unseen) if s] == [
        2, 3, 3, 2,
    ]  # fmt: skip
    plain = ImageSet("plain", pictures(4, 5, 7, 1))
    with pytest.raises(DataError, match="plain has no classes"):
        load_real(split_file).__class__(
            images=plain, other_split=None, training=plain, unseen=None
        ).of_class(0)


def test_a_class_is_found_by_name_number_or_position():
    digits, words = ("0", "1", "2"), ("hat", "bag", "shoe")
    assert find_class("bag", words) == [1]
    assert find_class("1", words, digits) == [1, 1]
    assert find_class("shoe", digits, words) == [2, 2]
    assert find_class("bag", ("bag", "hat"), words) == [0, 1]
    with pytest.raises(ConfigError, match="unknown class bagg; did you mean bag"):
        find_class("bagg", words)
    with pytest.raises(ConfigError, match="unknown class shoe; known are bag, hat"):
        find_class("shoe", words, ("bag", "hat"))


def test_the_network_suits_the_pictures():
    assert name_of_network_for(28, 28, 1) == "gray28"
    for shape in ((28, 28, 3), (28, 30, 1), (64, 48, 3)):
        assert name_of_network_for(*shape) == "efficientnet-lite0"


def test_the_sheet_shows_the_nearest_first_and_the_farthest_last(monkeypatch):
    monkeypatch.setattr(copying, "NUM_ROWS", 2)
    monkeypatch.setattr(copying, "_SHEET_WIDTH_PX", 108)
    training = ImageSet(
        "toy/train",
        np.stack([np.full((6, 9, 1), level) for level in (0, 90, 180, 250)]).astype(np.uint8),
    )
    samples = np.stack([np.full((6, 9, 1), level) for level in (20, 91, 240, 180)]).astype(np.uint8)
    found = measure_copying(samples, training, None)
    assert found.nearest.distances[:, 0].tolist() == [20, 1, 10, 0]
    assert sorted(found.real_distances.tolist()) == [70, 70, 90, 90]
    sheet = neighbour_sheet(found)
    assert sheet.shape == (18, 100, 1)
    assert [sheet[2, x, 0] for x in (2, 13, 24, 35)] == [180, 180, 250, 90]
    assert sheet[12, 56, 0] == 20
    with pytest.raises(DataError, match="3 nearest training pictures, so 4 or more are needed"):
        measure_copying(samples, training.subset(np.arange(3)), None)


def test_a_class_is_found_whatever_the_case_of_its_name():
    assert find_class("sneaker", ("Bag", "Sneaker"), ("0", "1")) == [1, 1]
    with pytest.raises(ConfigError, match="did you mean Sneaker"):
        find_class("snaker", ("Bag", "Sneaker"))

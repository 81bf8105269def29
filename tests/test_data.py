"""Sets of pictures, the order of batches, and loading by what is found at a path."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from helpers import idx_bytes, labels_of, pictures

from overtone.data import LOADERS, BatchOrder, ImageSet, load_images
from overtone.data.registry import get_loader
from overtone.errors import ConfigError, DataError


def a_set(**changes):
    settings = {
        "name": "tiny",
        "images": pictures(6, 5, 7, 3),
        "labels": labels_of(6),
        "class_names": ("hat", "bag", "shoe"),
    }
    return ImageSet(**(settings | changes))


def save_mnist(folder: pathlib.Path, num_train=9, num_test=4):
    for part, count, seed in (("train", num_train, 0), ("t10k", num_test, 1)):
        images = pictures(count, 5, 7, 1, seed=seed)[..., 0]
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels_of(count)))


def test_a_subset_keeps_pictures_and_labels_together():
    whole = a_set()
    part = whole.subset(np.array([4, 1]))
    assert (part.images == whole.images[[4, 1]]).all()
    assert part.labels is not None
    assert part.labels.tolist() == [1, 1]
    assert whole.subset(np.arange(6) > 3, name="late").name == "late"
    assert len(whole.subset(np.arange(6) > 3)) == 2


def test_classes_are_counted_even_without_pictures():
    assert a_set(labels=np.array([0, 0, 0, 0, 0, 1])).class_counts().tolist() == [5, 1, 0]
    assert a_set(labels=None, class_names=()).class_counts().tolist() == []


def test_the_fingerprint_sees_pixels_labels_order_and_shape():
    images = pictures(6, 5, 7, 3)
    changed = images.copy()
    changed[3, 2, 1, 0] ^= 1
    sets = [
        a_set(),
        a_set(images=changed),
        a_set(images=images[::-1]),
        a_set(images=images.reshape(6, 7, 5, 3)),
        a_set(labels=None),
        a_set(labels=labels_of(6)[::-1].copy()),
    ]
    assert len({each.fingerprint() for each in sets}) == len(sets)
    assert a_set().fingerprint() == a_set(name="other").fingerprint()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((0, 5, 7, 3), np.uint8)}, "no pixels"),
        ({"images": np.zeros((6, 5, 7, 2), np.uint8)}, "1 or 3"),
        ({"labels": np.zeros(5, np.int64)}, "labels must be 6"),
        ({"labels": np.full(6, 3)}, r"0\.\.2 for 3 class names, got 3\.\.3"),
        ({"labels": np.full(6, -1)}, r"got -1\.\.-1"),
    ],
)
def test_contradictions_in_a_set_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        a_set(**changes)


@pytest.mark.parametrize(("num_images", "batch_size"), [(10, 4), (7, 7), (3, 8), (1, 1), (5, 1)])
def test_every_epoch_is_a_permutation(num_images, batch_size):
    order = BatchOrder(num_images, batch_size, seed=3)
    row = np.concatenate([order.indices(step) for step in range(num_images)])
    for epoch in row.reshape(-1, num_images):
        assert sorted(epoch) == list(range(num_images))
    assert all(len(order.indices(step)) == batch_size for step in range(5))


def test_batches_depend_on_seed_and_step_alone():
    late = BatchOrder(50, 8, seed=1).indices(123)
    order = BatchOrder(50, 8, seed=1)
    for step in (0, 123, 7, 122):
        order.indices(step)
    assert (order.indices(123) == late).all()
    assert (BatchOrder(50, 8, seed=2).indices(123) != late).any()
    assert (BatchOrder(50, 50, seed=1).indices(0) != BatchOrder(50, 50, seed=1).indices(1)).any()


def test_the_order_of_batches_stays_the_same_between_versions():
    assert BatchOrder(10, 4, seed=3).indices(2).tolist() == [3, 8, 4, 1]


@pytest.mark.parametrize("arguments", [(0, 4, 0), (4, 0, 0), (4, 4, -1)])
def test_an_impossible_order_is_refused(arguments):
    *sizes, seed = arguments
    with pytest.raises(ValueError, match=">= 1"):
        BatchOrder(*sizes, seed=seed)


def test_splits_are_named_and_joined(tmp_path):
    save_mnist(tmp_path)
    train, test, both = (load_images(str(tmp_path), split=s) for s in ("train", "test", "all"))
    assert [len(train), len(test), len(both)] == [9, 4, 13]
    names = [each.name.removeprefix(tmp_path.name) for each in (train, test, both)]
    assert names == ["/train", "/test", "/all"]
    assert (both.images == np.concatenate([train.images, test.images])).all()
    assert both.class_names == ("0", "1", "2")


def test_what_is_not_split_is_all_training_data(tmp_path):
    np.savez(tmp_path / "things.npz", x=pictures(4, 5, 7, 3))
    assert load_images(str(tmp_path / "things.npz")).name == "things"
    assert load_images(str(tmp_path / "things.npz"), split="all").name == "things"
    with pytest.raises(DataError, match="no test split, found only all"):
        load_images(str(tmp_path / "things.npz"), split="test")


def test_size_and_channels_are_met(tmp_path):
    save_mnist(tmp_path)
    assert load_images(str(tmp_path), size=(8, 6)).images.shape == (9, 8, 6, 1)
    assert load_images(str(tmp_path), size=4, channels=3).images.shape == (9, 4, 4, 3)
    plain, colour = load_images(str(tmp_path)), load_images(str(tmp_path), channels=3)
    assert (colour.images == plain.images).all()
    assert colour.images.shape == (9, 5, 7, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"size": 0}, r"1\.\.65535"), ({"size": (3, -1)}, "got 3 and -1"), ({"channels": 2}, "got 2")],
)
def test_impossible_wishes_are_refused(tmp_path, settings, message):
    save_mnist(tmp_path)
    with pytest.raises(ConfigError, match=message):
        load_images(str(tmp_path), **settings)


def test_a_place_without_data_is_named_with_what_is_expected(tmp_path):
    with pytest.raises(DataError, match="there is no data at"):
        load_images(str(tmp_path / "missing"))
    with pytest.raises(DataError, match=r"is no data set; expected is one of: IDX files.*\.npz"):
        load_images(str(tmp_path))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match="is no data set"):
        load_images(str(tmp_path / "notes.txt"))


@pytest.mark.parametrize("kind", LOADERS)
def test_every_loader_says_what_it_expects(kind):
    assert get_loader(kind).expected

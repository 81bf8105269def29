"""CIFAR in its four forms, and pickles that ask for more than arrays."""

from __future__ import annotations

import contextlib
import pathlib
import pickle
import random
import sys

import numpy as np
import pytest
from helpers import mutate_section, pictures

from overtone.data import load_images
from overtone.errors import DataError

FIVE = [f"data_batch_{number}" for number in range(1, 6)]
TEN_NAMES = [f"kind{number}" for number in range(10)]
HUNDRED_NAMES = [f"kind{number}" for number in range(100)]


def images_of(name):
    return pictures(2, 32, 32, 3, seed=len(name) + ord(name.removesuffix(".bin")[-1]))


def planes_of(name):
    return images_of(name).transpose(0, 3, 1, 2).reshape(2, -1)


def save_binary(folder, *, hundred=False):
    names = ["train.bin", "test.bin"] if hundred else [f"{n}.bin" for n in (*FIVE, "test_batch")]
    for name in names:
        labels = [b"\x07\x63", b"\x03\x00"] if hundred else [b"\x09", b"\x00"]
        rows = [label + row.tobytes() for label, row in zip(labels, planes_of(name), strict=True)]
        (folder / name).write_bytes(b"".join(rows))
    file, classes = (
        ("fine_label_names.txt", HUNDRED_NAMES) if hundred else ("batches.meta.txt", TEN_NAMES)
    )
    (folder / file).write_text("\n".join(classes) + "\n\n")


def old_array(array: np.ndarray) -> bytes:
    """The opcodes with which Python 2 pickled an array of bytes: text stands for bytes."""

    def short(data: bytes) -> bytes:
        return b"U" + bytes([len(data)]) + data

    def whole(number: int) -> bytes:
        return b"J" + number.to_bytes(4, "little", signed=True)

    dtype = b"cnumpy\ndtype\n(" + short(b"u1") + b"K\x00K\x01tR"
    dtype += b"(K\x03" + short(b"|") + b"NNN" + whole(-1) + whole(-1) + b"K\x00tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + short(b"b") + b"tR"
    raw = b"T" + array.size.to_bytes(4, "little") + array.tobytes()
    shape = b"(" + whole(array.shape[0]) + whole(array.shape[1]) + b"t"
    return empty + b"(K\x01" + shape + dtype + b"\x89" + raw + b"tb"


def old_batch(array: np.ndarray, labels: list[int], key=b"labels") -> bytes:
    listed = b"".join(b"K" + bytes([label]) for label in labels)
    items = b"U\x04data" + old_array(array) + b"U" + bytes([len(key)]) + key + b"](" + listed + b"e"
    return b"\x80\x02}(" + items + b"u."


def save_python(folder, *, hundred=False, protocol: int | None = None):
    names = ["train", "test"] if hundred else [*FIVE, "test_batch"]
    labels = [99, 0] if hundred else [9, 0]
    key = b"fine_labels" if hundred else b"labels"
    for name in names:
        data = old_batch(planes_of(name), labels, key)
        if protocol is not None:
            content = {"data": planes_of(name), key.decode(): labels, "batch_label": "one"}
            data = pickle.dumps(content, protocol=protocol)
        (folder / name).write_bytes(data)
    file, names_key, classes = (
        ("meta", b"fine_label_names", HUNDRED_NAMES)
        if hundred
        else ("batches.meta", b"label_names", TEN_NAMES)
    )
    encoded = [name.encode() for name in classes]
    (folder / file).write_bytes(pickle.dumps({names_key: encoded}, protocol=2))


@pytest.mark.parametrize("hundred", [False, True])
@pytest.mark.parametrize("save", [save_binary, save_python])
def test_all_four_variants_give_the_same_pictures(tmp_path, save, hundred):
    save(tmp_path, hundred=hundred)
    train = load_images(str(tmp_path))
    test = load_images(str(tmp_path), split="test")
    ending = ".bin" if save is save_binary else ""
    names = ["train"] if hundred else FIVE
    assert (train.images == np.concatenate([images_of(n + ending) for n in names])).all()
    assert (test.images == images_of(("test" if hundred else "test_batch") + ending)).all()
    assert test.labels is not None
    assert test.labels.tolist() == [99 if hundred else 9, 0]
    assert train.class_names == tuple(HUNDRED_NAMES if hundred else TEN_NAMES)


@pytest.mark.parametrize("protocol", [2, 3])
def test_pickles_of_python_3_are_read_too(tmp_path, protocol):
    save_python(tmp_path, protocol=protocol)
    assert (load_images(str(tmp_path), split="test").images == images_of("test_batch")).all()


def test_the_old_pickles_of_these_tests_are_what_numpy_reads():
    array = planes_of("train")
    read = pickle.loads(old_batch(array, [1, 2]), encoding="bytes")
    assert (read[b"data"] == array).all()


class _Attack:
    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


def test_a_pickle_cannot_run_anything(tmp_path):
    save_python(tmp_path)
    content = {"data": _Attack(tmp_path / "ran"), "labels": []}
    (tmp_path / "test_batch").write_bytes(pickle.dumps(content, protocol=2))
    # protocol 2 finds the method through a function of its own, which is as unknown as the others
    with pytest.raises(DataError, match=r"test_batch: the pickle is .* it asks for "):
        load_images(str(tmp_path), split="test")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "scalar"),
    ],
)
def test_only_the_names_of_arrays_are_known(tmp_path, module, name):
    save_python(tmp_path)
    opcodes = f"\x80\x02c{module}\n{name}\n(U\x04true".encode("latin1") + b"tR."
    (tmp_path / "test_batch").write_bytes(opcodes)
    with pytest.raises(DataError, match=f"it asks for {module}.{name}"):
        load_images(str(tmp_path), split="test")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "a dictionary is expected, found list"),
        ({"labels": [1]}, "an array called data is expected, found nothing"),
        ({"data": planes_of("a")}, "a list of labels is expected, found nothing"),
        ({"data": planes_of("a"), "labels": [1, "2"]}, "a list of labels is expected, found list"),
        ({"data": planes_of("a"), "labels": [1]}, "one label for each of 2 .* found 1"),
        ({"data": planes_of("a"), "labels": [1, 10]}, r"in 0\.\.9, found 10"),
        ({"data": planes_of("a"), "labels": [1, 1 << 70]}, r"in 0\.\.255, found 1\.\.1180591"),
        ({"data": planes_of("a").astype(float), "labels": [1, 2]}, "uint8 is expected as data"),
        ({"data": planes_of("a")[:, :99], "labels": [1, 2]}, r"found 198 bytes for \(2, 99\)"),
    ],
)
def test_a_foreign_pickle_is_named_with_expected_and_found(tmp_path, content, message):
    save_python(tmp_path)
    (tmp_path / "test_batch").write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(DataError, match=message) as caught:
        load_images(str(tmp_path), split="test")
    assert str(tmp_path / "test_batch") in str(caught.value)


def test_any_damage_to_a_pickle_is_an_error_of_data(tmp_path):
    save_python(tmp_path)
    whole = (tmp_path / "test_batch").read_bytes()
    rng = random.Random(5)
    head = 200  # where the opcodes are; the rest is pixels
    for _ in range(300):
        (tmp_path / "test_batch").write_bytes(mutate_section(whole[:head], rng) + whole[head:])
        with contextlib.suppress(DataError):
            load_images(str(tmp_path), split="test")
    assert "os" in sys.modules


@pytest.mark.parametrize("cut", [0, 1, 3072, 3074])
def test_a_truncated_binary_file_is_named_with_expected_and_found(tmp_path, cut):
    save_binary(tmp_path)
    path = tmp_path / "test_batch.bin"
    path.write_bytes(path.read_bytes()[:cut])
    message = f"test_batch.bin: records of 3073 bytes are expected, found {cut} bytes"
    with pytest.raises(DataError, match=message):
        load_images(str(tmp_path), split="test")


def test_a_missing_or_shorter_batch_is_noticed(tmp_path):
    save_binary(tmp_path)
    path = tmp_path / "data_batch_4.bin"
    path.write_bytes(path.read_bytes()[:3073])
    with pytest.raises(DataError, match=r"found \[2, 2, 2, 1, 2\]"):
        load_images(str(tmp_path))
    path.unlink()
    with pytest.raises(DataError, match=r"\['data_batch_4.bin'\] are missing"):
        load_images(str(tmp_path))


def test_labels_and_names_are_counted(tmp_path):
    save_binary(tmp_path)
    path = tmp_path / "test_batch.bin"
    path.write_bytes(b"\x0a" + path.read_bytes()[1:])
    with pytest.raises(DataError, match=r"labels must be in 0\.\.9, found 10"):
        load_images(str(tmp_path), split="test")
    (tmp_path / "batches.meta.txt").write_text("cat\ndog\n")
    with pytest.raises(DataError, match="10 names of classes are expected, found 2"):
        load_images(str(tmp_path))

"""IDX files and NumPy archives: every spelling is read, every damage is named."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
from typing import Any

import numpy as np
import pytest
from helpers import idx_bytes, labels_of, pictures

from overtone.data import load_images
from overtone.errors import DataError

IMAGES = pictures(6, 5, 7, 1)[..., 0]


def save_pair(folder, images=IMAGES, labels=None, *, zipped=False, part="train"):
    labels = labels_of(len(images)) if labels is None else labels
    ending = ".gz" if zipped else ""
    pack = gzip.compress if zipped else bytes
    path = folder / f"{part}-images-idx3-ubyte{ending}"
    path.write_bytes(pack(idx_bytes(images)))
    (folder / f"{part}-labels-idx1-ubyte{ending}").write_bytes(pack(idx_bytes(labels)))
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files_are_read_from_their_folder_and_by_name(tmp_path, zipped):
    path = save_pair(tmp_path, zipped=zipped)
    for source in (tmp_path, path):
        read = load_images(str(source))
        assert (read.images[..., 0] == IMAGES).all()
        assert read.labels is not None
        assert read.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert read.images.flags.writeable


def test_idx_pictures_may_lack_labels_and_have_colours(tmp_path):
    path = tmp_path / "colour-images.idx4-ubyte"
    path.write_bytes(idx_bytes(pictures(4, 5, 7, 3)))
    read = load_images(str(path))
    assert read.labels is None
    assert (read.images == pictures(4, 5, 7, 3)).all()


def test_several_data_sets_in_a_folder_must_be_told_apart(tmp_path):
    save_pair(tmp_path, part="emnist-digits-train")
    path = save_pair(tmp_path, part="emnist-letters-train")
    with pytest.raises(DataError, match="2 files of train pictures, emnist"):
        load_images(str(tmp_path))
    assert len(load_images(str(path))) == 6


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "found nothing"),
        (lambda data: b"\x89PNG" + data, "found 89 50 4e 47"),
        (lambda data: data[:2] + b"\x0d" + data[3:], "found type 0d"),
        (lambda data: data[:9], "3 sizes are expected"),
        (lambda data: data[:-1], "210 bytes are expected for .6, 5, 7., found only 209"),
        (lambda data: data + b"\0", "found more"),
        (lambda data: data[:6] + b"\xff" + data[7:], "found only 210"),
        (lambda data: data[:4] + b"\xff" * 12 + data[16:], "are the most that are read"),
    ],
)
def test_a_damaged_idx_file_is_named_with_expected_and_found(tmp_path, damage, message):
    for zipped in (False, True):
        path = save_pair(tmp_path, zipped=zipped)
        data = damage(idx_bytes(IMAGES))
        path.write_bytes(gzip.compress(data) if zipped else data)
        with pytest.raises(DataError, match=message) as caught:
            load_images(str(path))
        assert str(path) in str(caught.value)


def test_a_truncated_gzip_file_is_named(tmp_path):
    path = save_pair(tmp_path, zipped=True)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: the gzip file is damaged"):
        load_images(str(path))


def test_labels_of_another_number_are_refused(tmp_path):
    save_pair(tmp_path, labels=labels_of(5))
    with pytest.raises(DataError, match=r"labels-idx1-ubyte: one label for each of 6.*found 5"):
        load_images(str(tmp_path))


@pytest.mark.parametrize("keys", [("x", "y"), ("images", "labels"), ("x_train", "y_train")])
def test_arrays_are_found_under_their_usual_names(tmp_path, keys):
    path = tmp_path / "things.npz"
    image_key, label_key = keys
    arrays: dict[str, Any] = {image_key: IMAGES, label_key: labels_of(6)}
    np.savez(path, **arrays)
    read = load_images(str(path))
    assert (read.images[..., 0] == IMAGES).all()
    assert read.labels is not None


def test_an_archive_may_hold_both_splits_and_the_names_of_classes(tmp_path):
    np.savez_compressed(
        tmp_path / "both.npz",
        train_images=IMAGES,
        train_labels=labels_of(6)[:, None],
        test_images=IMAGES[:2],
        test_labels=labels_of(2)[:, None],
        class_names=["hat", "bag", "shoe"],
    )
    read = load_images(str(tmp_path / "both.npz"), split="test")
    assert (read.name, len(read), read.class_names) == ("both/test", 2, ("hat", "bag", "shoe"))
    assert len(load_images(str(tmp_path), split="all")) == 8


def test_a_folder_may_hold_an_archive_for_each_split(tmp_path):
    np.savez(tmp_path / "patch_train.npz", x=pictures(5, 5, 7, 3))
    np.savez(tmp_path / "patch_test.npz", x=pictures(3, 5, 7, 3))
    assert len(load_images(str(tmp_path), split="test")) == 3
    assert load_images(str(tmp_path)).name == f"{tmp_path.name}/train"
    np.savez(tmp_path / "patch_train2.npz", x=pictures(5, 5, 7, 3))
    with pytest.raises(DataError, match=r"one \.npz file for train, found patch_train.npz, patch"):
        load_images(str(tmp_path))


@pytest.mark.parametrize(
    ("pixels", "level"),
    [
        (np.float32(1.0), 255),
        (np.float64(0.5), 128),
        (np.int64(77), 77),
        (np.uint16(255), 255),
        (np.bool_(True), 255),
    ],
)
def test_ranges_of_pixels_are_defined(tmp_path, pixels, level):
    np.savez(tmp_path / "a.npz", x=np.full((2, 3, 4), pixels))
    assert (load_images(str(tmp_path / "a.npz")).images == level).all()


def test_alpha_is_laid_on_white(tmp_path):
    pixels = np.zeros((1, 2, 3, 4), np.uint8)
    pixels[0, 0, :, 3] = (0, 51, 255)
    np.savez(tmp_path / "a.npz", x=pixels)
    read = load_images(str(tmp_path / "a.npz")).images
    assert read.shape == (1, 2, 3, 3)
    assert read[0, 0, :, 0].tolist() == [255, 204, 0]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"z": IMAGES}, "an array called x or images.*found z"),
        ({"x": IMAGES[0]}, r"found \(5, 7\)"),
        ({"x": pictures(2, 3, 32, 32)}, r"channels come last.*\(0, 2, 3, 1\)"),
        ({"x": IMAGES[:0]}, "no pixels"),
        ({"x": IMAGES * 2.0}, r"float64 pixels must be in 0\.\.1, found"),
        ({"x": np.full((2, 3, 4), np.nan)}, "found nan"),
        ({"x": IMAGES.astype(np.int16) - 1}, r"must be in 0\.\.255, found -1"),
        ({"x": IMAGES.astype(str)}, "numbers are expected"),
        ({"x": IMAGES, "y": labels_of(5)}, "one label for each of 6 pictures is expected, found 5"),
        ({"x": IMAGES, "y": np.ones(6)}, "whole numbers, found float64"),
        ({"x": IMAGES, "y": labels_of(6) - 1}, r"found -1\.\.1"),
        ({"x": IMAGES, "y": labels_of(6), "class_names": ["a", "b"]}, r"0\.\.1 for 2 class names"),
        ({"x": np.full(3, None)}, "holds Python objects"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        load_images(str(tmp_path / "a.npz"))
    assert "\n" not in str(caught.value)


def test_every_damage_to_an_archive_is_an_error_of_data(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=IMAGES, y=labels_of(6))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            path.write_bytes(data)
            with contextlib.suppress(DataError):
                load_images(str(path))


def test_a_header_cannot_promise_more_than_the_archive_holds(tmp_path):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "|u1", "fortran_order": False, "shape": (1 << 40, 28, 28)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member.getvalue() + bytes(100))
    with pytest.raises(DataError, match="needs 862017116176384 bytes, found 100"):
        load_images(str(tmp_path / "a.npz"))

"""Folders of picture files: classes, sizes, modes, damage; and the hub's data sets."""

from __future__ import annotations

import io
import sys
import types
import zlib

import numpy as np
import pytest
from helpers import pictures, scene
from PIL import Image

from overtone.data import load_images
from overtone.data.pixels import fit_to_size
from overtone.errors import DataError


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def save(path, image=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(scene(6, 9) if image is None else image))


def test_sub_folders_are_classes_in_alphabetical_order(tmp_path):
    for number, name in enumerate(["shoe/a.png", "bag/b.png", "shoe/deep/c.png", "hat/d.png"]):
        save(tmp_path / name, scene(6, 9, seed=number))
    (tmp_path / "empty").mkdir()
    save(tmp_path / ".cache/x.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    read = load_images(str(tmp_path))
    assert read.class_names == ("bag", "hat", "shoe")
    assert read.labels is not None
    assert read.labels.tolist() == [0, 1, 2, 2]
    assert (read.images[0] == scene(6, 9, seed=1)).all()
    assert read.name == tmp_path.name
    assert read.skipped == ("empty: holds no picture, so it is no class",)


def test_splits_share_one_table_of_classes(tmp_path):
    for name in ["train/bag/a.png", "train/shoe/b.png", "val/hat/c.png", "val/shoe/d.png"]:
        save(tmp_path / name)
    train, test = load_images(str(tmp_path)), load_images(str(tmp_path), split="test")
    assert train.class_names == test.class_names == ("bag", "hat", "shoe")
    assert [list(each.labels) for each in (train, test) if each.labels is not None] == [
        [0, 2],
        [1, 2],
    ]
    assert train.name == f"{tmp_path.name}/train"


def test_a_flat_folder_has_no_classes(tmp_path):
    save(tmp_path / "b.png", scene(6, 9, seed=1))
    save(tmp_path / "a.png")
    read = load_images(str(tmp_path))
    assert (read.labels, read.class_names) == (None, ())
    assert (read.images[0] == scene(6, 9)).all()


def test_loose_pictures_among_classes_are_refused(tmp_path):
    save(tmp_path / "bag/a.png")
    save(tmp_path / "b.png")
    with pytest.raises(DataError, match=r"found both \(b.png and bag/\)"):
        load_images(str(tmp_path))


def test_sizes_must_agree_or_be_given(tmp_path):
    save(tmp_path / "a.png", scene(6, 9))
    save(tmp_path / "b.png", scene(9, 6))
    with pytest.raises(DataError, match=r"a.png of 9x6 and b.png of 6x9 pixels; give a size"):
        load_images(str(tmp_path))
    assert load_images(str(tmp_path), size=(4, 7)).images.shape == (2, 4, 7, 3)


def test_resizing_keeps_the_middle_and_the_aspect_ratio():
    wide = np.zeros((10, 40, 3), np.uint8)
    wide[:, 15:25] = 200  # the middle square
    squared = np.asarray(fit_to_size(Image.fromarray(wide), (10, 10)))
    assert (squared == 200).all()
    tall = Image.fromarray(np.ascontiguousarray(wide.transpose(1, 0, 2)))
    small = np.asarray(fit_to_size(tall, (5, 5))).astype(int)
    # the filter sees the black beyond the cut, which overshoots by some per cent of the step
    assert np.abs(small[1:4] - 200).max() <= 0.05 * 200


def test_resizing_is_pillows_lanczos_on_the_middle():
    image = Image.fromarray(scene(24, 40))
    expected = image.resize((6, 6), Image.Resampling.LANCZOS, box=(8, 0, 32, 24))
    assert (np.asarray(fit_to_size(image, (6, 6))) == np.asarray(expected)).all()
    assert fit_to_size(image, (41, 23)).size == (23, 41)


def test_gray_and_colour_are_kept_unless_told_otherwise(tmp_path):
    save(tmp_path / "gray/a.png", scene(6, 9, 1))
    assert load_images(str(tmp_path / "gray")).images.shape == (1, 6, 9, 1)
    save(tmp_path / "gray/b.png", scene(6, 9, 3))
    mixed = load_images(str(tmp_path / "gray")).images
    assert mixed.shape == (2, 6, 9, 3)
    assert (mixed[0] == scene(6, 9, 1)).all()
    luma = load_images(str(tmp_path / "gray"), channels=1).images
    expected = scene(6, 9, 3) @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma[1, ..., 0] - expected).max() <= 0.51  # BT.601, rounded


def as_png(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def sixteen_bit_rgb() -> bytes:
    """A PNG of one row: black, 0x80ff in red, white; Pillow does not write such."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        )

    samples = b"\0" + b"\0" * 6 + b"\x80\xff\0\0\0\0" + b"\xff" * 6
    header = (3).to_bytes(4, "big") + (1).to_bytes(4, "big") + b"\x10\x02\0\0\0"
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(samples)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def palette_row() -> Image.Image:
    image = Image.new("P", (2, 1), 1)
    image.putpalette([1, 2, 3, 7, 8, 9])
    return image


def rgba_row() -> Image.Image:
    return Image.fromarray(np.array([[[0, 0, 0, 0], [0, 0, 0, 51], [9, 8, 7, 255]]], np.uint8))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (as_png(rgba_row()), [[255] * 3, [204] * 3, [9, 8, 7]]),
        (as_png(rgba_row().convert("LA")), [[255], [204], [8]]),
        (as_png(Image.fromarray(np.array([[0, 0x80FF, 0xFFFF]], np.uint16))), [[0], [128], [255]]),
        (sixteen_bit_rgb(), [[0] * 3, [128, 0, 0], [255] * 3]),
        (as_png(Image.fromarray(np.array([[True, False]]))), [[255], [0]]),
        (as_png(palette_row()), [[7, 8, 9]] * 2),
        (as_png(Image.new("RGB", (1, 1), (5, 6, 7)), transparency=(5, 6, 7)), [[255] * 3]),
    ],
    ids=["rgba", "gray-alpha", "gray-16", "rgb-16", "bilevel", "palette", "colour-key"],
)
def test_conversions_are_defined(tmp_path, data, expected):
    (tmp_path / "a.png").write_bytes(data)
    assert load_images(str(tmp_path)).images[0, 0].tolist() == expected


def test_cmyk_becomes_rgb_and_of_frames_the_first_is_taken(tmp_path):
    Image.new("CMYK", (9, 6), (255, 0, 0, 0)).save(tmp_path / "a.tif")
    red, blue = (Image.new("RGB", (9, 6), colour) for colour in ("red", "blue"))
    red.save(tmp_path / "b.gif", save_all=True, append_images=[blue])
    read = load_images(str(tmp_path)).images
    assert read[:, 0, 0].tolist() == [[0, 255, 255], [255, 0, 0]]


def test_pictures_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    (tmp_path / "a.png").write_bytes(as_png(Image.fromarray(scene(6, 9)), exif=exif))
    read = load_images(str(tmp_path)).images
    assert (read[0] == np.rot90(scene(6, 9), -1)).all()


def damaged_folder(tmp_path):
    save(tmp_path / "bag/a.png")
    save(tmp_path / "hat/b.png")
    save(tmp_path / "hat/c.png", scene(24, 40))
    (tmp_path / "hat/b.png").write_bytes(b"no picture at all")
    whole = (tmp_path / "hat/c.png").read_bytes()
    (tmp_path / "hat/c.png").write_bytes(whole[: len(whole) // 2])
    save(tmp_path / "hat/d.png", scene(6, 9, seed=4))
    Image.fromarray(np.full((6, 9), 0.5, np.float32)).save(tmp_path / "hat/e.tif")


def test_a_damaged_picture_fails_by_name(tmp_path):
    damaged_folder(tmp_path)
    with pytest.raises(DataError, match=r"hat/b.png: this is no picture in a format"):
        load_images(str(tmp_path))


def test_damaged_pictures_are_skipped_and_named_if_so_wished(tmp_path):
    damaged_folder(tmp_path)
    read = load_images(str(tmp_path), on_corrupt="skip")
    assert read.labels is not None
    assert read.labels.tolist() == [0, 1]
    assert (read.images[1] == scene(6, 9, seed=4)).all()
    names = [each.partition(": ")[0] for each in read.skipped]
    assert names == ["hat/b.png", "hat/c.png", "hat/e.tif"]
    assert "damaged" in read.skipped[1]
    assert "mode F" in read.skipped[2]


def test_a_folder_of_nothing_but_damage_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"no picture can be read; the first of 1: a\.png"):
        load_images(str(tmp_path), on_corrupt="skip")


class _Picture:
    def __init__(self, decode: bool = True) -> None:
        self.decode = decode


class _ClassLabel:
    names = ("hat", "bag")


class _Table:
    """As much of a `datasets.Dataset` as is used."""

    def __init__(self, features) -> None:
        self.features = features
        self.files = [png(image) for image in pictures(3, 5, 7, 3)]

    def __len__(self) -> int:
        return len(self.files)

    def cast_column(self, column, feature):
        assert (column, feature.decode) == ("img", False)
        return self

    def __getitem__(self, key):
        if key == "label":
            return [0, 1, 1]
        return {"img": {"bytes": self.files[key], "path": None}}


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the package `datasets`, which is optional."""
    features = {"img": _Picture(), "label": _ClassLabel()}
    table = _Table(features)
    asked = []

    def load_dataset(name, config, *, split):
        asked.append((name, config, split))
        return table

    library = types.SimpleNamespace(
        Image=_Picture,
        ClassLabel=_ClassLabel,
        load_dataset=load_dataset,
        get_dataset_split_names=lambda name, config: ["train", "validation"],
        asked=asked,
        table=table,
    )
    monkeypatch.setitem(sys.modules, "datasets", library)
    return library


def test_the_hub_gives_pictures_and_classes(hub):
    read = load_images("hf:someone/clothes@small", split="test")
    assert hub.asked == [("someone/clothes", "small", "validation")]
    assert (read.images == pictures(3, 5, 7, 3)).all()
    assert read.class_names == ("hat", "bag")
    assert read.labels is not None
    assert read.labels.tolist() == [0, 1, 1]


def test_damage_in_a_set_of_the_hub_is_named(hub):
    hub.table.files[1] = b"nothing"
    with pytest.raises(DataError, match="hf:clothes: row 1: this is no picture"):
        load_images("hf:clothes")
    assert load_images("hf:clothes", on_corrupt="skip").skipped[0].startswith("row 1: ")


def test_a_set_of_the_hub_without_pictures_is_refused(hub):
    del hub.table.features["img"]
    with pytest.raises(DataError, match="a column of pictures is expected, found label"):
        load_images("hf:clothes")


def test_what_the_hub_says_is_one_line(hub):
    def refuse(name, config):
        raise FileNotFoundError("there is no such set\nand much more")

    hub.get_dataset_split_names = refuse
    with pytest.raises(DataError, match=r"^hf:clothes: there is no such set$"):
        load_images("hf:clothes")


def test_without_its_package_the_hub_asks_for_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install 'overtone-image\[hub\]'"):
        load_images("hf:clothes")

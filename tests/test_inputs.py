"""What `encode`, `decode` and `info` take, and what they say of what they cannot take."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib

import numpy as np
import pytest
from helpers import scene
from PIL import Image

import overtone
from overtone.codecs import base
from overtone.codecs.base import MAX_THREADS, resolve_num_threads
from overtone.errors import ConfigError, ImageError

RAW = {"codec": "raw", "quality": 100}


@pytest.fixture(autouse=True)
def _codec(raw_codec):
    """Files of raw pixels, so that what went in comes out."""


def test_a_gray_array_needs_no_axis_of_channels():
    gray = scene(5, 7)[:, :, 0]
    decoded = overtone.decode(overtone.encode(gray, **RAW))
    assert decoded.shape == (5, 7, 1)
    np.testing.assert_array_equal(decoded[:, :, 0], gray)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_arrays_of_every_number_of_channels(channels):
    pixels = scene(5, 7, channels)
    np.testing.assert_array_equal(overtone.decode(overtone.encode(pixels, **RAW)), pixels)


def test_a_pillow_image_keeps_its_metadata():
    image = Image.fromarray(scene(5, 7))
    image.info["icc_profile"] = b"profile"
    image.info["dpi"] = (300, 300)
    data = overtone.encode(image, **RAW)
    np.testing.assert_array_equal(overtone.decode(data), scene(5, 7))
    assert overtone.info(data)["metadata"] == {
        "icc_bytes": 7, "exif_bytes": 0, "dpi": (300.0, 300.0)
    }  # fmt: skip
    bare = overtone.encode(image, metadata=overtone.Metadata(), **RAW)
    assert overtone.info(bare)["metadata"]["icc_bytes"] == 0


@pytest.mark.parametrize("kind", [str, pathlib.Path, open], ids=["str", "path", "file"])
def test_pictures_and_files_are_read(tmp_path, kind):
    picture, file = tmp_path / "a.png", tmp_path / "a.ovt"
    Image.fromarray(scene(5, 7)).save(picture, icc_profile=b"profile")

    with contextlib.ExitStack() as opened:

        def source(path: pathlib.Path):
            return opened.enter_context(path.open("rb")) if kind is open else kind(path)

        data = overtone.encode(source(picture), **RAW)
        assert overtone.info(data)["metadata"]["icc_bytes"] == 7
        file.write_bytes(data)
        np.testing.assert_array_equal(overtone.decode(source(file)), scene(5, 7))
        assert overtone.info(source(file))["width"] == 7


@pytest.mark.parametrize("kind", [bytearray, memoryview, io.BytesIO])
def test_bytes_of_any_kind_decode(kind):
    data = overtone.encode(scene(5, 7), **RAW)
    np.testing.assert_array_equal(overtone.decode(kind(data)), scene(5, 7))
    assert overtone.info(kind(data)) == overtone.info(data)


FLOATS = np.linspace(0, 1, 5 * 7 * 3).reshape(5, 7, 3)


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        (FLOATS, "np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)"),
        ((FLOATS * 65535).astype(np.uint16), "np.rint(image / 257).astype(np.uint8)"),
        (FLOATS > 0.5, "image.astype(np.uint8) * 255"),
        (scene(5, 7).astype(np.int64), "np.clip(image, 0, 255).astype(np.uint8)"),
        (scene(5, 7).transpose(2, 0, 1), "image.transpose(1, 2, 0)"),
    ],
    ids=["float", "16 bits", "bool", "int64", "channels first"],
)
def test_the_advice_about_arrays_works(image, advice):
    with pytest.raises(ImageError) as caught:
        overtone.encode(image, **RAW)
    assert advice in str(caught.value)
    converted = eval(advice, {"image": image, "np": np})
    assert overtone.decode(overtone.encode(converted, **RAW)).shape == (5, 7, 3)


def test_the_advice_about_tensors_works():
    torch = pytest.importorskip("torch")
    image = torch.from_numpy(FLOATS).permute(2, 0, 1)
    with pytest.raises(ImageError, match="got Tensor") as caught:
        overtone.encode(image, **RAW)
    converted = eval(str(caught.value).rpartition(" give ")[2], {"image": image})
    decoded = overtone.decode(overtone.encode(converted, **RAW))
    np.testing.assert_array_equal(decoded, np.rint(FLOATS * 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"\x89PNG", r"give io.BytesIO\(image\)"),
        ([[0, 1]], r"give np.array\(image, np.uint8\)"),
        (np.zeros((2, 5, 7, 3), np.uint8), "one after the other"),
        (np.zeros((5, 7, 5), np.uint8), r"1\.\.4 channels"),
        (np.zeros(5, np.uint8), r"1\.\.4 channels"),
        (None, "got NoneType"),
    ],
    ids=["bytes", "list", "batch", "channels", "one axis", "none"],
)
def test_what_is_no_picture_is_refused(image, message):
    with pytest.raises(ImageError, match=message):
        overtone.encode(image, **RAW)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (io.StringIO("text"), "open it in binary mode"),
        (np.zeros(4, np.uint8), "got ndarray"),
        (3, "got int"),
    ],
    ids=["text", "array", "number"],
)
def test_what_is_no_file_is_refused(source, message):
    for function in (overtone.decode, overtone.info):
        with pytest.raises(ConfigError, match=message):
            function(source)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    for function in (overtone.encode, overtone.decode, overtone.info):
        with pytest.raises(FileNotFoundError):
            function(tmp_path / "none.ovt")


@pytest.mark.parametrize("number", [0, -1, 257, 100000])
def test_threads_out_of_range_are_refused_by_name(number):
    data = overtone.encode(scene(5, 7), **RAW)
    for act in (
        lambda: overtone.encode(scene(5, 7), num_threads=number, **RAW),
        lambda: overtone.decode(data, num_threads=number),
    ):
        with pytest.raises(ConfigError, match=rf"num_threads must be in 1\.\.256, got {number}"):
            act()


def test_more_processors_than_threads_are_no_fault(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(512)), raising=False)
    assert resolve_num_threads(None) == MAX_THREADS == 256
    assert base.EncodeOptions(num_threads=resolve_num_threads(None)).num_threads == 256

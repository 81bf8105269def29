"""Faults that people who tried the program found, each as they came upon it."""

from __future__ import annotations

import functools
import io
import pathlib

import numpy as np
import pytest
from helpers import scene
from PIL import Image

import overtone
from overtone.cli import start
from overtone.cli.main import main
from overtone.codecs.coin import fit
from overtone.errors import ConfigError, FitError, ImageError, ModelError
from overtone.imaging.reader import open_picture
from overtone.models.store import load_model, shipped_models
from overtone.models.tensor_file import TensorFile


@pytest.fixture
def folder(tmp_path, monkeypatch, raw_codec):
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.png", "in/sub/b.png", "in/sub/c.png"):
        pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(scene(24, 40)).save(name)
    return tmp_path


def encode(*arguments):
    return main(["encode", *arguments, "--codec", "raw"])


def test_a_folder_that_cannot_be_made_fails_each_file_in_a_line(folder, capsys, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.makedirs", refuse)
    assert encode("in", "-r", "-o", "out") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "3 of 3 files failed:"
    assert lines[1] == "error: in/a.png: Permission denied: out"
    assert len(lines) == 4


def test_a_blocked_folder_does_not_stop_the_files_of_others(folder, capsys):
    pathlib.Path("out").mkdir()
    pathlib.Path("out/sub").write_text("a file where a folder should be")
    assert encode("in", "-r", "-o", "out") == 1
    assert pathlib.Path("out/a.ovt").exists()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines[-2:]] == ["in/sub/b.png", "in/sub/c.png"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--max-size 5k --bytes 5k", "got --bytes, --max-size"),
        ("--max-size 0", "--max-size must be a positive number, got 0"),
        ("--threads 1.5", "--threads: must be a whole number, got 1.5"),
        ("--strip xyz", "xyz is one word too many; see overtone encode -h"),
    ],
)
def test_wrong_options_are_told_in_their_words(folder, capsys, options, message):
    assert encode("in/a.png", *options.split()) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("options", ["--scale 0", "--scale 2 --size 9x9", "-o b.ovt", "-o b.xyz"])
def test_wrong_options_of_decode_are_wrong_usage(folder, capsys, options):
    assert encode("in/a.png", "-o", "a.ovt") == 0
    assert main(["decode", "a.ovt", *options.split()]) == 2


def test_arrays_of_another_order_of_bytes_and_with_masks_get_right_advice():
    large = np.full((4, 6), 65535, ">u2")
    with pytest.raises(ImageError, match=r"give np\.rint\(image / 257\)"):
        overtone.encode(large)
    with pytest.raises(ImageError, match=r"give image\.filled"):
        overtone.encode(np.ma.masked_equal(scene(4, 6), 0))


def test_the_limit_of_pixels_is_ours_alone(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert overtone.encode("in/a.png", codec="raw", verify=False)
    assert Image.MAX_IMAGE_PIXELS == 10
    with pytest.raises(ImageError, match="over the limit"):
        overtone.encode("in/a.png", codec="raw", max_pixels=959)
    with pytest.raises(OSError, match="cannot identify"):
        open_picture(io.BytesIO(b"no picture"))
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_limit_of_time_stops_a_fit_of_coin_at_once():
    with pytest.raises(FitError, match=r"more than the 0\.01 seconds allowed"):
        overtone.encode(scene(24, 40), codec="coin", preset="paper", max_seconds=0.01)


def test_coin_fits_without_threads_too(monkeypatch):
    make = functools.partial(overtone.encode, scene(24, 40), codec="coin", settings={"steps": 3})
    usual = make(num_threads=2)

    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(fit.concurrent.futures.ThreadPoolExecutor, "submit", refuse)
    assert make(num_threads=2) == usual


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    file = TensorFile.read(shipped_models()["fashion-mnist"], "model")
    name = next(name for name in file.tensors if name.startswith("weights."))
    file.tensors[name] = file.tensors[name] * float("nan")
    (tmp_path / "nan.safetensors").write_bytes(file.to_bytes())
    with pytest.raises(ModelError, match="numbers that are not finite"):
        load_model(tmp_path / "nan.safetensors")


def test_settings_and_presets_nested_without_end_are_refused(tmp_path):
    deep = "[" * 100_000
    (tmp_path / "deep.toml").write_text(f"steps = {deep}")
    with pytest.raises(ConfigError, match="nested too deeply"):
        overtone.encode(scene(8, 8), codec="dfm", preset=str(tmp_path / "deep.toml"))
    assert main(["encode", "a.png", "--codec", "dfm", "--set", f"steps={deep}"]) == 2


def test_a_jpeg_file_of_many_blocks_is_packed():
    pytest.importorskip("jpeglib")
    buffer = io.BytesIO()
    Image.fromarray(scene(24, 40)).save(buffer, "JPEG")
    data = buffer.getvalue()
    blocks = b"".join(b"\xff\xe2\x00\x06%04d" % number for number in range(60))
    again = overtone.to_jpeg(overtone.repack_jpeg(data[:2] + blocks + data[2:]))
    for each in (data, again):
        assert Image.open(io.BytesIO(each)).size == (40, 24)
    first, second = (np.asarray(Image.open(io.BytesIO(each))) for each in (data, again))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("odd"), "error: ValueError: odd (a fault of this program"),
        (ImportError("libx.so: failed to map segment from shared object"), "not enough memory"),
        (RuntimeError("can't start new thread"), "too few threads are granted"),
    ],
)
def test_what_nobody_foresaw_is_one_line(capsys, monkeypatch, error, message):
    def fail():
        raise error

    monkeypatch.setattr("overtone.cli.main.main", fail)
    assert start.main() == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1

"""What encode and decode do with odd kinds of pictures, their metadata, and sizes of files."""

from __future__ import annotations

import os
import pathlib

import numpy as np
import pytest
from helpers import scene
from PIL import Image

from overtone.bitstream.container import Container
from overtone.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch, raw_codec):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(name, pixels):
    Image.fromarray(pixels).save(name)


def encode(*arguments):
    return main(["encode", *arguments, "--codec", "raw", "--quality", "100"])


def test_convert_reads_what_is_refused_and_the_refusal_names_it(folder, capsys):
    deep = (scene(24, 40, 1)[..., 0].astype(np.uint16)) << 8 | 77
    pathlib.Path("odd").mkdir()
    Image.fromarray(scene(24, 40, 4), "CMYK").save("odd/cmyk.tif")
    save("odd/deep.png", deep)
    frames = [Image.fromarray(scene(24, 40, seed=seed)) for seed in (1, 2)]
    frames[0].save("odd/frames.webp", save_all=True, append_images=frames[1:], lossless=True)
    Image.new("LAB", (40, 24), (50, 10, 10)).save("odd/lab.tif")
    assert encode("odd", "-o", "out") == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 4
    assert all(line.endswith(", or give --convert") for line in errors)
    assert encode("odd", "-o", "out", "--convert") == 0
    main(["decode", "out", "-o", "back", "-q"])
    pixels = {path.stem: np.asarray(Image.open(path)) for path in pathlib.Path("back").iterdir()}
    np.testing.assert_array_equal(pixels["deep"], deep >> 8)
    np.testing.assert_array_equal(pixels["frames"][..., :3], scene(24, 40, seed=1))
    assert pixels["cmyk"].shape == pixels["lab"].shape == (24, 40, 3)


def test_strip_leaves_out_metadata_in_both_directions(folder, capsys):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(scene(24, 40)).save("gps.png", exif=exif.tobytes(), icc_profile=b"profile")

    def read_back(*arguments):
        assert encode("gps.png", "-o", "x.ovt", "--force", *arguments) == 0
        assert main(["decode", "x.ovt", "-o", "x.png", "--force"]) == 0
        with Image.open("x.png") as image:
            found = image.getexif()
            return image.size, found.get(0x010F), dict(found.get_ifd(0x8825)), image.info.keys()

    assert read_back()[1:3] == ("Maker", {1: "N"})
    assert read_back("--strip", "gps")[:3] == ((40, 24), "Maker", {})
    size, maker, gps, info = read_back("--strip")
    assert (size, maker, gps) == ((24, 40), None, {})  # turned upright
    assert "icc_profile" not in info
    assert encode("gps.png", "-o", "x.ovt", "--force") == 0
    assert main(["decode", "x.ovt", "-o", "plain.png", "--strip"]) == 0
    with Image.open("plain.png") as image:
        assert (image.size, dict(image.getexif())) == ((24, 40), {})


def test_lossless_packing_leaves_out_the_place(folder, capsys):
    pytest.importorskip("jpeglib")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[29] = "2024:05:06"
    Image.fromarray(scene(24, 40)).save("gps.jpg", exif=exif.tobytes())
    command = ["encode", "gps.jpg", "--codec", "sparse-dct", "--lossless", "-o", "x.ovt"]
    assert main([*command, "--strip", "gps"]) == 0
    found = Container.from_bytes(pathlib.Path("x.ovt").read_bytes()).metadata.exif
    assert b"Maker" in found
    assert b"2024:05:06" not in found
    assert main([*command, "--strip"]) == 2
    assert "--strip gps leaves out where it was taken" in capsys.readouterr().err


def test_sizes_have_units_and_a_limit_is_kept(folder, capsys):
    save("large.png", scene(123, 180))
    for option, size in (("--max-size", "6.5k"), ("--bytes", "7kB")):
        command = ["encode", "large.png", "-o", "x.webp", "--codec", "webp", "--force"]
        assert main([*command, option, size]) == 0
        found = os.path.getsize("x.webp")
        assert 6100 < found <= 6500 if option == "--max-size" else abs(found - 7000) <= 210
    assert main(["encode", "large.png", "--bytes", "5q"]) == 2
    assert "a number of bytes such as 5000, 5k or 1.5M, got 5q" in capsys.readouterr().err

"""`--cluster` where nothing is done: wrong usage, no cluster, no Ray."""

from __future__ import annotations

import pathlib
import sys

import pytest
from helpers import scene
from PIL import Image

from overtone.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with three pictures."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("pictures").mkdir()
    for number, name in enumerate("abc"):
        Image.fromarray(scene(24 + number, 40, seed=number)).save(f"pictures/{name}.png")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-o", "out"], "a cluster works on files"),
        (["pictures", "-o", "out", "--workers", "2"], "--workers is for work on a cluster"),
        (["pictures", "-o", "out.ovt"], "on a cluster -o is a folder, or ends in .tar"),
        (["pictures", "-o", "o-{0..8}.tar"], "is 9 tar files, for 3 pictures"),
        (["pictures", "-o", "out", "--model", "x"], "leave out --cluster"),
        (["pictures", "-o", "out", "--cluster", "here"], "a cluster is local, ray"),
        (["pictures", "-o", "out", "--force", "--skip-existing"], "give one of them"),
        (["pictures", "-o", "out", "--set", "x=1"], "x"),
    ],
)
def test_wrong_usage_is_told_before_anything_starts(folder, capsys, arguments, message):
    more = [] if {"--workers", "--cluster"} & set(arguments) else ["--cluster", "local"]
    assert main(["encode", *arguments, *more]) == 2
    assert message in capsys.readouterr().err
    assert not list(folder.rglob("*.ovt"))


def test_without_ray_one_line_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["encode", "pictures/a.png", "-o", "out", "--cluster", "local"]) == 1
    assert "install it with: pip install 'overtone-image[cluster]'" in capsys.readouterr().err

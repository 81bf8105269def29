"""The command edit with --model: rows of moves, atoms of a dictionary, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from toy_cosines import make_dictionary, make_pictures
from toy_model import make_ramp_model, ramps

from overtone.cli.main import main
from overtone.editing.bands import BandGains
from overtone.editing.mix import Mix
from overtone.editing.through_model import Move, edit_atoms, move_latents
from overtone.models.registry import MODELS
from overtone.models.store import save_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(MODELS, "ramp", "toy_model:RampModel")
    save_model(tmp_path / "ramp.safetensors", make_ramp_model(), {})
    for name, pixels in zip("ab", ramps(np.array([[0.2, -0.1], [-0.3, 0.25]])), strict=True):
        Image.fromarray(pixels[..., 0]).save(f"{name}.png")
    return tmp_path


def pixels_of(name):
    with Image.open(name) as image:
        return np.asarray(image)


def test_the_command_writes_rows(folder, capsys):
    command = "edit a.png b.png --model ramp.safetensors --direction 1=-1:1:3 -o row.png"
    assert main(command.split()) == 0
    assert "6 of 9x6 pixels, direction 1=-1:1:3" in capsys.readouterr().err
    grid = pixels_of("row.png")
    assert grid.shape == (2 * 8 + 2, 3 * 11 + 2)
    expected = move_latents(
        make_ramp_model(), pixels_of("b.png")[None, ..., None], [Move(1, (-1.0, 0.0, 1.0))]
    )
    np.testing.assert_array_equal(grid[10:16, 24:33], expected[0, 2, ..., 0])


def test_the_command_moves_to_classes_and_fills_folders(folder):
    command = "edit a.png b.png --model ramp.safetensors --toward bag=1 --size 18x12 -o out"
    assert main(command.split()) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["a.png", "b.png"]
    assert pixels_of("out/a.png").shape == (12, 18)
    command = "edit a.png --model ramp.safetensors --toward T-shirt/top=0:1:2 -o two"
    assert main(command.split()) == 0
    assert sorted(path.name for path in (folder / "two").iterdir()) == ["a-00.png", "a-01.png"]


def test_the_command_changes_atoms(folder, monkeypatch, capsys):
    dictionary, pictures = make_dictionary(), make_pictures()
    monkeypatch.setitem(MODELS, "cosines", "toy_cosines:CosineModel")
    save_model(folder / "cosines.safetensors", dictionary, {})
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels[..., 0]).save(f"{number}.png")
    command = "edit 0.png --model cosines.safetensors --gain high=2 --mix 1.png --cutoff 3 -o x.png"
    assert main(command.split()) == 0
    expected = edit_atoms(
        dictionary, pictures[:1], BandGains(gain={"high": 2.0}), mix=Mix(pictures[1], 3.0)
    )
    np.testing.assert_array_equal(pixels_of("x.png"), expected[0, ..., 0])
    assert "1 of 16x10 pixels, gain of high 2, mix 1.png" in capsys.readouterr().err
    (folder / "two").mkdir()
    for number in range(2):
        Image.fromarray(pictures[number, ..., 0]).save(f"two/{number}.png")
    command = "edit 0.png --model cosines.safetensors -o y.png --mix"
    assert main([*command.split(), "two"]) == 2
    assert "error: --mix takes one picture; two has 2\n" in capsys.readouterr().err
    assert main([*command.split(), "1.png", "--edge", "5"]) == 2
    assert "edges must be 0..4 octaves wide, got 5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--direction 1=2", "--direction needs --model"),
        ("--gain low=1 --rest drop", "--rest needs --model"),
        ("--model ramp.safetensors --notch --direction 1=2", "--notch cannot be used with --model"),
        ("--model ramp.safetensors", "with --model give either --direction"),
        ("--model ramp.safetensors --direction 1=2 --gain low=1", "with --model give either"),
        ("--model ramp.safetensors --direction one=2", "NUMBER=AMOUNT or ...=FROM:TO:COUNT"),
        ("--model ramp.safetensors --direction 1=2:3", "a number or FROM:TO:COUNT, got '2:3'"),
        ("--model ramp.safetensors --direction 1=0:1:1", "of 2 and more; got '0:1:1'"),
        ("--model ramp.safetensors --direction 9=1", "are 1..2, got 9"),
        ("--model ramp.safetensors --toward cap=1", "unknown class cap"),
        ("--model nowhere --direction 1=1", "nowhere"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, options, message):
    assert main(["edit", "a.png", "-o", "x.png", *options.split()]) == (
        1 if message == "nowhere" else 2
    )
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (folder / "x.png").exists()

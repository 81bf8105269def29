"""The commands sample, reconstruct, interpolate and balance: what they write and refuse."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest
from helpers import scene
from PIL import Image
from toy_model import CLASSES, make_ramp_model, ramps, skewed_ramps

import overtone.tasks
from overtone import sample
from overtone.cli.main import main
from overtone.models.registry import MODELS
from overtone.models.store import save_model

RAMPS = ramps(np.array([[0.5, -0.25], [-0.75, 0.5]]))


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "ramp", "toy_model:RampModel")
    save_model(tmp_path / "ramp.safetensors", make_ramp_model(), {})
    return str(tmp_path / "ramp.safetensors")


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image)


def save_ramps(folder):
    folder.mkdir()
    for name, image in zip(("b", "a"), RAMPS, strict=True):
        Image.fromarray(image[..., 0]).save(folder / f"{name}.png")


def test_sample_draws_a_grid(tmp_path, model, capsys):
    out = tmp_path / "grid.png"
    assert main(["sample", model, "-n", "6", "--seed", "1", "-o", str(out)]) == 0
    assert "6 of 9x6 pixels, seed 1" in capsys.readouterr().err
    grid, drawn = pixels_of(out), sample(model, 6, seed=1)
    assert (grid[2:8, 2:11] == drawn[0, ..., 0]).all()
    assert (grid[0] == 255).all()


def test_sample_fills_a_folder_or_an_archive(tmp_path, model):
    drawn = sample(model, 11, seed=2, class_name="bag", size=(4, 8), temperature=0.5)
    arguments = ["sample", model, "-n", "11", "--seed", "2", "--class", "bag", "--size", "8x4"]
    arguments += ["--temperature", "0.5", "--prior", "gaussian"]
    assert main([*arguments, "-o", str(tmp_path / "folder")]) == 0
    names = sorted(path.name for path in (tmp_path / "folder").iterdir())
    assert names == [f"{number:02}.png" for number in range(11)]
    assert (pixels_of(tmp_path / "folder/10.png") == drawn[10, ..., 0]).all()
    assert main([*arguments, "-o", str(tmp_path / "samples.npz")]) == 0
    with np.load(tmp_path / "samples.npz") as archive:
        assert (archive["x"] == drawn).all()


def test_one_picture_is_no_grid(tmp_path, model):
    assert main(["sample", model, "-o", str(tmp_path / "one.png")]) == 0
    assert pixels_of(tmp_path / "one.png").shape == (6, 9)


def test_what_exists_is_replaced_only_by_force(tmp_path, model, capsys):
    (tmp_path / "grid.png").write_bytes(b"mine")
    arguments = ["sample", model, "-o", str(tmp_path / "grid.png")]
    assert main(arguments) == 1
    assert "exists; give --force" in capsys.readouterr().err
    assert (tmp_path / "grid.png").read_bytes() == b"mine"
    assert main([*arguments, "--force"]) == 0
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/mine.txt").write_text("mine")
    arguments = ["sample", model, "-o", str(tmp_path / "folder")]
    assert main(arguments) == 1
    assert "is not empty" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["0.png", "mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "nowhere", "-o", "x.png"], "nowhere"),
        (["sample", "MODEL", "-o", "x.png", "--class", "bags"], "did you mean bag"),
        (["sample", "MODEL", "-o", "x.nothing"], "use .png"),
        (["interpolate", "MODEL", "-o", "x.png"], "give two pictures, or two seeds"),
        (["interpolate", "MODEL", "--seeds", "1", "-o", "x.png"], "like 1,2, got 1"),
        (["reconstruct", "MODEL", "missing.png", "-o", "x.png"], "there is no file missing.png"),
        (["balance", "missing", "--model", "MODEL", "-o", "x"], "there is no data at missing"),
    ],
)
def test_mistakes_are_one_line(tmp_path, model, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    is_missing = "no" in message.split() or "nowhere" in message
    code = main([model if word == "MODEL" else word for word in arguments])
    assert code == (1 if is_missing else 2)
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_an_output_is_needed(model, capsys):
    assert main(["sample", model]) == 2
    assert "--output" in capsys.readouterr().err


def test_reconstruct_keeps_names_and_scores(tmp_path, model, capsys):
    save_ramps(tmp_path / "in")
    out = tmp_path / "out"
    assert main(["reconstruct", model, str(tmp_path / "in"), "-o", str(out)]) == 0
    assert re.search(r"2 of 9x6 pixels, \d\d\.\d\d dB", capsys.readouterr().err)
    again = pixels_of(out / "b.png").astype(int)
    assert np.abs(again - RAMPS[0, ..., 0]).max() <= 1


def test_reconstruct_shows_originals_beside(tmp_path, model):
    save_ramps(tmp_path / "in")
    out = tmp_path / "grid.png"
    arguments = ["reconstruct", model, str(tmp_path / "in"), "--originals", "-o", str(out)]
    assert main(arguments) == 0
    grid = pixels_of(out)
    assert (grid[2:8, 2:11] == RAMPS[1, ..., 0]).all()  # of a.png
    assert np.abs(grid[2:8, 13:22].astype(int) - RAMPS[1, ..., 0]).max() <= 1


def test_reconstruct_takes_pictures_of_any_kind_and_data_sets(tmp_path, model, capsys):
    Image.fromarray(scene(41, 23)).save(tmp_path / "photo.jpg")
    np.savez(tmp_path / "set.npz", x=RAMPS)
    for source in ("photo.jpg", "set.npz"):
        out = tmp_path / f"{source}.out.png"
        arguments = ["reconstruct", model, str(tmp_path / source), "--size", "18x12"]
        assert main([*arguments, "-n", "1", "-o", str(out)]) == 0
        assert pixels_of(out).shape == (12, 18)
    both = [str(tmp_path / "set.npz"), str(tmp_path / "photo.jpg")]
    assert main(["reconstruct", model, *both, "-o", str(tmp_path / "x")]) == 2
    assert "a data set is given alone" in capsys.readouterr().err


def test_interpolate_draws_a_row_between_pictures(tmp_path, model):
    save_ramps(tmp_path / "in")
    ends = [str(tmp_path / "in/a.png"), str(tmp_path / "in/b.png")]
    out = tmp_path / "row.png"
    assert main(["interpolate", model, *ends, "-n", "5", "-o", str(out)]) == 0
    row = pixels_of(out)
    assert row.shape == (6 + 4, 5 * 11 + 2)
    assert np.abs(row[2:8, 2:11].astype(int) - RAMPS[1, ..., 0]).max() <= 1
    assert np.abs(row[2:8, -11:-2].astype(int) - RAMPS[0, ..., 0]).max() <= 1


def test_interpolate_animates_between_seeds(tmp_path, model):
    out = tmp_path / "way.gif"
    arguments = ["interpolate", model, "--seeds", "1,2", "-n", "4", "--curve", "linear"]
    assert main([*arguments, "--size", "18x12", "-o", str(out)]) == 0
    with Image.open(out) as animation:
        assert animation.size == (18, 12)
        assert getattr(animation, "n_frames", 1) == 6  # there and back, no end twice


def test_without_pytorch_a_command_asks_for_it(model, capsys, monkeypatch):
    monkeypatch.setattr(overtone, "tasks", overtone.tasks)  # put back with its modules
    for name in [name for name in sys.modules if name.startswith("overtone.tasks")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["sample", model, "-o", "x.png"]) == 1
    assert "needs torch; install it with: pip install 'overtone-im" in capsys.readouterr().err


def test_balance_says_what_it_added(tmp_path, model, capsys):
    images = skewed_ramps()
    assert images.labels is not None
    np.savez(tmp_path / "set.npz", x=images.images, y=images.labels, class_names=CLASSES)
    out = tmp_path / "synthetic"
    arguments = ["balance", str(tmp_path / "set.npz"), "--model", model, "-o", str(out)]
    assert main(arguments) == 0
    error = capsys.readouterr().err
    assert "bag: 3 synthetic pictures, prior kernel\n" in error
    assert "T-shirt/top: 6 synthetic pictures, prior kernel\n" in error
    assert error.count("warning: ") == 2
    assert len(json.loads((out / "manifest.json").read_text("utf-8"))["files"]) == 9
    assert main(arguments) == 1
    assert "nothing is replaced" in capsys.readouterr().err

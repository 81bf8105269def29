"""Settings of the deep network codec that make no sense: one line that says so, no traceback."""

import dataclasses

import numpy as np
import pytest
from helpers import scene
from PIL import Image

from overtone.cli.main import main
from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm.codec import DfmCodec
from overtone.codecs.dfm.config import resolve
from overtone.codecs.dfm.encode import picture_problems
from overtone.codecs.dfm.fit.network import fit_network
from overtone.errors import FitError


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fit.learning_rate=nan", "fit.learning_rate must be a finite number, got nan"),
        ("fit.learning_rate=inf", "fit.learning_rate must be a finite number, got inf"),
        ("fit.learning_rate=1e30", "fit: learning_rate must be in 1e-12..1, got 1e+30"),
        (f"fit.learning_rate=1{'0' * 400}", "fit.learning_rate must be a finite number, got inf"),
        ("fit.init_std=nan", "fit.init_std must be a finite number"),
        ("fit.init_std=1e30", "fit: init_std must be in 0..10"),
        ("fit.first_step=nan", "fit.first_step must be a finite number"),
        ("fit.first_step=0.0", "fit: first_step must be in 1e-06..1"),
        ("fit.clip_factor=1e30", "fit: clip_factor must be in 0..1e+06"),
        ("fit.step_learning_rate=2", "fit: step_learning_rate must be in 0..1"),
        ("fit.start_fraction=0", "fit: start_fraction must be in 1e-06..1"),
        ("fit.batch_size=10000000000000000000000", "fit: batch_size must be in 1..1e+09"),
        ("steps=10000000000000000000000", "fit: num_steps must be in 1..1e+09"),
        ("trial_fraction=nan", "trial_fraction must be a finite number"),
        ("trial_fraction=2", "trial_fraction must be in 0..1"),
        ("tile_px=7", "tile_px must be 0 or in 8..65535, got 7"),
        ("sizes=[{input_scales=[inf]}]", "sizes.input_scales must be a finite number"),
    ],
)
def test_absurd_values_are_refused_in_one_line(tmp_path, capsys, setting, message):
    path = tmp_path / "a.png"
    Image.fromarray(scene(16, 24)).save(path)
    assert main(["encode", str(path), "--codec", "dfm", "--set", setting]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "a.ovt").exists()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("is_quantised", [False, True])
def test_a_fit_whose_weights_leave_all_bounds_says_what_to_do(is_quantised):
    """Targets so far away that a loss is infinite, and so is a step."""
    config = dataclasses.replace(resolve("deep", "fast"), trial_fraction=0.0)
    problem = picture_problems(scene(16, 24), config, config.sizes[0], 1e-5)[1][0]
    targets = np.full_like(problem.targets, 1e30)
    hostile = dataclasses.replace(problem, targets=targets)
    settings = dataclasses.replace(
        config.fit, is_quantised=is_quantised, num_steps=20, learning_rate=1.0, max_restarts=1
    )
    with pytest.raises(FitError, match="try more steps, fewer hidden layers or a smaller"):
        fit_network(hostile, settings, seed=0)


@pytest.mark.parametrize("setting", ["fit.learning_rate=1", "fit.init_std=10", "fit.first_step=1"])
@pytest.mark.parametrize("preset", ["deep", "thesis"])
def test_the_largest_values_fit_or_say_what_to_do(tmp_path, capsys, preset, setting):
    path = tmp_path / "a.png"
    Image.fromarray(scene(16, 24)).save(path)
    words = ["--codec", "dfm", "--preset", preset, "--effort", "fast", "--set", setting]
    sizes = ["--set", "width=3", "--set", "depth=2", "--set", "steps=60"]
    code = main(["encode", str(path), *words, *sizes])
    lines = capsys.readouterr().err.splitlines()
    assert code == 0 or "try more steps" in lines[-1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(scene(16, 24)).save(tmp_path / "in" / f"{name}.png")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--codec", "dfm", "--set", "widht=8"], "unknown setting widht; did you mean width"),
        (["--codec", "dfm", "--set", "width=11"], "width must be in 1..10, got 11"),
        (["--codec", "dfm", "--set", "kind=raw"], "kind raw goes with fit.is_quantised = false"),
        (["--codec", "dfm", "--preset", "theses"], "unknown preset theses; did you mean thesis"),
        (["--set", "widht=8"], "codec tiled-dct has no settings; leave out widht"),
        (["--preset", "thesis"], "codec tiled-dct has no preset thesis; leave it out"),
        (["--codec", "jpeg", "--preset", "thesis"], "codec jpeg has no preset thesis"),
        (["--quality", "0"], "--quality must be in 1..100, got 0"),
        (["--bpp", "1", "--quality", "3"], "give only one of --quality, --bpp"),
        (
            ["--codec", "dfm", "--preset", "thesis", "--quality", "70"],
            "dfm with these settings has no quality; leave it out, and give a size",
        ),
    ],
)
def test_mistakes_of_the_command_are_told_once_for_all_pictures(folder, capsys, words, message):
    """In the user's words: no name of a class, nor that of a picture."""
    assert main(["encode", "in", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {message}")
    assert not list(folder.rglob("*.ovt"))


def test_too_few_steps_are_not_blamed_on_the_learning_rate_alone(folder, capsys):
    words = ["--codec", "dfm", "--preset", "thesis", "--set", "steps=10"]
    assert main(["encode", "in/a.png", *words]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "try more steps, fewer hidden layers or a smaller fit.learning_rate" in line


def test_evaluation_may_ask_raw_weights_for_any_quality():
    """Every codec is given one there, and the row says which."""
    options = EncodeOptions(
        preset="thesis",
        quality=70,
        settings={"width": 3, "depth": 2, "steps": 300, "fit.learning_rate": 4e-3},
    )
    assert DfmCodec().encode(scene(16, 24), options)

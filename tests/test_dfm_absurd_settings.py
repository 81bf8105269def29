"""Settings of the deep network codec that make no sense: one line that says so, no traceback."""

import dataclasses

import numpy as np
import pytest
from helpers import scene
from PIL import Image

from overtone.cli.main import main
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
    assert main(["encode", str(path), "--codec", "dfm", "--set", setting]) == 1
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

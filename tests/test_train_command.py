"""`overtone train`: how long it trains by default, what it says at the end, seeds and devices."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from toy_training import toy_images, toy_settings

from overtone.cli.main import main
from overtone.config import preset_names
from overtone.models.registry import MODELS
from overtone.training.log import read_log
from overtone.training.plan import resolve_plan


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "toy.npz"
    np.savez(path, x_train=toy_images().images, y_train=np.arange(40) % 2)
    return path


def sets(model="vae"):
    return [word for setting in toy_settings(model) for word in ("--set", setting)]


def test_the_line_at_the_end_counts_the_fitting_of_priors(archive, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", "vae", "--data", str(archive), "-o", str(run), *sets()]) == 0
    error = capsys.readouterr().err
    assert re.search(r"after [\d.]+ core-minutes and [\d.]+ of fitting priors: ", error)
    last = read_log(run / "log.jsonl")[-1]
    assert (last["kind"], last["core_s"] >= 0) == ("finish", True)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_for_a_default_length(model):
    length = resolve_plan(model).train
    assert (length.steps, length.core_minutes) == ((1, None) if model == "pca" else (None, 20.0))
    for preset in preset_names(model):
        length = resolve_plan(model, preset).train
        assert (length.steps or 0) + (length.core_minutes or 0) > 0


def test_seed_and_threads_are_settings(archive, tmp_path, capsys):
    words = ["--data", str(archive), "-o", str(tmp_path / "run"), "--seed", "5", "--threads", "3"]
    assert main(["train", "vae", *words, "--dry-run"]) == 0
    plan = json.loads(capsys.readouterr().out)["train"]
    assert (plan["seed"], plan["num_threads"], plan["core_minutes"]) == (5, 3, 20.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vae", "--set", "train.stepz=3"], "stepz"),
        (["vae", "--preset", "fashion-mnizt"], "fashion-mnizt"),
        (["vea"], "did you mean vae"),
        (["--resume"], "no run"),
        (["vae", "--device", "cuda"], "cuda"),
    ],
)
def test_wrong_arguments_are_told_before_the_progress_begins(
    archive, tmp_path, capsys, monkeypatch, words, message
):
    def begin(**_):
        raise AssertionError("the progress has begun")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("overtone.cli.train.training_bar", begin)
    assert main(["train", *words, "--data", str(archive), "-o", str(tmp_path / "run")]) > 0
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_card_that_is_not_there_is_one_line(archive, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = tmp_path / "run"
    words = ["train", "vae", "--data", str(archive), "-o", str(run), *sets()]
    assert main([*words, "--device", "cuda"]) == 2
    assert "error: device cuda is not there" in capsys.readouterr().err
    assert not run.exists()


def test_a_model_without_steps_trains(archive, tmp_path, capsys):
    run = tmp_path / "run"
    words = ["--data", str(archive), "-o", str(run), "--set", "network.num_components=3", "-q"]
    assert main(["train", "pca", *words]) == 0
    assert capsys.readouterr().err == ""
    assert (run / "model.safetensors").exists()

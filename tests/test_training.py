"""The training loop's parts: settings, schedules, averages, logs; and the command."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from toy_training import toy_images, toy_settings

import overtone
from overtone.cli.main import main
from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import ParameterGroup
from overtone.models.store import read_summary
from overtone.models.vae.model import Vae
from overtone.training.ema import Ema
from overtone.training.log import read_log
from overtone.training.plan import resolve_plan
from overtone.training.run import train
from overtone.training.schedule import learning_rate, progress_of
from overtone.training.settings import TrainConfig
from overtone.training.watch import LossWatch, collapse_reason


@pytest.fixture
def archive(tmp_path):
    train_set, test_set = toy_images(), toy_images(20)
    path = tmp_path / "toy.npz"
    np.savez(
        path,
        x_train=train_set.images,
        y_train=np.arange(40) % 2,
        x_test=test_set.images,
        y_test=np.arange(20) % 2,
    )
    return path


def sets(model="vae"):
    return [word for setting in toy_settings(model) for word in ("--set", setting)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "one of steps and core_minutes, and neither is given; set one, such as train.st"),
        ({"steps": 1, "core_minutes": 1.0}, "one of steps and core_minutes, and both are given"),
        ({"steps": 0}, "steps must be above 0, got 0"),
        ({"steps": 1, "keep": 0}, "keep must be at least 1"),
        ({"steps": 1, "seed": -1}, "seed must not be below 0"),
        ({"steps": 1, "betas": (0.9, 1.0)}, "betas must be two numbers"),
        ({"steps": 1, "ema_decay": 1.0}, "ema_decay must be in"),
        ({"steps": 1, "weight_decay": 0.1}, "weight_decay needs the optimizer adamw"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**settings)


def test_settings_come_from_defaults_then_preset_then_assignments():
    plan = resolve_plan("vae", "photo32", ["train.batch_size=7", "network.hidden=9"])
    assert (plan.train.batch_size, plan.network.hidden) == (7, 9)
    assert plan.train.ema_decay == 0.999
    with pytest.raises(ConfigError, match=r"network\.hiden; did you mean network\.hidden"):
        resolve_plan("vae", "photo32", ["network.hiden=9"])
    with pytest.raises(ConfigError, match="unknown setting trian"):
        resolve_plan("vae", "photo32", ["trian.steps=9"])


def test_a_preset_may_be_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[network]\nhidden = 5\n[train]\nsteps = 3\n")
    plan = resolve_plan("vae", str(path), ["train.batch_size=7"])
    assert (plan.network.hidden, plan.train.steps, plan.train.batch_size) == (5, 3, 7)
    assert plan.preset == str(path)


def test_one_length_of_training_takes_the_place_of_the_presets_other():
    assert resolve_plan("vae", "photo32").train.core_minutes == 40
    train = resolve_plan("vae", "photo32", ["train.steps=9"]).train
    assert (train.steps, train.core_minutes) == (9, None)
    train = resolve_plan("fourier-generator", "thesis-mnist", ["train.core_minutes=2"]).train
    assert (train.steps, train.core_minutes) == (None, 2.0)
    with pytest.raises(ConfigError, match="one of steps and core_minutes"):
        resolve_plan("vae", None, ["train.steps=9", "train.core_minutes=2"])


def test_progress_is_of_steps_or_of_processor_time():
    assert progress_of(TrainConfig(steps=200), 50, 1e9) == 0.25
    assert progress_of(TrainConfig(core_minutes=2.0), 10**9, 30.0) == 0.25
    assert progress_of(TrainConfig(core_minutes=2.0), 0, 130.0) == 1


@pytest.mark.parametrize(
    ("schedule", "half"), [("constant", 1.0), ("linear", 0.55), ("cosine", 0.55)]
)
def test_rates_follow_their_schedule(schedule, half):
    settings = TrainConfig(steps=1, schedule=schedule, final_rate_ratio=0.1, learning_rate=2.0)
    assert learning_rate(settings, 0, 0.0) == 2
    assert learning_rate(settings, 9, 0.5) == pytest.approx(2 * half)
    assert learning_rate(settings, 9, 1.0) == pytest.approx(2 if schedule == "constant" else 0.2)


def test_rates_rise_in_the_warm_up():
    settings = TrainConfig(steps=9, warmup_steps=3, schedule="constant", learning_rate=1.0)
    assert [learning_rate(settings, step, 0.0) for step in range(5)] == [0.25, 0.5, 0.75, 1, 1]


def test_groups_have_rates_of_their_own(tmp_path, monkeypatch):
    rates = []

    def groups(self):
        first, *others = self.parameters()
        return [ParameterGroup((first,), 0.5, 0.1), ParameterGroup(tuple(others))]

    real = torch.optim.Adam.step

    def step(self, *arguments):
        rates.append([group["lr"] for group in self.param_groups])
        return real(self, *arguments)

    monkeypatch.setattr(Vae, "parameter_groups", groups)
    monkeypatch.setattr(torch.optim.Adam, "step", step)
    words = ("train.steps=4", "train.schedule=linear", "train.warmup_steps=0")
    train("vae", toy_images(), out=tmp_path / "run", settings=(*toy_settings("vae"), *words))
    rate = [0.01, 0.0075, 0.005, 0.0025]
    np.testing.assert_allclose(rates, [[r * (0.5 - 0.1 * k), r] for k, r in enumerate(rate)])


def test_an_average_is_that_of_its_formula():
    layer = torch.nn.Linear(2, 3)
    ema = Ema(layer, 0.15)
    expected = layer.weight.detach().clone()
    for step, decay in enumerate((0.1, 0.15, 0.15)):  # (1 + step) / (10 + step), at most 0.15
        with torch.no_grad():
            layer.weight += 1
        ema.update(step)
        expected = decay * expected + (1 - decay) * layer.weight.detach()
    torch.testing.assert_close(ema.shadow["weight"], expected)
    own = layer.weight.detach().clone()
    with ema.in_place():
        torch.testing.assert_close(layer.weight.detach(), expected)
    assert torch.equal(layer.weight, own)


def test_a_watch_lets_ordinary_losses_pass():
    watch = LossWatch()
    losses = 5 + np.random.default_rng(0).normal(0, 3, 500)
    assert not any(watch.reason(float(loss)) for loss in losses)
    assert watch.reason(float("inf")) == "the loss is inf"


def test_alike_samples_are_forgiven_early_and_where_images_are_alike():
    same = np.full((4, 3, 5, 1), 7, np.uint8)
    assert collapse_reason(same, spread_of_images=50.0, progress=0.1) is None
    assert collapse_reason(same, spread_of_images=0.0, progress=0.5) is None
    assert collapse_reason(same, spread_of_images=50.0, progress=0.5) is not None


def test_a_budget_of_processor_time_ends_a_run(tmp_path, monkeypatch):
    now = iter(range(1000))
    monkeypatch.setattr("time.process_time", lambda: 2.0 * next(now))  # each step takes 2 s,
    words = ("train.core_minutes=0.5", "train.sample_every=0")  # and what is before the first
    settings = [word for word in toy_settings("vae") if not word.startswith("train.steps")]
    result = train("vae", toy_images(), out=tmp_path / "run", settings=(*settings, *words))
    assert (result.step, result.core_minutes) == (14, 0.5)


def test_bfloat16_trains_and_stores_float32(tmp_path):
    settings = (*toy_settings("vae"), "train.precision=bfloat16")
    train("vae", toy_images(), out=tmp_path / "run", settings=settings)
    rows = [row for row in read_log(tmp_path / "run" / "log.jsonl") if row["kind"] == "train"]
    assert rows[-1]["loss"] < rows[0]["loss"]
    model = overtone.load_model(tmp_path / "run")
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_run_leaves_logs_grids_and_a_summary(archive, tmp_path):
    run = tmp_path / "run"
    settings = (*toy_settings("vae"), "train.sample_every=12")
    train("vae", str(archive), out=run, settings=settings)
    rows = read_log(run / "log.jsonl")
    assert [row["step"] for row in rows if row["kind"] == "train"] == [4, 8, 12, 16, 20, 24]
    assert [row["step"] for row in rows if row["kind"] == "held-out"] == [10, 20, 24]
    assert {"loss", "kl_nats", "rate", "images_per_s", "core_s"} <= rows[0].keys()
    assert [path.name for path in sorted((run / "samples").iterdir())] == [
        "step-00000012.png",
        "step-00000024.png",
    ]
    with Image.open(run / "samples" / "step-00000012.png") as grid:
        assert grid.size == (3 * 12 + 2, 2 * 14 + 2)  # 6 images of 10x12, 2 pixels between
    assert list((run / "events").iterdir())
    summary = read_summary(run)["summary"]
    assert (summary["steps"], summary["data"]["name"]) == (24, "toy/train")
    assert summary["last"]["held-out"]["step"] == 24


def test_the_same_seed_gives_the_same_model_and_another_another(tmp_path):
    models = []
    for number, seed in enumerate((1, 1, 2)):
        out = tmp_path / str(number)
        settings = (*toy_settings("vae"), f"train.seed={seed}")
        train("vae", toy_images(), out=out, settings=settings)
        models.append(overtone.load_model(out).state_dict()["to_hidden.weight"])
    assert torch.equal(models[0], models[1])
    assert not torch.equal(models[0], models[2])


def test_the_command_trains_and_goes_on(archive, tmp_path, capsys):
    run = str(tmp_path / "run")
    assert main(["train", "vae", "--data", str(archive), "-o", run, *sets()]) == 0
    assert "finished at step 24 after" in capsys.readouterr().err
    assert main(["train", "vae", "--data", str(archive), "-o", run, *sets()]) == 1
    assert "exists already; go on with the run in it by --resume" in capsys.readouterr().err
    assert main(["train", "--resume", "-o", run]) == 0


def test_pictures_that_cannot_be_read_end_a_run_or_are_left_out(tmp_path, capsys):
    folder, run = tmp_path / "pictures", str(tmp_path / "run")
    for name, image in zip("abcdefgh", toy_images(8).images, strict=True):
        path = folder / ("one" if name < "e" else "two") / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (folder / "one" / "broken.png").write_bytes(b"no picture")
    words = ["train", "vae", "--data", str(folder), "-o", run, *sets()]
    assert main(words) == 1
    assert "broken.png" in capsys.readouterr().err
    assert main([*words, "--skip-corrupt"]) == 0
    assert re.search(r"left out .*broken\.png: ", capsys.readouterr().err)
    assert main(["train", "--resume", "-o", run]) == 0


def test_a_dry_run_prints_the_plan_and_writes_nothing(archive, tmp_path, capsys):
    words = ["--size", "8x6", "--channels", "1", "--dry-run"]
    run = tmp_path / "run"
    assert main(["train", "vae", "--data", str(archive), "-o", str(run), *sets(), *words]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["data"]["shape"] == [6, 8, 1]
    assert (plan["data"]["num_images"], plan["data"]["num_held_out"]) == (40, 20)
    assert (plan["train"]["batch_size"], plan["network"]["latent_dim"]) == (16, 3)
    assert plan["num_parameters"] > 100
    assert not run.exists()


def test_progress_is_drawn_on_a_terminal(archive, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    run = str(tmp_path / "run")
    assert main(["train", "vae", "--data", str(archive), "-o", run, *sets()]) == 0
    assert "images/s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vea", "--data", "x"], "unknown model vea; did you mean vae?"),
        (["vae"], "data are needed"),
        (["--data", "x"], "name a model to train"),
        (["vae", "--data", "nowhere", "--set", "train.steps=1"], "nowhere"),
        (["vae", "--data", "x", "--preset", "mnits"], "did you mean mnist?"),
        (["vae", "--data", "x", "--set", "train.step=3"], "did you mean train.steps? known are"),
        (["vae", "--data", "x", "--set", "steps=3"], "did you mean train.steps? known are"),
        (["--resume"], "there is no run at"),
    ],
)
def test_a_users_mistake_is_one_line(tmp_path, capsys, words, message):
    extra = [] if message != "data are needed" else ["--set", "train.steps=1"]
    is_missing = message in ("nowhere", "there is no run at")
    assert main(["train", *words, *extra, "-o", str(tmp_path / "run")]) == (1 if is_missing else 2)
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error


def test_images_too_small_are_refused_before_anything_is_written(tmp_path):
    tiny = ImageSet("tiny", np.zeros((4, 3, 9, 1), np.uint8))
    with pytest.raises(ConfigError, match="images of 9x3 cannot be halved 2 times; give fewer net"):
        train("vae", tiny, out=tmp_path / "run", settings=toy_settings("vae"))
    assert not (tmp_path / "run").exists()

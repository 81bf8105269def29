"""Two processes that train one model: the curves of one, whichever goes on, and how they end."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from toy_training import toy_images, toy_settings
from two_processes import VARIANTS

from overtone.cli.main import main
from overtone.errors import ConfigError
from overtone.models.registry import MODELS
from overtone.models.share import WHOLE, Share
from overtone.training.processes import ALONE, Processes, joined

SCRIPT = pathlib.Path(__file__).parent / "two_processes.py"
CPU = torch.device("cpu")
ROUNDING = 2e-5  # of losses, gradients and statistics, relative


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """What `two_processes.py` leaves: it runs once for all tests here."""
    folder = tmp_path_factory.mktemp("scenes")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return folder


def codes(scenes, name):
    return json.loads((scenes / f"{name}.json").read_text())


def words(scenes, name):
    return "".join((scenes / f"{name}-{number}.txt").read_text() for number in range(2))


@pytest.fixture(scope="module")
def curves(scenes):
    assert codes(scenes, "curves") == [0, 0], words(scenes, "curves")
    return [json.loads((scenes / f"curves-{number}.json").read_text()) for number in range(2)]


def relative_error(found, expected):
    found, expected = np.array(found), np.array(expected)
    assert found.shape == expected.shape
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-12))


@pytest.mark.parametrize("title", VARIANTS)
def test_two_processes_have_the_losses_and_gradients_of_one(curves, title):
    one, two = curves[0][title]["one"], curves[0][title]["two"]
    for before, after in zip(one["losses"], two["losses"], strict=True):
        assert before.keys() == after.keys()
        for name, value in before.items():
            assert after[name] == pytest.approx(value, rel=ROUNDING, abs=1e-6), name
    assert relative_error(two["gradients"], one["gradients"]) < 50 * ROUNDING
    assert relative_error(two["buffers"], one["buffers"]) < ROUNDING
    assert two["next draw"] == one["next draw"]


@pytest.mark.parametrize("title", VARIANTS)
def test_both_processes_hold_the_same(curves, title):
    assert curves[0][title]["two"] == curves[1][title]["two"]


def test_every_model_is_tried():
    assert {name for name, _ in VARIANTS.values()} == set(MODELS)


def test_a_run_goes_on_with_another_number_of_processes(scenes):
    assert [codes(scenes, name) for name in ("begin", "alone", "end")] == [[0, 0], [0], [0, 0]]
    logs = json.loads((scenes / "logs.json").read_text())
    keys = [(row["step"], row["kind"]) for row in logs["whole"]]
    assert [(row["step"], row["kind"]) for row in logs["run"]] == keys
    for found, expected in zip(logs["run"], logs["whole"], strict=True):
        for name in expected.keys() & {"loss", "reconstruction_nats", "kl_nats", "rate"}:
            assert found[name] == pytest.approx(expected[name], rel=1e-3), expected["step"]


def test_a_time_is_that_of_all_processes_and_ends_them_at_one_step(scenes):
    assert codes(scenes, "minutes") == [0, 0], words(scenes, "minutes")
    ended = [json.loads((scenes / f"ended-{number}.json").read_text()) for number in range(2)]
    assert ended[0] == ended[1]
    assert ended[0]["status"] == "finished"
    assert ended[0]["minutes"] >= 0.008
    last = json.loads((scenes / "minutes" / "log.jsonl").read_text().splitlines()[-2])
    assert last["core_s"] == pytest.approx(60 * ended[0]["minutes"], rel=1e-3)


def test_one_process_writes_the_run(scenes):
    files = {path.name for path in (scenes / "run").iterdir()}
    assert files == {
        ".lock", "run.json", "log.jsonl", "events", "samples", "checkpoints", "model.safetensors",
    }  # fmt: skip
    events = list((scenes / "run" / "events").iterdir())
    assert len(events) == 3  # one for each time it was started


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("all-fail", "run exists already; go on with the run in it by --resume", [1, 1]),
        ("one-fails", "Input/output error", [1, 1]),
        ("one-is-killed", "another process of this training has ended", [1, -9]),
        ("first-is-killed", "another process of this training has ended", [-9, 1]),
    ],
)
def test_all_end_where_one_does_and_one_of_them_tells_why(scenes, name, message, expected):
    assert codes(scenes, name) == expected
    said = words(scenes, name)
    assert message in said
    assert said.count("error: ") == 1
    assert "Traceback" not in said


def test_what_the_processes_were_told_is_compared(scenes):
    assert codes(scenes, "one-goes-on") == [0, 0], words(scenes, "one-goes-on")


def test_the_first_is_waited_for_and_others_that_are_silent_have_not_ended(scenes):
    assert codes(scenes, "one-is-slow") == [0, 0], words(scenes, "one-is-slow")


@pytest.fixture
def archive(tmp_path):
    images = toy_images()
    np.savez(tmp_path / "toy.npz", x_train=images.images, y_train=np.array(images.labels))
    return tmp_path / "toy.npz"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"WORLD_SIZE": "2"}, "RANK and MASTER_ADDR and MASTER_PORT are not set"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost"}, "MASTER_PORT is not set"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE must be a number of processes"),
        (
            {"WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
            "RANK must be below WORLD_SIZE, got 2 and 2",
        ),
        (
            {"WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"},
            "process 1 of 2 does not find the others at 127.0.0.1:1",
        ),
    ],
    ids=str,
)
def test_an_environment_that_cannot_be_is_one_line(
    archive, tmp_path, capsys, monkeypatch, environment, message
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("overtone.training.processes.START_S", 1.0)
    assert main(["train", "vae", "--data", str(archive), "-o", str(tmp_path / "run")]) > 0
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_torchrun_starts_it(archive, tmp_path):
    settings = (*toy_settings("vae"), "train.steps=4")
    sets = [word for setting in settings for word in ("--set", setting)]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    train = ["-m", "overtone", "train", "vae", "--data", str(archive), "-o", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, *launcher, *train, *sets], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("finished at step 4") == 1
    assert (tmp_path / "run" / "model.safetensors").exists()


def test_a_batch_has_an_image_for_each_process():
    ALONE.check_batch(1)
    with pytest.raises(ConfigError, match="at least their number, 2, got 1"):
        Processes(number=1, count=2).check_batch(1)


def test_shares_are_the_whole_and_draw_what_it_draws():
    shares = [Share(number, 3, 8) for number in range(3)]
    assert [share.own_below(8) for share in shares] == [3, 3, 2]
    assert sum(share.weight for share in shares) == pytest.approx(1)
    draws: dict[str, tuple[object, ...]] = {"uniform": (), "normal": (), "many_uniform": (CPU,)}
    for name, more in draws.items():

        def drawn(share: Share, rows: int, name: str = name, more: tuple[object, ...] = more):
            source = torch.Generator().manual_seed(4)
            return getattr(share, name)((rows, 2, 5), source, *more)

        whole = drawn(WHOLE, 8)
        for share in shares:
            assert torch.equal(drawn(share, share.own_below(8)), whole[share.number :: 3])
        assert len(whole.unique()) == whole.numel()
    with pytest.raises(ValueError, match="a share of 2 images was asked for numbers for 3"):
        shares[2].normal((3, 2), torch.Generator())


def test_without_a_launcher_it_is_alone(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    with joined(CPU) as (processes, device):
        assert (processes.count, device) == (1, CPU)
        assert processes.share_of(5) is WHOLE

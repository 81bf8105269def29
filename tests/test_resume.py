"""Runs that end before their time: killed, stopped, out of room, diverged; and how they go on."""

from __future__ import annotations

import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
from typing import Any

import pytest
import torch
from toy_training import toy_images, toy_settings

from overtone import files
from overtone.errors import CheckpointError, ConfigError, DataError, TrainError
from overtone.models.tensor_file import TensorFile
from overtone.models.vae.model import Vae
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.log import RunLog, read_log
from overtone.training.run import train


def weights(folder):
    return TensorFile.read(folder / "model.safetensors", "model").tensors


def same_weights(first, second):
    one, two = weights(first), weights(second)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def start(folder, *words, images=None, **options: Any):
    settings = (*toy_settings("vae"), *words)
    return train("vae", images or toy_images(), out=folder, settings=settings, **options)


def stop_at(step):
    def report(progress):
        if progress.step >= step:
            os.kill(os.getpid(), signal.SIGTERM)

    return report


def test_a_run_killed_again_and_again_ends_with_the_same_weights(tmp_path):
    script = pathlib.Path(__file__).parent / "train_and_die.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert same_weights(tmp_path / "whole", tmp_path / "killed")


def test_a_stopped_run_saves_and_goes_on(tmp_path):
    start(tmp_path / "whole")
    result = start(tmp_path / "run", progress=stop_at(8))
    assert (result.status, result.step) == ("stopped", 8)
    assert result.path.name == "step-00000008.safetensors"
    again = train(data=toy_images(), out=tmp_path / "run", resume=True)
    assert (again.status, again.step) == ("finished", 24)
    assert same_weights(tmp_path / "whole", tmp_path / "run")


def test_the_log_of_a_resumed_run_has_no_event_twice(tmp_path):
    start(tmp_path / "run", progress=stop_at(8))
    with (tmp_path / "run" / "log.jsonl").open("a") as file:
        file.write(json.dumps({"step": 9, "kind": "train", "loss": 1.0}) + '\n{"step": 1')
    train(data=toy_images(), out=tmp_path / "run", resume=True)
    rows = read_log(tmp_path / "run" / "log.jsonl")
    steps = [row["step"] for row in rows if row["kind"] == "train"]
    assert steps == [4, 8, 12, 16, 20, 24]


def test_the_last_checkpoints_are_kept(tmp_path):
    start(tmp_path / "run", "train.keep=2")
    assert CheckpointFolder(tmp_path / "run" / "checkpoints", keep=2).steps() == [20, 24]


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path, monkeypatch):
    real = files.write_atomically

    def write(path, data):
        if path.name == "step-00000010.safetensors":
            path.with_name(f".{path.name}.part").write_bytes(data[:100])
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr("overtone.training.checkpoint.write_atomically", write)
    with pytest.raises(
        CheckpointError, match=r"No space left on device; the last good .*step-00000005"
    ):
        start(tmp_path / "run")
    monkeypatch.undo()
    start(tmp_path / "whole")
    train(data=toy_images(), out=tmp_path / "run", resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "run")


def test_a_file_that_may_not_grow_leaves_nothing_half_written(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(CheckpointError, match=r"cannot write .*step-00000000"):
            start(tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_a_log_that_cannot_be_written_ends_the_run(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunLog, "write", full)
    with pytest.raises(CheckpointError, match=r"cannot write in .*: No space left on device"):
        start(tmp_path / "run")
    assert CheckpointFolder(tmp_path / "run" / "checkpoints", keep=2).steps() == [0]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot make the folder .*file/run: Not a dir"):
        start(tmp_path / "file" / "run")


def test_a_folder_in_use_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(CheckpointError, match="exists already; go on with the run in it by re"):
        start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no run at"),
        ({}, "is empty: it is no run"),
        ({"thesis.txt": "x"}, "holds no run.json"),
        ({"run.json": "{"}, "is not the plan of a run"),
        ({"run.json": '{"plan": {"model": "van"}}'}, "unknown model van; did you mean vae"),
    ],
)
def test_what_is_no_run_is_not_gone_on_with(tmp_path, content, message):
    folder = tmp_path / "run"
    if content is not None:
        folder.mkdir()
        for name, text in content.items():
            (folder / name).write_text(text)
    with pytest.raises(CheckpointError, match=message):
        train(data=toy_images(), out=folder, resume=True)


def test_a_run_whose_checkpoints_are_gone_does_not_start_again(tmp_path):
    start(tmp_path / "run", progress=stop_at(4))
    for path in (tmp_path / "run" / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        train(data=toy_images(), out=tmp_path / "run", resume=True)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it(tmp_path):
    result = start(tmp_path / "run", progress=stop_at(8))
    data = bytearray(result.path.read_bytes())
    data[-3] ^= 1
    result.path.write_bytes(data)
    with pytest.raises(
        CheckpointError, match=r"step-00000008.*damaged.*delete it to go on from step 5"
    ):
        train(data=toy_images(), out=tmp_path / "run", resume=True)


def test_other_data_are_refused(tmp_path):
    start(tmp_path / "run", progress=stop_at(4))
    with pytest.raises(DataError, match="is not the data the run began with"):
        train(data=toy_images(39), out=tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"settings": ("train.steps=9",)}, "goes on with the settings it began with"),
        ({"model": "fourier-generator"}, "is one of model vae, not fourier-generator"),
        ({"preset": "mnist"}, "is one of preset None, not mnist"),
    ],
)
def test_other_settings_are_refused(tmp_path, options, message):
    start(tmp_path / "run", progress=stop_at(4))
    with pytest.raises(ConfigError, match=message):
        train(data=toy_images(), out=tmp_path / "run", resume=True, **options)


def test_one_process_trains_in_a_folder(tmp_path):
    import fcntl

    start(tmp_path / "run", progress=stop_at(4))
    with (tmp_path / "run" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(CheckpointError, match="another process is training in"):
            train(data=toy_images(), out=tmp_path / "run", resume=True)


def broken_after(monkeypatch, step, change):
    real, calls = Vae.loss, []

    def loss(self, batch, *, progress, generator):
        calls.append(None)
        terms = real(self, batch, progress=progress, generator=generator)
        return {**terms, "loss": change(terms["loss"])} if len(calls) > step else terms

    monkeypatch.setattr(Vae, "loss", loss)


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path, monkeypatch):
    broken_after(monkeypatch, 7, lambda loss: loss * float("nan"))
    with pytest.raises(TrainError, match=r"the loss is nan at step 8; the last .*step-00000005"):
        start(tmp_path / "run")


def test_a_loss_that_explodes_stops_the_run(tmp_path, monkeypatch):
    broken_after(monkeypatch, 60, lambda loss: loss * 1e4)
    with pytest.raises(TrainError, match=r"the loss has grown from .* at step 6\d; the last"):
        start(tmp_path / "run", "train.steps=90", "train.sample_every=0", "train.evaluate_every=0")


def test_samples_that_are_all_alike_stop_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(
        Vae, "sample", lambda self, num_images, **_: torch.zeros(num_images, 3, 12, 10)
    )
    with pytest.raises(TrainError, match=r"the samples are all alike .* at step 10; the last"):
        start(tmp_path / "run")


def test_weights_that_are_not_finite_are_never_saved(tmp_path, monkeypatch):
    real, calls = Vae.loss, []

    def loss(self, batch, *, progress, generator):
        calls.append(None)
        if len(calls) == 5:
            with torch.no_grad():
                self.to_hidden.bias[0] = float("inf")
        return real(self, batch, progress=progress, generator=generator)

    monkeypatch.setattr(Vae, "loss", loss)
    with pytest.raises(TrainError, match=r"the last good checkpoint is .*step-00000000"):
        start(tmp_path / "run", "train.evaluate_every=0")


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (float("nan"), TrainError, r"a weight is not finite at step 4; the last good checkpoint"),
        (1.0, ValueError, "^weights must be finite$"),
    ],
)
def test_weights_that_a_kernel_refuses_stop_the_run(tmp_path, monkeypatch, weight, error, message):
    real, calls = Vae.loss, []

    def loss(self, batch, *, progress, generator):
        calls.append(None)
        if len(calls) == 5:
            with torch.no_grad():
                self.to_hidden.bias[0] = weight
            raise ValueError("weights must be finite")
        return real(self, batch, progress=progress, generator=generator)

    monkeypatch.setattr(Vae, "loss", loss)
    with pytest.raises(error, match=message):
        start(tmp_path / "run", "train.evaluate_every=0", "train.sample_every=0")

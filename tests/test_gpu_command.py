"""`experiments/gpu.sh`, tried on the processor with next to nothing."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import torch
from experiments.gpu import __main__ as command
from experiments.gpu import equality, needs, pack, stage
from PIL import Image

import overtone
from overtone.errors import ConfigError
from overtone.evaluate.distribution.rows import read_distribution_rows
from overtone.models.store import load_model

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two classes of 32 x 32 noise in both splits, as CIFAR-10 comes."""
    folder = tmp_path_factory.mktemp("data") / "cifar10"
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("cat", "ship"):
            (folder / split / name).mkdir(parents=True)
            for number in range(26):
                pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{number}.png")
    return folder


def gpu(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "experiments" / "gpu.sh"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
        | {name: value for name, value in os.environ.items() if name != "OUT"}
        | environment,
    )


@pytest.mark.slow
def test_all_stages_leave_rows_a_grid_and_a_model(data, tmp_path):
    filled, out = tmp_path / "pack", tmp_path / "out"
    filled.mkdir()
    pack.pack_data(data, filled / stage.DATA_FILE)
    done = gpu(
        *("--device", "cpu", "--tiny", "--pack", str(filled), "--work", str(tmp_path / "work")),
        *("--models", "vae", "--seconds", "3000"),
        OUT=str(out),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["failed"] == []
    found = {path.name for path in out.iterdir()}
    assert found == {
        "equality.jsonl", "speed.jsonl", "pictures.jsonl", "large.jsonl", "distances.jsonl",
        "train.jsonl", "grid.png", "model.safetensors", "picture.ovt",
    }  # fmt: skip
    equality = [json.loads(line) for line in (out / "equality.jsonl").read_text().splitlines()]
    names = {"vae cifar10, losses", "fits, thesis", "fits, deep", "features color32"}
    assert names <= {row["check"] for row in equality}
    assert all(row["is_equal"] for row in equality)
    speed = [json.loads(line) for line in (out / "speed.jsonl").read_text().splitlines()]
    assert [row["precision"] for row in speed] == ["float32", "tf32", "bfloat16"]
    assert all(row["images_per_s"] > 0 for row in speed)
    pictures = [json.loads(line) for line in (out / "pictures.jsonl").read_text().splitlines()]
    assert [row["what"] for row in pictures] == ["speed"] * 4 + ["fit"]
    assert overtone.decode((out / "picture.ovt").read_bytes()).shape == (12, 16, 3)
    (large,) = [json.loads(line) for line in (out / "large.jsonl").read_text().splitlines()]
    assert (large["preset"], large["fits"], large["steps"]) == ("paper-lsun", None, 1)
    rows = read_distribution_rows(out / "distances.jsonl")
    assert {row.compared for row in rows} == {"samples", "halves", "other-split", "jpeg-75"}
    assert {row.features for row in rows} == {"color32"}
    assert load_model(out / "model.safetensors").spec.class_names == ("cat", "ship")


def test_it_says_where_results_should_go():
    done = gpu("--device", "cpu")
    assert (done.returncode, done.stderr) == (
        1,
        "gpu: where do results go? set OUT=FOLDER or give --out FOLDER\n",
    )


def test_each_missing_package_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(needs, "NEEDED", {"no_such_a": "no-such-a", "no_such_b": "no-such-b"})
    problems = needs.install_missing(tmp_path / "pack", tmp_path / "work")
    assert [problem.split()[4] for problem in problems] == ["no-such-a,", "no-such-b,"]
    assert all("\n" not in problem and "--pack" in problem for problem in problems)


def test_a_missing_card_is_told(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (problem,) = command.card_problems("cuda")
    assert problem.startswith("PyTorch finds no CUDA card here")
    assert command.card_problems("cpu") == []


def test_a_kernel_that_cannot_be_built_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr(needs, "has_kernels", lambda: False)
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "cmake").write_text("#!/bin/sh\n")
    (tmp_path / "cmake").chmod(0o755)
    assert needs.build_kernels(tmp_path / "work") == (
        "the native kernel is not built, there is no no-such-compiler; what needs it is left out"
    )


def test_a_pack_tells_nothing_of_who_packed(data, tmp_path):
    path = tmp_path / "cifar10.tar.xz"
    pack.pack_data(data, path)
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "", "", 0)}
    assert sum(member.isfile() for member in members) == 104
    with pytest.raises(SystemExit, match="is no tar file"):
        pack.pack_data(data / "train" / "cat" / "0.png", path)


def test_a_check_that_the_processor_cannot_do_is_left_out():
    def refuse(device: torch.device) -> float:
        raise ConfigError("the native kernels are not built")

    row = equality.measured(equality.Check("fourier", 1e-4, refuse), torch.device("cpu"))
    assert (row["is_equal"], row["left_out"]) == (None, "the native kernels are not built")
    wrong = equality.measured(equality.Check("other", 1e-4, lambda _: 1.0), torch.device("cpu"))
    assert wrong["is_equal"] is False


def test_what_cannot_be_packed_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match="there is no file of weights"):
        pack.weights_at(tmp_path / "none.pth")
    with pytest.raises(SystemExit, match="to pack"):
        pack.pack_data(tmp_path / "none", tmp_path / "out.tar.xz")

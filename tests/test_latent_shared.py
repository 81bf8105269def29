"""Trainings that begin with networks of other pictures, and the tool that learns these."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

import numpy as np
from helpers import scene
from PIL import Image

import overtone
from overtone.codecs.dfm_latent.phases import TrainSettings
from overtone.codecs.dfm_latent.shared import shipped_starts
from overtone.codecs.dfm_latent.sizes import PRESETS, machine_spec
from overtone.codecs.dfm_latent.train import Trainer
from overtone.codecs.registry import decode
from overtone.kernels.latent_starts import Start, StartTable, is_shared

SHIPPED = shipped_starts()


def test_the_nearest_start_is_chosen():
    weights = [start.rd_weight for start in SHIPPED.starts]
    assert weights == sorted(weights)
    spec = machine_spec((30, 40, 3), PRESETS["hop"])
    for start in SHIPPED.starts:
        assert SHIPPED.nearest(spec, 1.2 * start.rd_weight) is start
    assert SHIPPED.nearest(spec, 1.0) is SHIPPED.starts[-1]
    assert SHIPPED.nearest(machine_spec((30, 40, 3), PRESETS["mop"]), 1e-3) is None


def begun(start: Start | None, shape: tuple[int, int] = (24, 41)) -> Trainer:
    settings = TrainSettings(num_steps=20, num_starts=1, num_survivors=1)
    trainer = Trainer(
        scene(*shape), PRESETS["hop"], settings, rd_weight=1e-3, start=start, num_threads=1
    )
    trainer.start(0)
    return trainer


def test_a_machine_begins_with_its_start():
    start = SHIPPED.starts[0]
    cold, warm = begun(None).machine, begun(start).machine
    assert is_shared(warm.tensors[0])
    for tensor in warm.tensors:
        if is_shared(tensor):
            np.testing.assert_array_equal(
                warm.parameters[tensor.part], start.values[tensor.part], tensor.name
            )
        else:
            np.testing.assert_array_equal(
                warm.parameters[tensor.part], cold.parameters[tensor.part], tensor.name
            )


def test_files_are_written_with_and_without_a_start():
    picture = scene(24, 41)
    found = {}
    for start in ("shared", "none"):
        data = overtone.encode(
            picture,
            codec="dfm-latent",
            preset="hop",
            quality=40,
            settings={"steps": 20, "start": start},
            num_threads=1,
            verify=False,
        )
        found[start] = overtone.info(data)["start"]
        assert decode(data, num_threads=1).shape == picture.shape
    assert found["none"] == 0
    assert found["shared"] > 0


def test_the_tool_learns_a_table_and_goes_on(tmp_path, monkeypatch, capsys):
    path = pathlib.Path(__file__).parent.parent / "tools" / "learn_latent_starts.py"
    spec = importlib.util.spec_from_file_location("learn_latent_starts", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "CROP_PX", 32)
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, size in enumerate([(40, 900), (50, 33), (32, 70)]):
        Image.fromarray(scene(*size)).save(photos / f"{number}.png")
    picture = tool.mosaic(photos, 2, 3, 0)
    assert picture.shape == (64, 96, 3)
    assert len({picture[:32, 32 * i : 32 * (i + 1)].tobytes() for i in range(3)}) == 3
    work, out = tmp_path / "work", tmp_path / "starts.bin"
    options = f"--work {work} --out {out} --size lop --rows 2 --columns 3 --steps 20 --threads 1"
    monkeypatch.setattr(sys, "argv", ["tool", str(photos), *options.split()])
    tool.main()
    assert "5 starts" in capsys.readouterr().out
    first = out.read_bytes()
    table = StartTable(first)
    assert [start.rd_weight for start in table.starts] == [1e-4, 4e-4, 1e-3, 4e-3, 2e-2]
    assert all(start.fits(machine_spec((9, 9, 3), PRESETS["lop"])) for start in table.starts)
    assert (table.starts[0].values != table.starts[1].values).any()
    (work / "lop-0.02.npy").unlink()
    tool.main()
    assert capsys.readouterr().out.count("D + λR") == 1
    assert out.read_bytes() == first

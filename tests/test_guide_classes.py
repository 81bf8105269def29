"""The commands of the guides to rare classes and to distances run as they are printed."""

from __future__ import annotations

import json
import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from overtone.cli.main import main

GUIDES = pathlib.Path(__file__).parent.parent / "docs" / "guide"
COUNTS = {"shirt": 130, "sneaker": 60, "bag": 30}


def commands_of(name):
    page = (GUIDES / name).read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.split()[1:] for line in lines if line.startswith("overtone ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of the guide's products: bars whose length and place vary, brighter by class."""
    place = tmp_path_factory.mktemp("guide")
    rng = np.random.default_rng(0)
    for level, (name, count) in enumerate(COUNTS.items()):
        (place / "products" / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.zeros((28, 28), np.uint8)
            y, x, long = rng.integers(2, 12, 3)
            pixels[y : y + 4 + long, x : x + 3] = 90 + 80 * level
            Image.fromarray(pixels).save(place / "products" / name / f"{number}.png")
    return place


@pytest.mark.slow
def test_both_guides_run(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    filling, measuring = commands_of("balance.md"), commands_of("distribution-metrics.md")
    assert (len(filling), len(measuring)) == (6, 3)
    for command in filling:
        assert main(command) == 0, capsys.readouterr().err
    err = capsys.readouterr().err
    assert "warning: bag: learned from 30 examples" in err
    assert "warning: sneaker: learned from 60 examples" in err
    manifest = json.loads((folder / "synthetic/manifest.json").read_text("utf-8"))
    assert manifest["added"] == {"bag": 100, "sneaker": 70}
    assert {each["prior"] for each in manifest["classes"].values()} == {"kernel"}
    (folder / "neighbours.png").unlink()
    for command in measuring:
        assert main(command) == 0, capsys.readouterr().err
    assert (folder / "neighbours.png").exists()
    assert len((folder / "rows.jsonl").read_text("utf-8").splitlines()) >= 3

"""What the README shows is what the program does and what the rows say."""

import importlib.util
import pathlib
import re

import numpy as np
import pytest
import torch
from PIL import Image

import overtone
from overtone.evaluate.rate_distortion.table import refreshed
from overtone.metrics.psnr import psnr_db

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md"))]


def load_refresher():
    spec = importlib.util.spec_from_file_location("refresher", ROOT / "tools/refresh_readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tables_of_results_are_current(path):
    text = path.read_text("utf-8")
    message = "run: python tools/refresh_readme.py --table"
    assert refreshed(text, ROOT) == text, message


def without_numbers(text):
    """Tile counts, sizes and times change with every tuning of a codec; words do not."""
    return [re.sub(r"[\d.,]+", "0", line).split() for line in text.splitlines()]


def test_commands_print_what_the_readme_shows():
    refresher = load_refresher()
    (block,) = blocks(README, "console")
    assert without_numbers(refresher.transcript(block)) == without_numbers(block)


def test_python_blocks_of_the_reference_run():
    """Those of the README and the guides are run by test_guides.py."""
    path = ROOT / "docs" / "api.md"
    with load_refresher().sample_folder():
        for block in blocks(path, "python"):
            exec(compile(block, path.name, "exec"), {})


def commands_of(path):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line for language, block in fenced if not language for line in block.splitlines()]
    return [line for line in lines if line.startswith("overtone ")]


def test_the_guide_to_networks_runs():
    """Its Python blocks go on with one another's names, its commands with its preset."""
    refresher = load_refresher()
    path = ROOT / "docs" / "guide" / "study-a-network.md"
    commands, python = commands_of(path), blocks(path, "python")
    assert (len(commands), len(python)) == (3, 4)
    (preset,) = blocks(path, "toml")
    with refresher.sample_folder():
        pathlib.Path("mine.toml").write_text(preset)
        for command in commands:
            refresher.output_of(command.split())
        picture = np.asarray(Image.open("examples/coffee.png").convert("RGB"))
        fitted = overtone.decode(pathlib.Path("mine.ovt").read_bytes())
        flat = np.full_like(picture, np.rint(picture.mean(axis=(0, 1))))
        assert psnr_db(reference=picture, reconstruction=fitted) > 2 + psnr_db(
            reference=picture, reconstruction=flat
        )
        names = {}
        for block in python:
            exec(compile(block, path.name, "exec"), names)


def test_the_guide_to_fourier_layers_reaches_what_it_says(capsys):
    """As printed, on one thread; the start is random, so a decibel or two are forgiven."""
    path = ROOT / "docs" / "guide" / "fourier-network.md"
    text = path.read_text("utf-8")
    stated = re.search(r"prints ([\d.]+) dB", text)
    assert stated is not None
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    names = {}
    try:
        with load_refresher().sample_folder():
            for block in blocks(path, "python"):
                exec(compile(block, path.name, "exec"), names)
    finally:
        torch.set_num_threads(before)
    reached, *shapes = capsys.readouterr().out.splitlines()
    assert float(reached.removesuffix(" dB")) > float(stated[1]) - 3
    assert shapes == re.findall(r"# (\(.*\))$", text, re.MULTILINE)

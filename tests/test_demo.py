"""`make demo` on a picture of a few kB."""

import pathlib
import subprocess
import sys

import pytest
from helpers import scene
from PIL import Image

DEMO = pathlib.Path(__file__).parent.parent / "examples" / "demo.py"


@pytest.mark.slow
def test_the_demo_writes_its_report_file_and_picture(tmp_path):
    photo = tmp_path / "small.png"
    Image.fromarray(scene(120, 168)).save(photo)
    done = subprocess.run(
        [sys.executable, str(DEMO), str(photo), "-o", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| tiled-dct | 1 |" in done.stdout
    page = (tmp_path / "demo" / "report.html").read_text("utf-8")
    assert all(word in page for word in ("<svg", "small at", "Blockiness", "One file, any size"))
    assert (tmp_path / "demo" / "small.ovt").read_bytes().startswith(b"OVTN")
    with Image.open(tmp_path / "demo" / "small-decoded.png") as decoded:
        assert decoded.size == (168, 120)
    with Image.open(tmp_path / "demo" / "cifar10.png") as grid:
        assert grid.size == (8 * 34 + 2, 8 * 34 + 2)
